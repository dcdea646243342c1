/** Tests of pipelines that go step by step, and what they assert besides rows of topics. */
import { describe, expect, it } from 'vitest';
import { failuresOf, passes, planOf } from './bench.js';

const SCHEMA = {
  type: 'record',
  name: 'Example',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'n', type: 'int' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
};

const one = (steps: string, tests: string, rest = ''): string => `pipeline: p
source: { topic: in, schema: example, time: at, key: id${rest.startsWith(',') ? rest.split('\n')[0] : ''} }
${rest.split('\n').slice(1).join('\n')}
steps:
${steps}
sink: { topic: out }
tests:
${tests}`;

const WINDOWS = `  - groupBy: id
    window: { tumbling: 1m }
    aggregate: { n: sum(n) }
    emit: final
    name: minutes`;

const cases: Readonly<Record<string, string>> = {
  'windows that close one after the other; state lives on between the steps': one(
    WINDOWS,
    `
  t:
    steps:
      - send: { in: [ { $time: 12:00:10, id: a, n: 1 }, { $time: 12:00:20, id: b, n: 2 } ] }
      - expect: { out: [] }
      - state: { minutes: [ { id: a, window_start: 12:00, n: 1 }, { id: b, window_end: 12:01, n: 2 } ] }
      - send: { source: [ { $time: 12:00:50, id: a, n: 5 }, { $time: 12:01:30, id: a, n: 7 } ] }
      - expect: { out: [ { id: a, window_start: 12:00, n: 6 }, { id: b, n: 2 } ] }
      - state: { minutes: 1 }
      - advance: 12:02
      - expect: { out: [ { id: a, n: 6 }, { id: b, n: 2 }, { id: a, window_start: 12:01, n: 7 } ] }
      - state: { minutes: [] }
      - advance: 12:02
      - send: { in: [ { $time: 12:01:59, id: a, n: 100 } ] }
      - late: 1
      - late: [ { id: a, n: 100, $step: minutes, $topic: in, $reason: late } ]
`,
  ),
  'state of windows that overlap is by window, until it is closed': one(
    WINDOWS.replace('tumbling: 1m', 'hopping: 2m, every: 1m'),
    `
  t:
    steps:
      - send: { in: [ { $time: 12:00:10, id: a, n: 1 }, { $time: 12:01:20, id: a, n: 2 } ] }
      - expect: { out: [ { id: a, window_start: 11:59, n: 1 } ] }
      - state: { minutes: [ { id: a, window_start: 12:00, n: 3 }, { id: a, window_start: 12:01, n: 2 } ] }
      - advance: 12:02
      - state: { minutes: 1 }
      - advance: 12:03
      - state: { minutes: 0 }
`,
  ),
  'history is what came since it was last asked for': one(
    '  - groupBy: id\n    aggregate: { n: sum(n) }',
    `
  t:
    steps:
      - send: { in: [ { id: a, n: 1 }, { id: a, n: 2 } ] }
      - history: { out: [ { id: a, n: 1 }, { id: a, n: 3 } ] }
      - send: { in: [ { id: b, n: 1 } ] }
      - history: { out: [ { id: b, n: 1 } ] }
      - history: { out: [] }
      - expect: { out: [ { id: a, n: 3 }, { id: b, n: 1 } ] }
      - state: { aggregate: [ { id: a, n: 3 }, { id: b, n: 1 } ] }
`,
  ),
  'emit: every goes by the clock': one(
    '  - groupBy: id\n    aggregate: { n: sum(n) }\n    emit: { every: 10s }',
    `
  t:
    steps:
      - send: { in: [ { $time: 12:00:01, id: a, n: 1 } ] }
      - expect: { out: [] }
      - advance: 8999ms
      - expect: { out: [] }
      - advance: 1ms
      - expect: { out: [ { id: a, n: 1 } ] }
      - send: { in: [ { $time: 12:00:12, id: a, n: 1 } ] }
      - expect: { out: [ { id: a, n: 1 } ] }
      - advance: 10s
      - history: { out: [ { id: a, n: 1 }, { id: a, n: 2 } ] }
`,
  ),
  'rule 8: an idle source lets windows close by the clock': one(
    WINDOWS,
    `
  t:
    steps:
      - send: { in: [ { $time: 12:00:10, id: a, n: 1 } ] }
      - advance: 30s
      - expect: { out: [] }
      - advance: 49s
      - expect: { out: [] }
      - advance: 1s
      - expect: { out: [ { id: a, window_start: 12:00, n: 1 } ] }
`,
    ', idle: 40s, lateness: 30s',
  ),
  'ttl: a row leaves, then its state goes': one(
    '  - groupBy: id\n    aggregate: { n: count() }\n    ttl: 10m',
    `
  t:
    steps:
      - send: { in: [ { $time: 12:00, id: a } ] }
      - advance: 12:10
      - history: { out: [ { id: a, n: 1 }, { id: a, $deleted: true } ] }
      - state: { aggregate: 1 }
      - advance: 12:20
      - state: { aggregate: 0 }
`,
  ),
  'sessions as they are kept': one(
    '  - groupBy: id\n    window: { session: 1m }\n    aggregate: { n: count() }\n    name: visits',
    `
  t:
    given: { in: [ { $time: 12:00, id: a }, { $time: 12:00:30, id: a }, { $time: 12:01:31, id: a } ] }
    state: { visits: [ { id: a, window_start: 12:00, window_end: 12:01:30, n: 2 }, { window_start: 12:01:31, n: 1 } ] }
`,
  ),
  'records that fail, which are only counted by the pipeline': one(
    '  - derive: { next: n + 9223372036854775807 }',
    `
  rows:
    given: { in: [ { id: a, n: 1 }, { id: b, n: 0 }, { $value: nonsense, $key: c } ] }
    expect: { out: [ { id: b } ] }
    errors: [ { id: a, n: 1, $reason: expression }, { $reason: bad_magic } ]
  counts:
    given: { in: [ { id: a, n: 1 }, { id: b, n: 0 } ] }
    errors: 1
    late: 0
`,
    '\nerrors: skip',
  ),
  'late and failed records that go to topics': one(
    `${WINDOWS}\n`,
    `
  t:
    given: { in: [ { $time: 12:05, id: a, n: 1 }, { $time: 12:00, id: b, n: 2 }, { id: c, $key: other } ] }
    late: [ { id: b, n: 2 } ]
    errors: [ { id: c, $reason: key_mismatch, $topic: in } ]
    expect: { late-ones: [ { id: b, $reason: late } ], bad-ones: [ { id: c } ] }
`,
    '\nlate: { topic: late-ones }\nerrors: { topic: bad-ones }',
  ),
  'what a window drops, where the pipeline keeps it': one(
    '  - groupBy: id\n    window: { tumbling: 1m, late: drop }\n    aggregate: { n: count() }',
    `
  t:
    given: { in: [ { $time: 12:05, id: a }, { $time: 12:00, id: b } ] }
    late: [ { id: b } ]
    expect: { late-ones: [] }
`,
    '\nlate: { topic: late-ones }',
  ),
  'a table that forgets a row; the state of a join': `
pipeline: p
sources:
  clicks: { topic: clicks, schema: example, time: at }
  prices: { topic: prices, schema: example, time: at, kind: table, key: id }
streams:
  all:
    from: clicks
    steps:
      - join: { with: prices, on: id, version: latest, take: { price: n } }
sink: { topic: out }
tests:
  t:
    steps:
      - send: { prices: [ { $time: 12:00, id: a, n: 100 }, { id: b, n: 1 } ] }
      - state: { join: 2 }
      - send: { clicks: [ { $time: 12:00, id: a } ] }
      - expect: { all: [ { id: a, price: 100 } ] }
      - send: { prices: [ { $time: 12:01, id: a, $deleted: true } ], clicks: [ { $time: 12:02, id: a } ] }
      - expect: { out: [ { id: a, price: 100 } ] }
      - state: { all.1-join: 1 }
`,
};

