import { positionAt, type PipelineTest, type Plan, type Span } from '@rta/dsl';
import { showFailure, showValue, type TestFailure } from '@rta/runtime';
import type { NdjsonWriter } from '../output/ndjson.js';
import type { TestReport } from './run-tests.js';

/** For programs: a line per test, then `{"summary": {…}}`. Values of rows are text, as a test writes them. */
export function jsonReport(out: NdjsonWriter): TestReport {
  return {
    pipeline: () => undefined,
    test(plan, test, { failures, durationMs }) {
      out.write({ ...identity(plan, test), ok: failures.length === 0, ms: rounded(durationMs), failures: failures.map(failureJson) });
    },
    end({ passed, failed, pipelines, durationMs }) {
      out.write({ summary: { ok: failed === 0, passed, failed, pipelines, ms: rounded(durationMs) } });
    },
  };
}

function identity(plan: Plan, test: PipelineTest): Readonly<Record<string, unknown>> {
  return { test: test.name, pipeline: plan.pipeline, ...placeOf(test.span) };
}

function placeOf({ source, start }: Span): Readonly<Record<string, unknown>> {
  return { path: source.path, ...positionAt(source, start) };
}

function failureJson(failure: TestFailure): Readonly<Record<string, unknown>> {
  const place = { ...(failure.step === null ? {} : { step: failure.step }), ...placeOf(failure.span) };
  if (failure.kind === 'error') return { kind: 'error', code: failure.code, message: failure.message, ...place };
  const { section, topic, expectedCount, actualCount } = failure;
  const counts = { expectedCount, actualCount };
  if (failure.kind === 'count') return { kind: 'count', section, topic, message: showFailure(failure), ...counts, ...place };
  const { columns, pairs } = failure;
  const rows = pairs.map(({ expected, actual, differing }) => ({
    expected:
      expected === null
        ? null
        : Object.fromEntries(
            columns.flatMap(({ name, type }) => (name in expected.values ? [[name, showValue(type, expected.values[name].value)]] : [])),
          ),
    actual:
      actual === null
        ? null
        : Object.fromEntries(columns.flatMap(({ name, type }) => (name in actual.row ? [[name, showValue(type, actual.row[name])]] : []))),
    differing,
  }));
  return { kind: 'rows', section, topic, message: showFailure(failure), ...counts, rows, ...place };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
