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

const TREE = {
  type: 'record',
  name: 'Example',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    {
      name: 'tree',
      type: [
        'null',
        {
          type: 'record',
          name: 'Tree',
          fields: [
            { name: 'size', type: 'long' },
            { name: 'next', type: ['null', 'Tree'], default: null },
            { name: 'parts', type: { type: 'array', items: 'Tree' }, default: [] },
          ],
        },
      ],
      default: null,
    },
  ],
};

it.each(['avro', 'json'])('records that contain themselves are carried, kept and read at any depth: %s', async (format) => {
  const text = `
pipeline: trees
source: { topic: in, schema: example, time: at, format: ${format} }
streams:
  paths:
    steps:
      - filter: tree != null and tree.size > 0
      - derive: { second: tree.next.size, third: tree.next.next.size, part: 'tree.parts[0].parts[0].size', rest: tree.next, json: toJson(tree.next) }
      - select: [id, second, third, part, rest, json, { n: 'length(tree.next.parts)' }]
  newest:
    steps:
      - groupBy: id
        aggregate: { tree: last(tree), all: 'collect(tree.next, 9)' }
sinks:
  paths: { from: paths, topic: paths, format: ${format} }
  newest: { from: newest, topic: newest, format: ${format} }
tests:
  whole:
    given:
      in:
        - { $time: 12:00:00, id: a, tree: { size: 1, next: { size: 2, next: { size: 3, parts: [{ size: 4 }] } } } }
        - { $time: 12:00:01, id: b, tree: { size: 5, parts: [{ size: 6, parts: [{ size: 7, next: { size: 8 } }] }] } }
        - { $time: 12:00:02, id: a, tree: { size: 0, next: { size: 9 } } }
        - { $time: 12:00:03, id: c }
    until: 12:02
    expect:
      paths:
        - { id: a, second: 2, third: 3, part: null, rest: { size: 2, next: { size: 3, parts: [{ size: 4 }] } }, n: 0, json: '{"size":2,"next":{"size":3,"next":null,"parts":[{"size":4,"next":null,"parts":[]}]},"parts":[]}' }
        - { id: b, second: null, part: 7, rest: null, json: null }
      newest:
        - { id: a, tree: { size: 0, next: { size: 9 } }, all: [{ size: 2, next: { size: 3, parts: [{ size: 4 }] } }, { size: 9 }] }
        - { id: b, tree: { size: 5, parts: [{ size: 6, parts: [{ size: 7, next: { size: 8 } }] }] }, all: [] }
        - { id: c, tree: null }
`;
  await passes(planOf(text, TREE));
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
