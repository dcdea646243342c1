import { writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { positionAt, type PipelineTest, type Plan } from '@rta/dsl';
import type { TestFailure } from '@rta/runtime';
import type { CliContext } from '../../context.js';
import { Failure } from '../../failure.js';
import type { NdjsonWriter } from '../../output/ndjson.js';
import type { LoadedProject } from '../../project/load.js';
import { runTests } from '../run-tests.js';
import { updateExpectations } from './update-expectations.js';

/**
 * Runs tests, writes what was found into the files of those that fail, and says what it changed.
 *
 * @throws Failure `update_in_ci` where the environment says `CI`, unless `force`
 */
export async function updateTests(
  context: CliContext,
  { pipelines }: LoadedProject,
  wanted: (plan: Plan, test: PipelineTest) => boolean,
  { out, force }: { readonly out: NdjsonWriter | null; readonly force: boolean },
): Promise<void> {
  const ci = context.env['CI'] ?? '';
  if (!force && !['', '0', 'false'].includes(ci))
    throw new Failure(
      'update_in_ci',
      'CI is set: expectations are not written there, or every test would pass',
      'use --force to do it all the same',
    );
  const failed: { readonly plan: Plan; readonly test: PipelineTest; readonly failure: TestFailure }[] = [];
  const plans = pipelines.flatMap(({ plan }) => (plan === null ? [] : [plan]));
  const report = {
    pipeline: () => undefined,
    test: (plan: Plan, test: PipelineTest, { failures }: { readonly failures: readonly TestFailure[] }) => {
      failed.push(...failures.map((failure) => ({ plan, test, failure })));
    },
    end: () => undefined,
  };
  await runTests(plans, wanted, report, context.signal);
  if (context.signal.aborted) return;
  const { files, updates } = updateExpectations(
    failed.map(({ failure }) => failure),
    (pipeline, name) => {
      const path = resolve(dirname(resolve(context.cwd, pipeline.path)), name);
      const text = pipelines.find((each) => each.path === pipeline.path)?.inputs.get(path) ?? null;
      return text === null ? null : { path: relative(context.cwd, path), text };
    },
  );
  for (const [path, text] of files) writeFileSync(resolve(context.cwd, path), text);
  for (const [i, { path, what, failure }] of updates.entries()) {
    const { plan, test } = failed[i];
    const { source, start } = failure.kind === 'error' ? failure.span : failure.at;
    const { line } = positionAt(source, start);
    const topic = failure.kind === 'error' ? undefined : failure.topic;
    const section = failure.kind === 'error' ? undefined : failure.section;
    if (out !== null) out.write({ update: { pipeline: plan.pipeline, test: test.name, section, topic, path, what } });
    else
      context.stdout.write(
        `${path === null ? '' : 'updated '}${path ?? source.path}:${line}: ${test.name}${topic === undefined ? '' : `: ${topic}`}: ${what}\n`,
      );
  }
  if (out === null && updates.length > 0) context.stdout.write('\n');
}
