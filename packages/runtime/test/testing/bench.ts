/** Pipeline texts, compiled and tested through the bench. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, renderAll, type AvroSchema, type PipelineTest, type Plan } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { codecFor, frame, unframe } from '@rta/registry';
import { afterTests } from '@rta/tools/after-tests';
import { afterAll, expect } from 'vitest';
import { showFailure } from '../../src/testing/show-failure.js';
import { openTestBench } from '../../src/testing/test-bench.js';

export const AVRO = { avro: { codecFor, frame, unframe } };

/** One bench for the tests of a file. */
export const bench = await openTestBench(AVRO);
afterAll(() => bench.close());

/** Files in a directory of their own, gone after the tests of the file. */
export function filesIn(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'rta-files-'));
  afterTests(() => {
    rmSync(directory, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

/** Compiles a text whose sources name the schema `example`; its modules are in `directory`. */
export function planOf(text: string, schema: AvroSchema, directory?: string): Plan {
  const { plan, diagnostics } = compile({
    file: { path: 'example.yaml', text },
    project: null,
    loadSchema: (name) => (name === 'example' ? { schema } : null),
    schemaNames: () => ['example'],
    operators,
    aggregates,
    env: {},
    ...(directory === undefined ? {} : { resolveModule: (path: string) => join(directory, path) }),
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
