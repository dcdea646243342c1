/** The examples of the operators' pages run as tests; those of aggregates do in `laws/aggregate-examples.test.ts`. */
import { exampleCase } from '@rta/dsl';
import { operators } from '@rta/operators';
import { expect, it } from 'vitest';
import { bench, filesIn, passes, planOf } from './bench.js';

const directories = new Map(
  operators.flatMap(({ verb, example }) => (example.files === undefined ? [] : [[verb, filesIn(example.files)] as const])),
);

it.each(operators.map((spec) => [spec.verb, spec] as const))('the example of %s', async (_, spec) => {
  const { text, schema } = exampleCase(spec);
  await passes(planOf(text, schema, directories.get(spec.verb)));
});

it('takes well below 200 ms a test', async () => {
  const { text, schema } = exampleCase(operators[0]);
  const plan = planOf(text, schema);
  const runs = 20;
  let sum = 0;
  for (let i = 0; i < runs; i++) sum += (await bench.run(plan, plan.tests[0])).durationMs;
  expect(sum / runs).toBeLessThan(200);
});