describe('a script can say', () => {
  it.each(Object.entries(cases))('%s', async (_, text) => passes(planOf(text, SCHEMA)));
});

describe('a script that is wrong', () => {
  const failure = async (tests: string): Promise<string> => {
    const plan = planOf(one(WINDOWS, tests), SCHEMA);
    return failuresOf(plan, plan.tests[0]);
  };

  it('says at which step', async () => {
    expect(
      await failure(`
  t:
    steps:
      - send: { in: [ { $time: 12:00:10, id: a, n: 1 }, { $time: 12:02, id: b, n: 2 }, { $time: 12:00, id: x } ] }
      - expect: { out: [ { id: a, n: 2 } ] }
      - state: { minutes: [ { id: b, n: 3 }, { id: c } ] }
      - state: { minutes: 3 }
      - late: 0
      - late: []`),
    ).toMatchInlineSnapshot(`
      "example.yaml:16:26: step 2: out: 1 row expected, 1 found: 1 wrong
          id  n
        - a   2
        + a   1
              ^
      example.yaml:17:29: step 3: state of minutes: 2 rows expected, 1 found: 1 wrong, 1 missing
          id  n
        - b   3
        + b   2
              ^
        - c
      example.yaml:18:18: step 4: state of minutes: 3 expected, 1 found
      example.yaml:19:9: step 5: late: 0 expected, 1 found
      example.yaml:20:9: step 6: late: 0 records expected, 1 found: 1 unexpected
          id  n  at        $reason  $step    $topic  $message
        + x   0  12:00:00  late     minutes  in"
    `);
  });

  it('says which step could not be done', async () => {
    expect(await failure(`  t: { steps: [ { send: { in: [ { $value: x, id: a } ] } }, { expect: { out: [] } } ] }`)).toMatchInlineSnapshot(
      `"example.yaml:12:19: step 1: in-0 offset 0: bad_magic: the value does not begin with a zero byte and a schema id (step source.source); the pipeline says \`errors: fail\`; use \`errors: { topic: … }\` to put such records aside, or \`errors: skip\`"`,
    );
  });
});
