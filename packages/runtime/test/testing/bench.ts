/** Pipeline texts, compiled and tested through the bench. */
import { compile, renderAll, type AvroSchema, type PipelineTest, type Plan } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { codecFor, frame, unframe } from '@rta/registry';
import { afterAll, expect } from 'vitest';
import { showFailure } from '../../src/testing/show-failure.js';
import { openTestBench } from '../../src/testing/test-bench.js';

export const AVRO = { avro: { codecFor, frame, unframe } };

/** One bench for the tests of a file. */
export const bench = await openTestBench(AVRO);
afterAll(() => bench.close());

/** Compiles a text whose sources name the schema `example`. */
export function planOf(text: string, schema: AvroSchema): Plan {
  const { plan, diagnostics } = compile({
    file: { path: 'example.yaml', text },
    project: null,
    loadSchema: (name) => (name === 'example' ? { schema } : null),
    schemaNames: () => ['example'],
    operators,
    aggregates,
    env: {},
  });
  if (plan === null) throw new Error(renderAll(diagnostics));
  return plan;
}

/** The failures of a test, as people see them; empty: it passes. */
export async function failuresOf(plan: Plan, test: PipelineTest): Promise<string> {
  const { failures } = await bench.run(plan, test);
  return failures.map(showFailure).join('\n');
}

/** Checks that every test of a plan passes, and that there is one. */
export async function passes(plan: Plan): Promise<void> {
  expect(plan.tests.length).toBeGreaterThan(0);
  for (const test of plan.tests) expect(await failuresOf(plan, test), test.name).toBe('');
}
