/** Joins on the engine itself: tests written in pipeline files. */
import { expect, it } from 'vitest';
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

const SOURCES = `
sources:
  shown: { topic: shown, schema: example, time: at, lateness: 1m }
  clicked: { topic: clicked, schema: example, time: at, lateness: 1m }
late: { topic: late }`;

it('a left join gives a row without a match when the watermark has passed its time and `within`', async () => {
  const text = `
pipeline: clicks
${SOURCES}
streams:
  ads:
    from: shown
    steps:
      - join: { with: clicked, on: id, within: { after: 5m }, type: left, take: { clicks: n } }
sink: { topic: out }
tests:
  matched and not:
    given:
      shown: [ { $time: 12:00, id: a, n: 1 }, { $time: 12:01, id: b, n: 2 }, { $time: 12:10, id: c, n: 3 }, { $time: 12:08, id: late, n: 4 } ]
      clicked: [ { $time: 12:05, id: a, n: 7 }, { $time: 12:06:01, id: b, n: 8 }, { $time: 12:10, id: x, n: 9 } ]
    expect:
      out: [ { id: a, n: 1, clicks: 7 }, { id: b, n: 2, clicks: null } ]
      late: [ { id: late } ]
  not yet:
    given:
      shown: [ { $time: 12:00, id: a, n: 1 }, { $time: 12:20, id: c, n: 3 } ]
      clicked: [ { $time: 12:06, id: x, n: 7 } ]
    expect: { out: [] }
  then:
    given:
      shown: [ { $time: 12:00, id: a, n: 1 }, { $time: 12:20, id: c, n: 3 } ]
      clicked: [ { $time: 12:06:00.001, id: x, n: 7 } ]
    expect: { out: [ { id: a, n: 1, clicks: null } ] }
`;
  const plan = planOf(text, SCHEMA);
  await passes(plan);
  expect(await failuresOf(plan, { ...plan.tests[1], expect: plan.tests[2].expect })).not.toBe('');
});

it('a chain of joins, with windows behind', async () => {
  const text = `
pipeline: chain
sources:
  a: { topic: a, schema: example, time: at }
  b: { topic: b, schema: example, time: at }
  c: { topic: c, schema: example, time: at }
streams:
  all:
    from: a
    steps:
      - join: { with: b, on: id, within: 1m, type: outer, take: { b: n } }
      - join: { with: c, on: id, within: 1m, type: left, take: { c: n } }
      - window: { tumbling: 10m }
        aggregate: { rows: count(), a: sum(n), b: sum(b), c: sum(c) }
        emit: final
sink: { topic: out }
tests:
  sums:
    given:
      a: [ { $time: 12:00, id: x, n: 1 }, { $time: 12:03, id: y, n: 2 } ]
      b: [ { $time: 12:01, id: x, n: 10 }, { $time: 12:05, id: z, n: 20 } ]
      c: [ { $time: 12:02, id: x, n: 100 }, { $time: 12:05, id: z, n: 200 }, { $time: 12:05, id: z, n: 300 } ]
    until: 12:30
    expect:
      out: [ { window_start: 12:00, rows: 4, a: 3, b: 50, c: 600 } ]
`;
  await passes(planOf(text, SCHEMA));
});

it('a table as of the time of the row, which does not wait for a table that has nothing new (rule 6)', async () => {
  const text = `
pipeline: versions
sources:
  clicks: { topic: clicks, schema: example, time: at }
  prices: { topic: prices, schema: example, time: at, kind: table, key: id }
streams:
  all:
    from: clicks
    steps:
      - join: { with: prices, on: id, type: left, take: { price: n } }
sink: { topic: out }
tests:
  a table unchanged since yesterday:
    given:
      prices: [ { $time: 10:00, id: a, n: 100 }, { $time: 11:00, id: a, n: 110 } ]
      clicks: [ { $time: 10:59, id: a, n: 1 }, { $time: 11:00, id: a, n: 2 }, { $time: 12:00, id: b, n: 3 }, { $time: 13:00, id: a, n: 4 } ]
    expect:
      out: [ { id: a, n: 1, price: 100 }, { id: a, n: 2, price: 110 }, { id: b, n: 3, price: null } ]
  a version that is older than its own watermark holds from that on:
    given:
      prices: [ { $time: 10:00, id: a, n: 100 }, { $time: 11:00, id: b, n: 5 }, { $time: 10:30, id: a, n: 110 } ]
      clicks: [ { $time: 10:45, id: a, n: 1 }, { $time: 11:00, id: a, n: 2 } ]
    until: 12:00
    expect:
      out: [ { id: a, n: 1, price: 100 }, { id: a, n: 2, price: 110 } ]
`;
  await passes(planOf(text, SCHEMA));
});

it('the latest version of a table, without waiting', async () => {
  const text = `
pipeline: latest
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
  at once:
    given:
      prices: [ { $time: 13:00, id: a, n: 100 } ]
      clicks: [ { $time: 10:00, id: a, n: 1 }, { $time: 10:00, id: b, n: 1 } ]
    expect: { out: [ { id: a, n: 1, price: 100 } ] }
`;
  await passes(planOf(text, SCHEMA));
});
