/** Sources and sinks in every format, on the engine itself: tests written in the pipelines' files. */
import { describe, it } from 'vitest';
import { passes, planOf } from './bench.js';

const SCHEMA = {
  type: 'record',
  name: 'Example',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'n', type: ['null', 'int'] },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'note', type: 'string', default: 'none, yet' },
  ],
};

const GIVEN = `
      in:
        - { $time: 12:00:10, id: a, n: 1, price: 1.50 }
        - { $time: 12:00:20, id: 'b "quoted", and more', price: 2.5, note: '' }
        - { $time: 12:00:30, id: a, n: 5, price: -0.25, note: x }`;

describe.each(['avro', 'json', 'csv'])('a source in %s', (from) => {
  it.each(['avro', 'json', 'csv'])('a stream to %s', async (to) => {
    await passes(
      planOf(
        `
pipeline: formats
source: { topic: in, schema: example, time: at, key: id, format: { key: string, value: ${from} } }
steps:
  - filter: price > 0
sink: { topic: out, format: ${to}, key: id }
tests:
  rows come out as they went in:
    given:${GIVEN}
    expect:
      out:
        - { id: a, n: 1, price: 1.50, at: 12:00:10, note: 'none, yet' }
        - { id: 'b "quoted", and more', n: null, price: 2.50, at: 12:00:20, note: '' }
`,
        SCHEMA,
      ),
    );
  });

  it.each(['avro', 'json', 'csv, key: json', 'csv, key: avro', 'avro, key: json', 'csv, key: string'])('a table to %s', async (to) => {
    await passes(
      planOf(
        `
pipeline: formats
source: { topic: in, schema: example, time: at, format: ${from} }
steps:
  - filter: n != null
  - groupBy: id
    aggregate: { total: sum(n), least: min(price) }
  - filter: total < 6
sink: { topic: out, format: { value: ${to} } }
tests:
  a row that leaves is deleted:
    given:${GIVEN}
    history:
      out:
        - { id: a, total: 1, least: 1.5 }
        - { id: a, $deleted: true }
`,
        SCHEMA,
      ),
    );
  });
});

it('texts in and out, and keys of several columns', async () => {
  await passes(
    planOf(
      `
pipeline: texts
source: { topic: in, format: string }
streams:
  lines: { steps: [ filter: value != "" ] }
  count:
    from: lines
    steps:
      - groupBy: { word: lower(value) }
        aggregate: { n: count() }
  lengths:
    from: lines
    steps:
      - groupBy: [ { word: value }, { size: length(value) } ]
        aggregate: { n: count() }
sinks:
  lines: { from: lines, topic: lines, format: string }
  count: { from: count, topic: counts, format: string }
  lengths: { from: lengths, topic: lengths, format: { key: json, value: string } }
tests:
  words:
    given: { in: [ { value: one }, { value: 'Two, "2"' }, { value: '' }, { value: ONE } ] }
    expect:
      lines: [ { value: one }, { value: 'Two, "2"' }, { value: ONE } ]
      counts: [ { word: one, n: 2 }, { word: 'two, "2"', n: 1 } ]
      lengths: [ { word: one, size: 3, n: 1 }, { word: ONE, size: 3, n: 1 }, { word: 'Two, "2"', size: 8, n: 1 } ]
`,
      SCHEMA,
    ),
  );
});

it("keys by Kafka's serializers of whole numbers", async () => {
  await passes(
    planOf(
      `
pipeline: whole
source: { topic: in, schema: example, time: at, format: csv }
streams:
  ints: { steps: [ filter: n != null ] }
  longs:
    from: ints
    steps:
      - groupBy: { bucket: 9007199254740993 - n }
        aggregate: { rows: count() }
sinks:
  ints: { from: ints, topic: ints, key: n, format: { key: int, value: csv } }
  longs: { from: longs, topic: longs, format: { key: long, value: string } }
tests:
  whole numbers:
    given:
      in: [ { id: a, n: -5, price: 1 }, { id: b, n: 2000000000, price: 1 } ]
    expect:
      ints: [ { id: a, n: -5 }, { id: b, n: 2000000000 } ]
      longs: [ { bucket: 9007199254740998, rows: 1 }, { bucket: 9007197254740993, rows: 1 } ]
`,
      SCHEMA,
    ),
  );
});

it.each([
  ['{ bucket: long }', 'long'],
  ['{ bucket: int }', 'int'],
  ['{ bucket: long }', 'string'],
  ['{ bucket: timestamp }', 'json'],
  ['{ bucket: bytes }', 'avro'],
  ['{ shop: string, bucket: long }', 'avro'],
  ['{ shop: string, bucket: long }', 'json'],
])('columns that come from the key: %s in %s', async (key, format) => {
  const bucket = key.includes('timestamp') ? '12:30' : '12';
  await passes(
    planOf(
      `
pipeline: keyed
source: { topic: in, schema: example, time: at, key: ${key}, format: { key: ${format}, value: json } }
steps:
  - groupBy: [id, bucket]
    aggregate: { rows: count() }
sink: { topic: out }
tests:
  they are there:
    given: { in: [ { id: a, bucket: ${bucket}, price: 1 }, { id: a, bucket: ${bucket}, price: 2 } ] }
    expect: { out: [ { id: a, bucket: ${bucket}, rows: 2 } ] }
`,
      SCHEMA,
    ),
  );
});
