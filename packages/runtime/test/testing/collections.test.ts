/** Arrays, maps and records through the steps of pipelines, on the engine itself: tests written in their files. */
import { it } from 'vitest';
import { passes, planOf } from './bench.js';

const LINE = {
  type: 'record',
  name: 'Line',
  fields: [
    { name: 'sku', type: 'string' },
    { name: 'qty', type: 'int' },
  ],
};
const SCHEMA = {
  type: 'record',
  name: 'Example',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'lines', type: ['null', { type: 'array', items: LINE }], default: null },
    { name: 'tags', type: { type: 'map', values: 'long' }, default: {} },
  ],
};

const GIVEN = `
    given:
      in:
        - { $time: 12:00:00, id: a, lines: [{ sku: tea, qty: 2 }, { sku: cup, qty: 1 }], tags: { x: 1 } }
        - { $time: 12:00:01, id: b, lines: [{ sku: tea, qty: 3 }], tags: { x: 2, y: 5 } }
        - { $time: 12:00:02, id: a }`;

it.each(['avro', 'json'])('arrays, maps and records in tables, boards and sinks of %s', async (format) => {
  const text = `
pipeline: kept
source: { topic: in, schema: example, time: at, format: ${format} }
streams:
  boards:
    steps:
      - filter: lines != null and "x" in tags
      - derive: { skus: '[lines[0].sku, lines[1].sku]', n: length(lines) }
      - groupBy: id
        aggregate:
          first: first(lines)
          tags: last(tags)
          all: 'collect(skus, 2)'
          most: 'argMax(lines, n)'
      - topK: { k: 2, by: id desc, rank: rnk }
  windows:
    steps:
      - window: { tumbling: 1m }
        aggregate: { tags: 'collect(tags, 3)' }
        emit: final
      - unnest: { tag: tags }
      - unnest: { entry: tag }
      - select: [{ key: entry.key }, { value: entry.value }]
sinks:
  boards: { from: boards, topic: boards, format: ${format} }
  windows: { from: windows, topic: windows, format: ${format} }
tests:
  whole:${GIVEN}
    until: 12:02
    expect:
      boards:
        - { rnk: 1, id: b, first: [{ sku: tea, qty: 3 }], tags: { x: 2, y: 5 }, all: [[tea, null]], most: [{ sku: tea, qty: 3 }] }
        - { rnk: 2, id: a, tags: { x: 1 }, all: [[tea, cup]], most: [{ sku: tea, qty: 2 }, { sku: cup, qty: 1 }] }
      windows: [ { key: x, value: 1 }, { key: x, value: 2 }, { key: y, value: 5 } ]
`;
  await passes(planOf(text, SCHEMA));
});

const UNIONS = {
  type: 'record',
  name: 'Example',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    {
      name: 'by',
      type: ['null', 'long', 'string', { ...LINE, name: 'Line' }, { type: 'array', items: ['string', { ...LINE, name: 'Other' }] }],
      default: null,
    },
    { name: 'of', type: ['string', 'boolean'], default: 'none' },
  ],
};

it.each(['avro', 'json'])('unions of unlike types are carried, kept and taken apart: %s', async (format) => {
  const text = `
pipeline: unions
source: { topic: in, schema: example, time: at, format: ${format} }
streams:
  parts:
    steps:
      - derive: { text: 'by.string ?? by.Line.sku ?? by.array[0].string', n: by.long }
      - select: [id, by, of, text, n]
  newest:
    steps:
      - groupBy: id
        aggregate: { by: last(by), of: last(of), all: 'collect(by, 9)' }
sinks:
  parts: { from: parts, topic: parts, format: ${format} }
  newest: { from: newest, topic: newest, format: ${format} }
tests:
  whole:
    given:
      in:
        - { $time: 12:00:00, id: a, by: { long: 5 }, of: { boolean: true } }
        - { $time: 12:00:01, id: b, by: { string: tea }, of: { string: x } }
        - { $time: 12:00:02, id: a, by: { Line: { sku: cup, qty: 1 } } }
        - { $time: 12:00:03, id: c, by: { array: [{ string: pot }, { Other: { sku: cup, qty: 2 } }] } }
        - { $time: 12:00:04, id: d }
    until: 12:02
    expect:
      parts:
        - { id: a, by: { long: 5 }, of: { boolean: true }, text: null, n: 5 }
        - { id: b, by: { string: tea }, of: { string: x }, text: tea, n: null }
        - { id: a, by: { Line: { sku: cup, qty: 1 } }, of: { string: none }, text: cup, n: null }
        - { id: c, by: { array: [{ string: pot }, { Other: { sku: cup, qty: 2 } }] }, text: pot }
        - { id: d, by: null, of: { string: none } }
      newest:
        - { id: a, by: { Line: { sku: cup, qty: 1 } }, of: { string: none }, all: [{ long: 5 }, { Line: { sku: cup, qty: 1 } }] }
        - { id: b, by: { string: tea }, of: { string: x }, all: [{ string: tea }] }
        - { id: c, by: { array: [{ string: pot }, { Other: { sku: cup, qty: 2 } }] } }
        - { id: d, by: null, all: [] }
`;
  await passes(planOf(text, UNIONS));
});

it('a record whose third line fails goes to errors once, and none of its lines has an effect', async () => {
  const text = `
pipeline: whole
source: { topic: in, schema: example, time: at }
errors: { topic: dead }
steps:
  - unnest: { line: lines }
  - derive: { n: int(line.sku) }
  - groupBy: id
    aggregate: { sum: sum(n * line.qty) }
sink: { topic: sums }
tests:
  once:
    given:
      in:
        - { $time: 12:00:00, id: a, lines: [{ sku: "1", qty: 2 }, { sku: "2", qty: 1 }, { sku: none, qty: 1 }] }
        - { $time: 12:00:01, id: a, lines: [{ sku: "5", qty: 2 }] }
    expect:
      sums: [ { id: a, sum: 10 } ]
    errors: [ { id: a, $reason: expression } ]
`;
  await passes(planOf(text, SCHEMA));
});
