/** Records that contain themselves, in both kernels: read by other schemas than they were written with, and nested without measure. */
import { Buffer } from 'node:buffer';
import { type AvroSchema, avroToType, type Column, type Type } from '@rta/dsl';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { AvroCodec, type Raw } from '../../src/kernel/interpreter/avro-codec.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { MAX_RECURSION, TOO_DEEP } from '../../src/kernel/max-recursion.js';
import type { KernelFactory } from '../../src/kernel/stage-kernel.js';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import type { Stage } from '../../src/plan/physical.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { lockstep } from '../laws/lockstep.js';
import { buildPlan } from '../laws/plan-builder.js';
import { RUNS, SEED } from '../laws/settings.js';
import { column } from '../laws/typed-expressions.js';
import { envOf } from './stage-env.js';

/** A tree by everything that can hold it: nothing, an array, a map, a union with others, another record. */
const treeOf = (...more: readonly object[]): AvroSchema => ({
  type: 'record',
  name: 'Tree',
  fields: [
    ...more,
    { name: 'next', type: ['null', 'Tree'], default: null },
    { name: 'parts', type: { type: 'array', items: 'Tree' }, default: [] },
    { name: 'named', type: { type: 'map', values: ['null', 'Tree'] }, default: {} },
    { name: 'one', type: ['null', 'long', 'Tree', { type: 'record', name: 'Other', fields: [{ name: 'tree', type: 'Tree' }] }] },
  ],
});
const rowOf = (tree: AvroSchema): AvroSchema => ({
  type: 'record',
  name: 'Row',
  fields: [
    { name: 'tree', type: ['null', tree] },
    { name: 'at', type: 'long' },
  ],
});

const WRITER = rowOf(treeOf({ name: 'size', type: 'int' }, { name: 'colour', type: { type: 'enum', name: 'E', symbols: ['a', 'b'] } }));
const READERS = [
  WRITER,
  rowOf(treeOf({ name: 'size', type: 'long' })),
  rowOf(treeOf({ name: 'large', type: 'double', aliases: ['size'] }, { name: 'added', type: 'string', default: 'x' })),
  rowOf(treeOf({ name: 'colour', type: { type: 'enum', name: 'E', symbols: ['b'] } })),
  rowOf(treeOf({ name: 'missing', type: 'int' })),
  rowOf({ type: 'record', name: 'Tree', fields: [{ name: 'next', type: ['null', 'string'], default: null }] }),
];

/** Trees of up to `depth` levels. */
function treeArb(depth: number): fc.Arbitrary<Raw> {
  const inner = depth === 0 ? null : treeArb(depth - 1);
  const tree = inner ?? fc.constant(null);
  return fc.record({
    size: fc.integer(),
    colour: fc.constantFrom('a', 'b', 'b', 'b'),
    next: fc.oneof(fc.constant(null), tree),
    parts: fc.array(tree, { maxLength: inner === null ? 0 : 2 }),
    named: fc.dictionary(fc.constantFrom('x', 'y'), tree, { maxKeys: 1 }),
    one: fc.oneof(
      fc.constantFrom<Raw>(null, { long: 5 }),
      ...(inner === null ? [] : [inner.map((of): Raw => ({ Tree: of })), inner.map((of): Raw => ({ Other: { tree: of } }))]),
    ),
  });
}

function stageOf(reader: AvroSchema, wanted: readonly string[], format: 'avro' | 'json' = 'avro'): Stage {
  const columns: readonly Column[] = (avroToType(reader).type as Type & { kind: 'record' }).fields;
  const chosen = columns.filter(({ name }) => wanted.includes(name));
  const project = { type: 'project', columns: chosen.map((c) => ({ name: c.name, expr: column(c.name, c.type) })) } as const;
  const steps = [{ id: 's0', input: 'source', transform: project }];
  return planStages(buildPlan({ columns, schema: reader, time: 'at', format }, steps, [{ input: 's0' }, { input: 's0', format: 'json' }]))
    .stages[0];
}

