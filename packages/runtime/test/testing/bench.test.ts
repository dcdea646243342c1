/** What tests of a pipeline can say, each said by a pipeline that passes. */
import { describe, expect, it } from 'vitest';
import type { AvroSchema } from '@rta/dsl';
import { openTestBench } from '../../src/testing/test-bench.js';
import { AVRO, failuresOf, passes, planOf } from './bench.js';

const EVENT: AvroSchema = {
  type: 'record',
  name: 'Event',
  fields: [
    { name: 'user', type: 'string' },
    { name: 'team', type: 'string', default: 'none' },
    { name: 'score', type: 'long' },
    { name: 'factor', type: ['null', 'double'], default: null },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    {
      name: 'meta',
      type: { type: 'record', name: 'Meta', fields: [{ name: 'level', type: { type: 'enum', name: 'Level', symbols: ['low', 'high'] } }] },
    },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
  ],
};

/** @param source what the source says besides topic and schema */
const pipeline = (body: string, source = ', time: at, key: user'): string =>
  `pipeline: p\nsource: { topic: in, schema: example${source} }\n${body.trim()}\n`;

const cases: Readonly<Record<string, string>> = {
  'fields that are not written: default, null, zero': pipeline(`
steps:
  - select: [user, team, score, factor, { level: meta.level }, price]
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: ann } ] }
    expect: { out: [ { user: ann, team: none, score: 0, factor: null, level: low, price: 0.00 } ] }
`),
  'a record without $time goes on from the one before it': pipeline(`
steps:
  - select: [user, at]
sink: { topic: out }
tests:
  t:
    given:
      in:
        - { user: a }
        - { user: b, $time: 12:00:10 }
        - { user: c }
        - { user: d, at: 12:00:20 }
        - { user: e }
    history:
      out:
        - { user: a, at: 00:00:00 }
        - { user: b, at: 12:00:10 }
        - { user: c, at: 12:00:10 }
        - { user: d, at: 12:00:20 }
        - { user: e, at: 12:00:20 }
`),
  'event time of the record itself': pipeline(
    `
steps:
  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { n: count() }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, $time: 12:00:10 }, { user: a, $time: 12:01:10 } ] }
    expect: { out: [ { user: a, window_start: 12:00, n: 1 }, { user: a, window_start: 12:01, n: 1 } ] }
`,
    '',
  ),
  'event time of the clock': pipeline(
    `
steps:
  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { n: count() }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, $time: 12:00:10 }, { user: a, $time: 12:01:10 } ] }
    expect: { out: [ { user: a, window_start: 12:00, n: 1 }, { user: a, window_start: 12:01, n: 1 } ] }
`,
    ', time: $now',
  ),
  'windows close as the watermark follows the records, and by until': pipeline(
    `
steps:
  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { n: count(), mean: avg(score) }
    emit: final
sink: { topic: out }
tests:
  open:
    given: { in: [ { user: a, $time: 12:00:10 }, { user: a, $time: 12:01:04 } ] }
    expect: { out: [] }
  closed by a record that is as late as may be:
    given: { in: [ { user: a, $time: 12:00:10, score: 1 }, { user: a, score: 2 }, { user: b, score: 2 }, { user: b, $time: 12:01:05 } ] }
    expect: { out: [ { user: b, n: 1, mean: 2 }, { user: a, window_start: 12:00, window_end: 12:01, n: 2, mean: 1.5 } ] }
  closed by until:
    given: { in: [ { user: a, $time: 12:00:10 } ] }
    until: 12:01:00
    expect: { out: [ { user: a, n: 1 } ] }
  not closed by an until before its end:
    given: { in: [ { user: a, $time: 12:00:10 } ] }
    until: 12:00:59
    expect: { out: [] }
`,
    ', time: at, lateness: 5s',
  ),
  'a topic for late records': pipeline(
    `
late: { topic: in-late }
steps:
  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { n: count() }
sink: { topic: out }
tests:
  t:
    given:
      in:
        - { user: a, $time: 12:00:10 }
        - { user: a, $time: 12:02:00 }
        - { user: late, $time: 12:00:20, score: 7 }
    expect:
      out: [ { user: a, window_start: 12:00, n: 1 }, { user: a, window_start: 12:02, n: 1 } ]
      in-late: [ { user: late, score: 7, at: 12:00:20 } ]
  none:
    given: { in: [ { user: a, $time: 12:00:10 } ] }
    expect: { in-late: [] }
`,
    ', time: at',
  ),
  'a topic for failed records': pipeline(`
errors: { topic: in-errors }
steps:
  - derive: { next: score + 1 }
  - select: [user, next]
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, score: 9223372036854775807 }, { user: b, score: 1 } ] }
    expect:
      out: [ { user: b, next: 2 } ]
      in-errors: [ { user: a, score: 9223372036854775807 } ]
`),
  'rows go by ttl, with a tombstone': pipeline(`
steps:
  - groupBy: user
    aggregate: { total: sum(score) }
    ttl: 10m
sink: { topic: out }
tests:
  gone:
    given: { in: [ { user: a, $time: 12:00:00, score: 1 }, { user: b, $time: 12:05:00, score: 2 } ] }
    until: 12:10:01
    expect: { out: [ { user: b, total: 2 } ] }
    history:
      out:
        - { user: a, total: 1 }
        - { user: b, total: 2 }
        - { user: a, $deleted: true }
  not yet:
    given: { in: [ { user: a, $time: 12:00:00, score: 1 } ] }
    until: 12:09:59
    expect: { out: [ { user: a } ] }
`),
  'emit every: the period has passed at each commit': pipeline(`
steps:
  - groupBy: user
    aggregate: { total: sum(score) }
    emit: { every: 10s }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, score: 1 }, { user: a, score: 2 }, { user: b, score: 2 } ] }
    expect: { out: [ { user: a, total: 3 }, { user: b, total: 2 } ] }
  each:
    given: { in: [ { user: a, score: 1 }, { user: a, score: 2 } ] }
    history: { out: [ { user: a, total: 1 }, { user: a, total: 3 } ] }
`),
  'rows in any order, doubles to the digits written': pipeline(`
steps:
  - groupBy: team
    aggregate: { mean: avg(score) }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, team: x, score: 1 }, { user: a, team: x, score: 1 }, { user: a, team: x, score: 2 }, { user: b, team: y } ] }
    expect: { out: [ { team: y }, { mean: 1.33 } ] }
`),
  'JSON in and out': pipeline(
    `
steps:
  - groupBy: [user, team]
    aggregate: { n: count(), total: sum(score), price: max(price), last: max(at) }
    ttl: 10m
sink: { topic: out, format: json }
tests:
  t:
    given: { in: [ { user: a, $time: 12:00:00, score: 9007199254740993, price: 1.25 }, { user: b, $time: 12:09:00 } ] }
    until: 12:10:01
    expect: { out: [ { user: b, team: none } ] }
    history:
      out:
        - { user: a, team: none, n: 1, total: 9007199254740993, price: 1.25, last: 12:00:00 }
        - { user: b, n: 1 }
        - { user: a, team: none, $deleted: true }
`,
    ', time: at, format: json',
  ),
  'hopping windows, and the best of each': pipeline(`
steps:
  - groupBy: team
    window: { hopping: 2m, every: 1m }
    aggregate: { total: sum(score) }
  - groupBy: [window_start, window_end]
    topK: { k: 1, by: total desc, ties: all, rank: rnk }
    emit: final
sink: { topic: out }
tests:
  t:
    given:
      in:
        - { $time: 12:00:30, team: a, score: 3 }
        - { $time: 12:01:30, team: a, score: 4 }
        - { team: b, score: 4 }
    until: 12:05
    history:
      out:
        - { window_start: 11:59, rnk: 1, team: a, total: 3 }
        - { window_start: 12:00, rnk: 1, team: a, total: 7 }
        - { window_start: 12:01, rnk: 1, team: a, total: 4 }
        - { window_start: 12:01, rnk: 2, team: b, total: 4 }
`),
  'several sinks of several sources, a table that retracts': `
pipeline: p
sources:
  scores: { topic: in, schema: example, time: at, key: user }
  more: { topic: more, schema: example }
streams:
  big:
    from: scores
    steps:
      - groupBy: user
        aggregate: { total: sum(score) }
      - filter: total > 10
  second:
    from: more
    steps:
      - filter: score > 5
      - derive: { twice: score * 2 }
sinks:
  big: { from: big, topic: big }
  second: { from: second, topic: second-out, key: [team] }
tests:
  t:
    given:
      in: [ { user: a, score: 11 }, { user: b, score: 12 } ]
      more: [ { user: a, score: 5 }, { user: b, score: 6 } ]
      scores: [ { user: a, score: -3 } ]
    expect:
      big: [ { user: b, total: 12 } ]
      second: [ { user: b, team: none, twice: 12 } ]
    history:
      big: [ { user: a, total: 11 }, { user: b, total: 12 }, { user: a, $deleted: true } ]
`,
  'keys in framed Avro': pipeline(
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
  ),
};

describe('a test can say', () => {
  it.each(Object.entries(cases))('%s', async (_, text) => passes(planOf(text, EVENT)));
});

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
    const plan = planOf(cases['JSON in and out'], EVENT);
    const impatient = await openTestBench({ ...AVRO, limitMs: 0 });
    const { failures } = await impatient.run(plan, plan.tests[0]);
    await impatient.close();
    expect(failures).toMatchObject([{ kind: 'error', code: 'timeout', message: 'the test did not end within 0 ms' }]);
  });

  it('leaves nothing to the next', async () => {
    const text = cases['keys in framed Avro'];
    const plan = planOf(text, EVENT);
    for (let i = 0; i < 3; i++) expect(await failuresOf(plan, plan.tests[0])).toBe('');
  });
});
