/** What tests of a pipeline say that do not pass. */
import { describe, expect, it } from 'vitest';
import { openTestBench } from '../../src/testing/test-bench.js';
import { AVRO, failuresOf, planOf } from './bench.js';
import { EVENT, pipeline } from './event-pipeline.js';

const PASSES = pipeline(
  `
steps:
  - groupBy: user
    aggregate: { n: count() }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a } ] }
    expect: { out: [ { user: a, n: 1 } ] }
`,
  ', time: at, key: user, format: { key: avro, value: avro }',
);

describe('a test that is wrong', () => {
  async function failure(rest: string): Promise<string> {
    const text = pipeline(`
steps:
  - groupBy: user
    aggregate: { n: count(), mean: avg(score) }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: ann, score: 1 }, { user: bob, score: 2 }, { user: bob, score: 5 } ] }
${rest}`);
    const plan = planOf(text, EVENT);
    return failuresOf(plan, plan.tests[0]);
  }

  it('shows cells that differ', async () => {
    expect(await failure('    expect: { out: [ { user: ann, n: 1 }, { user: bob, n: 3, mean: 3.5 } ] }')).toMatchInlineSnapshot(`
      "example.yaml:10:43: out: 2 rows expected, 2 found: 1 wrong
          user  n  mean
          ann   1     1
        - bob   3   3.5
        + bob   2   3.5
                ^"
    `);
  });

  it('shows missing and unexpected rows', async () => {
    expect(await failure('    expect: { out: [ { user: ann, n: 1 }, { user: cid, n: 7 } ] }')).toMatchInlineSnapshot(`
      "example.yaml:10:43: out: 2 rows expected, 2 found: 1 missing, 1 unexpected
          user  n
          ann   1
        + bob   2
        - cid   7"
    `);
  });

  it('shows what an empty topic holds', async () => {
    expect(await failure('    expect: { out: [] }')).toMatchInlineSnapshot(`
      "example.yaml:10:15: out: 0 rows expected, 2 found: 2 unexpected
          user  n  mean
        + ann   1     1
        + bob   2   3.5"
    `);
  });

  it('aligns a history', async () => {
    expect(await failure('    history: { out: [ { user: bob, n: 1 }, { user: bob, n: 2 }, { user: bob, $deleted: true } ] }'))
      .toMatchInlineSnapshot(`
      "example.yaml:10:65: out: 3 records expected, 3 found: 1 missing, 1 unexpected
          user  n  $deleted
        + ann   1
          bob   1
          bob   2
        - bob      true"
    `);
  });

  it('counts rows that are far from wrong ones', async () => {
    const users = Array.from({ length: 30 }, (_, i) => `u${String(i).padStart(2, '0')}`);
    const text = pipeline(`
steps:
  - select: user
sink: { topic: out }
tests:
  t:
    given: { in: [ ${users.map((user) => `{ user: ${user} }`).join(', ')} ] }
    expect: { out: [ ${users.map((user) => `{ user: ${user === 'u20' ? 'other' : user} }`).join(', ')} ] }`);
    const plan = planOf(text, EVENT);
    expect(await failuresOf(plan, plan.tests[0])).toMatchInlineSnapshot(`
      "example.yaml:9:322: out: 30 rows expected, 30 found: 1 missing, 1 unexpected
          user
          … 15 more as expected
          u15
          u16
          u17
          u18
          u19
        + u20
          u21
          u22
          u23
          u24
          u25
          u26
          u27
          u28
          u29
        - other"
    `);
  });

  it('shows numbers to the digits that are written', async () => {
    const text = pipeline(`
steps:
  - groupBy: user
    aggregate: { mean: avg(score), n: count() }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, score: 1 }, { user: a, score: 1 }, { user: a, score: 2 }, { user: b, score: 2 } ] }
    expect: { out: [ { user: a, mean: 1.33, n: 4 }, { user: b, mean: 2.004, n: 1 } ] }`);
    const plan = planOf(text, EVENT);
    expect(await failuresOf(plan, plan.tests[0])).toMatchInlineSnapshot(`
      "example.yaml:10:22: out: 2 rows expected, 2 found: 2 wrong
          user   mean  n
        - a      1.33  4
        + a      1.33  3
                       ^
        - b     2.004  1
        + b     2.000  1
                ^^^^^"
    `);
  });

  it('cuts a long list of wrong rows in the middle', async () => {
    const users = Array.from({ length: 120 }, (_, i) => `u${String(i).padStart(3, '0')}`);
    const text = pipeline(`
steps:
  - select: [user, score]
sink: { topic: out }
tests:
  t:
    given: { in: [ ${users.map((user) => `{ user: ${user} }`).join(', ')} ] }
    expect: { out: [ ${users.map((user, i) => `{ user: ${user}, score: ${i < 3 || i > 100 ? 0 : 1} }`).join(', ')} ] }`);
    const plan = planOf(text, EVENT);
    const lines = (await failuresOf(plan, plan.tests[0])).split('\n');
    expect(lines[0]).toContain('120 rows expected, 120 found: 98 wrong');
    expect(lines.filter((line) => line.includes('…'))).toEqual(['    … 58 more that are not as expected', '    … 14 more as expected']);
    expect(lines.filter((line) => line.startsWith('  + '))).toHaveLength(40);
  });

  it('asserts nothing', async () => {
    const plan = planOf(pipeline('sink: { topic: out }\ntests: { t: { given: { in: [] }, expect: { out: [] } } }'), EVENT);
    expect(await failuresOf(plan, { ...plan.tests[0], expect: [] })).toContain('the test asserts nothing');
  });

  it('stops at a record that fails', async () => {
    const plan = planOf(
      pipeline(`
steps:
  - derive: { next: score + 1 }
sink: { topic: out }
tests: { t: { given: { in: [ { user: a, score: 9223372036854775807 } ] }, expect: { out: [] } } }`),
      EVENT,
    );
    expect(await failuresOf(plan, plan.tests[0])).toMatchInlineSnapshot(
      `"example.yaml:6:10: in-0 offset 0: expression: the result does not fit a long (64 bits) (step 1-derive); the pipeline says \`errors: fail\`; use \`errors: { topic: … }\` to put such records aside, or \`errors: skip\`"`,
    );
  });

  it('cannot set an event time that is computed', async () => {
    const text = (record: string): string =>
      pipeline(
        `
steps:
  - groupBy: user
    window: { tumbling: 1s }
    aggregate: { n: count() }
sink: { topic: out }
tests: { t: { given: { in: [ { user: a, score: 7, ${record} } ] }, expect: { out: [ { user: a, window_start: 7000 } ] } } }`,
        ', time: score * 1000',
      );
    const [computed, set] = [planOf(text('team: x'), EVENT), planOf(text('$time: 12:00:10'), EVENT)];
    expect(await failuresOf(computed, computed.tests[0])).toBe('');
    expect(await failuresOf(set, set.tests[0])).toContain('`$time` cannot be set: the event time of in is computed');
  });

  it('takes too long', async () => {
    const plan = planOf(PASSES, EVENT);
    const impatient = await openTestBench({ ...AVRO, limitMs: 0 });
    const { failures } = await impatient.run(plan, plan.tests[0]);
    await impatient.close();
    expect(failures).toMatchObject([{ kind: 'error', code: 'timeout', message: 'the test did not end within 0 ms' }]);
  });

  it('leaves nothing to the next', async () => {
    const plan = planOf(PASSES, EVENT);
    for (let i = 0; i < 3; i++) expect(await failuresOf(plan, plan.tests[0])).toBe('');
  });
});