/** What becomes of the values: why they were rejected, and how many bytes came out. */
function run(factory: KernelFactory, values: readonly Uint8Array[]): { rejected: string[]; bytes: number } {
  const rejected: string[] = [];
  const env = {
    ...envOf(),
    reject: (...[, , code, message]: readonly [unknown, string, string, string]) => void rejected.push(`${code}: ${message}`),
  };
  const kernel = factory(env);
  kernel.addWriterSchema(0, 7, WRITER);
  const builder = new BatchBuilder('in', 0);
  for (const value of values) builder.append(0, null, 0, 0, value, 0, value.length, null);
  for (const { batch } of builder.take()) for (const b of parseBatches(batch, { verifyCrc: false })) kernel.process(0, b, 0);
  kernel.flush(-Infinity);
  const bytes = [0, 1].flatMap((output) => env.output(output, 0).take()).reduce((sum, { batch }) => sum + batch.length, 0);
  return { rejected, bytes };
}

const FRAME = Buffer.of(0, 0, 0, 0, 7);

it(`are resolved at every depth (seed ${SEED})`, () => {
  const codec = new AvroCodec(WRITER);
  fc.assert(
    fc.property(
      fc.array(treeArb(3), { maxLength: 4 }),
      fc.constantFrom(...READERS),
      fc.constantFrom(['tree', 'at'], ['at']),
      fc.nat(),
      (trees, reader, wanted, damage) => {
        const stage = stageOf(reader, wanted);
        const values = trees.map((of, at) => Buffer.concat([FRAME, codec.encode({ tree: of, at })]));
        for (const value of values.slice(0, 1)) value[FRAME.length + (damage % (value.length - FRAME.length))] ^= damage % 3;
        run(lockstep(stage, interpretStage(stage), compileStage(stage), ['interpreter', 'kernel']), values);
      },
    ),
    { numRuns: RUNS * 3, seed: SEED },
  );
}, 120_000);

/** Bytes of a row whose tree stands `depth` times in itself, by the branch `via`. */
function nested(depth: number, via: 'next' | 'parts' | 'named' | 'Tree' | 'Other'): Buffer {
  const [size, none, zero] = [Buffer.of(2, 0), Buffer.of(0), Buffer.of(0)];
  const before: Record<typeof via, Buffer> = {
    next: Buffer.concat([size, Buffer.of(2)]),
    parts: Buffer.concat([size, none, Buffer.of(2)]),
    named: Buffer.concat([size, none, zero, Buffer.of(2, 2, 120, 2)]),
    Tree: Buffer.concat([size, none, zero, zero, Buffer.of(4)]),
    Other: Buffer.concat([size, none, zero, zero, Buffer.of(6)]),
  };
  const after: Record<typeof via, number[]> = { next: [0, 0, 0], parts: [0, 0, 0], named: [0, 0], Tree: [], Other: [] };
  const leaf = Buffer.concat([size, Buffer.of(0, 0, 0, 0)]);
  const front = Buffer.concat(Array.from({ length: depth }, () => before[via]));
  const back = Buffer.concat(Array.from({ length: depth }, () => Buffer.from(after[via])));
  return Buffer.concat([FRAME, Buffer.of(2), front, leaf, back, Buffer.of(0)]);
}

const KERNELS = [interpretStage, compileStage];

it.each(['next', 'parts', 'named', 'Tree', 'Other'] as const)('are read to a depth, and rejected beyond it: by %s', (via) => {
  const values = [MAX_RECURSION, MAX_RECURSION + 1, 50_000].map((depth) => nested(depth, via));
  for (const wanted of [['tree', 'at'], ['at']])
    for (const reader of READERS.slice(0, 3))
      for (const kernel of KERNELS) {
        const { rejected, bytes } = run(kernel(stageOf(reader, wanted)), values);
        expect(bytes).toBeGreaterThan(wanted.length === 2 ? MAX_RECURSION : 10);
        expect(rejected).toEqual(Array(2).fill(`not_avro: ${TOO_DEEP}`));
      }
});

it('are read to a depth as JSON too', () => {
  const json = (depth: number): Buffer =>
    Buffer.from(`{"tree":${'{"size":1,"colour":"a","one":null,"next":'.repeat(depth)}null${'}'.repeat(depth)},"at":1}`);
  for (const kernel of KERNELS) {
    const { rejected, bytes } = run(
      kernel(stageOf(WRITER, ['tree', 'at'], 'json')),
      [MAX_RECURSION + 1, MAX_RECURSION + 2, 50_000].map(json),
    );
    expect(bytes).toBeGreaterThan(MAX_RECURSION);
    expect(rejected).toHaveLength(2);
    for (const each of rejected) expect(each).toMatch(/^not_json: /);
  }
});
