/** `use`: functions of users' own, on the engine itself. */
import { describe, expect, it } from 'vitest';
import { bench, filesIn, passes, planOf } from './bench.js';

const SCHEMA = {
  type: 'record',
  name: 'Example',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'n', type: 'int' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
};

const directory = filesIn({
  'f.mjs': `
export const twice = ({ id, n }) => {
  if (n === 13) throw new Error('thirteen');
  return { twice: n === 7 ? 'seven' : n * 2, label: n > 5 ? id + '!' : undefined, list: [n, null] };
};
export async function later() { return {}; }
export const number = 1;
`,
  'typed.ts': `
interface Row { readonly id: string; readonly n: number }
export function half({ n }: Row): { half: number } { return { half: n / 2 }; }
`,
});

const adds = '{ twice: long, label: string?, list: array<int?> }';

describe('use', () => {
  it('adds columns to a stream; what fails is a dead letter that says why', async () => {
    await passes(
      planOf(
        `
pipeline: used
source: { topic: in, schema: example, time: at }
errors: { topic: broken }
steps:
  - use: { function: ./f.mjs#twice, adds: ${adds} }
sink: { topic: out }
tests:
  it:
    given: { in: [ { id: a, n: 1 }, { id: b, n: 6 }, { id: c, n: 7 }, { id: d, n: 13 } ] }
    expect:
      out: [ { id: a, n: 1, twice: 2, label: null, list: [1, null] }, { id: b, n: 6, twice: 12, label: b!, list: [6, null] } ]
      broken:
        - { id: c, $reason: expression, $message: './f.mjs#twice gave the string "seven" for twice, which is long' }
        - { id: d, $reason: expression, $message: './f.mjs#twice: thirteen' }
`,
        SCHEMA,
        directory,
      ),
    );
  });

  it('takes rows of a table back', async () => {
    await passes(
      planOf(
        `
pipeline: used
source: { topic: in, schema: example, time: at }
steps:
  - groupBy: id
    aggregate: { n: sum(n) }
  - derive: { m: n }
  - use: { function: ./typed.ts#half, adds: { half: double } }
  - filter: half > 1
sink: { topic: out }
tests:
  it:
    given: { in: [ { id: a, n: 4 }, { id: b, n: 5 }, { id: a, n: -3 } ] }
    expect: { out: [ { id: b, n: 5, m: 5, half: 2.5 } ] }
`,
        SCHEMA,
        directory,
      ),
    );
  });

  it.each([
    ['./nowhere.mjs#f', /cannot be loaded: .*nowhere/],
    ['./f.mjs#number', /does not export a function number; it exports twice, later/],
  ])('%s is an error before anything runs', async (ref, message) => {
    const plan = pipelineOf(ref);
    const { failures } = await bench.run(plan, plan.tests[0]);
    expect(failures).toMatchObject([{ kind: 'error', code: 'invalid_function', message: expect.stringMatching(message) as string }]);
  });

  it('says that a function must not be asynchronous', async () => {
    const plan = pipelineOf('./f.mjs#later');
    const { failures } = await bench.run(plan, plan.tests[0]);
    expect(failures).toMatchObject([
      { kind: 'error', message: expect.stringContaining('gave a promise; it must not be asynchronous') as string },
    ]);
  });
});

function pipelineOf(ref: string): ReturnType<typeof planOf> {
  return planOf(
    `
pipeline: used
source: { topic: in, schema: example, time: at }
steps:
  - use: { function: ${ref}, adds: { x: int } }
sink: { topic: out }
tests:
  it: { given: { in: [ { id: a } ] }, expect: { out: [] } }
`,
    SCHEMA,
    directory,
  );
}
