/** Lengths and deltas in front of a record, of every number of bytes that they may take: where the kernel finds its key and value. */
import { type AvroSchema, avroToType, type Type } from '@rta/dsl';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import type { BadRecord } from '../../src/kernel/stage-kernel.js';
import type { RecordBatch } from '../../src/log/batch/record-batch.js';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../src/log/batch/varint.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { buildPlan } from '../laws/plan-builder.js';
import { RUNS, SEED } from '../laws/settings.js';
import { envOf } from './stage-env.js';

interface Written {
  readonly timestampDelta: number;
  readonly offsetDelta: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Where a varint gets one byte more, and its neighbours. */
const EDGES = [6, 13, 20, 27].flatMap((bits) => [2 ** bits - 1, 2 ** bits]);
const BASE_OFFSET = 2 ** 40;
const BASE_TIMESTAMP = 1_767_225_600_000;

const timestampDelta = fc.oneof(
  fc.integer(),
  fc.integer({ min: -(2 ** 41), max: 2 ** 41 }),
  fc.constantFrom(...EDGES, ...EDGES.map((n) => -n), ...EDGES.map((n) => -n - 1), 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1),
);
const offsetDelta = fc.oneof(fc.nat(300), fc.nat(2 ** 31 - 1), fc.constantFrom(...EDGES, 2 ** 31 - 1));
/** A byte that is no Avro frame: every record is reported, with what was read of it. */
const bytes = fc.option(
  fc
    .tuple(
      fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 1, max: 300 }) },
        { weight: 2, arbitrary: fc.constantFrom(63, 64, 8191, 8192) },
        { weight: 1, arbitrary: fc.constantFrom(2 ** 20 - 1, 2 ** 20) },
      ),
      fc.integer({ min: 1, max: 255 }),
    )
    .map(([length, fill]) => new Uint8Array(length).fill(fill)),
);
const written: fc.Arbitrary<Written> = fc.record({ timestampDelta, offsetDelta, key: bytes, value: bytes });

const sizeOf = (of: Uint8Array | null): number => (of === null ? 1 : sizeOfVarint(of.length) + of.length);

function append(b: Uint8Array, p: number, of: Uint8Array | null): number {
  p = writeVarint(b, p, of?.length ?? -1);
  if (of !== null) b.set(of, p);
  return p + (of?.length ?? 0);
}

function batchOf(list: readonly Written[]): RecordBatch {
  const sizes = list.map((r) => 1 + sizeOfVarlong(r.timestampDelta) + sizeOfVarint(r.offsetDelta) + sizeOf(r.key) + sizeOf(r.value) + 1);
  const bytesOf = new Uint8Array(sizes.reduce((sum, size) => sum + sizeOfVarint(size) + size, 0));
  let p = 0;
  list.forEach((r, i) => {
    p = writeVarint(bytesOf, p, sizes[i]);
    bytesOf[p++] = 0;
    p = writeVarlong(bytesOf, p, r.timestampDelta);
    p = writeVarint(bytesOf, p, r.offsetDelta);
    p = append(bytesOf, p, r.key);
    p = append(bytesOf, p, r.value);
    bytesOf[p++] = 0;
  });
  return {
    baseOffset: BASE_OFFSET,
    lastOffset: BASE_OFFSET + 2 ** 31 - 1,
    recordCount: list.length,
    baseTimestamp: BASE_TIMESTAMP,
    maxTimestamp: BASE_TIMESTAMP,
    attributes: 0,
    producerId: -1n,
    bytes: bytesOf,
    start: 0,
    end: p,
  };
}

const SCHEMA: AvroSchema = { type: 'record', name: 'rec', fields: [{ name: 'at', type: 'long' }] };
const { fields: columns } = avroToType(SCHEMA).type as Type & { kind: 'record' };
const [stage] = planStages(
  buildPlan({ columns, schema: SCHEMA, time: 'at' }, [], [{ input: 'source' }, { input: 'source', format: 'json' }]),
).stages;
const compiled = compileStage(stage);

/** What the kernel says of records of which it can read nothing but where they lie. */
function read(batch: RecordBatch): object[] {
  const seen: object[] = [];
  const reject = ({ offset, timestamp, key, value }: BadRecord): void => {
    seen.push({ offset, timestamp, key: textOf(key), value: textOf(value) });
  };
  compiled({ ...envOf(), reject }).process(0, batch, 0);
  return seen;
}

const textOf = (of: Uint8Array | null): string | null => of && `${of.length} of ${of[0]} to ${of.at(-1)}`;

it(`finds offset, time, key and value behind varints of any length (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(written, { minLength: 1, maxLength: 12 }), (list) => {
      expect(read(batchOf(list))).toEqual(
        list.map((r) => ({
          offset: BASE_OFFSET + r.offsetDelta,
          timestamp: BASE_TIMESTAMP + r.timestampDelta,
          key: textOf(r.key),
          value: textOf(r.value),
        })),
      );
    }),
    { numRuns: RUNS * 5, seed: SEED },
  );
}, 300_000);

it('takes the time of appending where the batch says so', () => {
  const list: Written[] = [{ timestampDelta: -5, offsetDelta: 0, key: null, value: Uint8Array.of(1) }];
  const batch = { ...batchOf(list), attributes: 8, maxTimestamp: BASE_TIMESTAMP + 99 };
  expect(read(batch)).toMatchObject([{ timestamp: BASE_TIMESTAMP + 99 }]);
});
