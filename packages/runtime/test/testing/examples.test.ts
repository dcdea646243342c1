/** The examples of the operators' and aggregates' pages run as tests. */
import { exampleCase } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { expect, it } from 'vitest';
import { bench, passes, planOf } from './bench.js';

it.each(operators.map((spec) => [spec.verb, spec] as const))('the example of %s', async (_, spec) => {
  const { text, schema } = exampleCase(spec);
  await passes(planOf(text, schema));
});

/** What each aggregate's example comes to over the scores 3, 5, 4 and 250. */
const RESULTS: Readonly<Record<string, string>> = { count: '1', sum: '262', avg: '65.5', min: '3', max: '250' };

it.each(aggregates.map((spec) => [spec.name, spec] as const))('the example of the aggregate %s', async (name, { example }) => {
  const text = `
pipeline: aggregates
source: { topic: in, schema: example }
steps:
  - aggregate:
      x: ${example}
sink: { topic: out }
tests:
  t:
    given: { in: [ { score: 3 }, { score: 5 }, { score: 4 }, { score: 250 } ] }
    expect: { out: [ { x: ${RESULTS[name]} } ] }
`;
  await passes(planOf(text, { type: 'record', name: 'Example', fields: [{ name: 'score', type: 'int' }] }));
});

it('takes well below 200 ms a test', async () => {
  const { text, schema } = exampleCase(operators.at(-1)!);
  const plan = planOf(text, schema);
  const runs = 20;
  let sum = 0;
  for (let i = 0; i < runs; i++) sum += (await bench.run(plan, plan.tests[0])).durationMs;
  expect(sum / runs).toBeLessThan(200);
});
