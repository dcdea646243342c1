/**
 * Fuzzing of Avro values and of record batches: a value is read as avsc reads it or is rejected, never anything else; a damaged batch is
 * refused. `SEED=n` repeats one.
 */
import { Buffer } from 'node:buffer';
import { LONG, reportFigure } from '@rta/tools';
import avsc from 'avsc';
import { expect, it } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { AvroCodec } from '../../src/kernel/interpreter/avro-codec.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import { records } from '../../src/log/batch/records.js';
import { sealBatch } from '../../src/log/batch/seal.js';
import { LogError } from '../../src/log/log.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { batchOf, EVENT_SCHEMA, EVENT_SCHEMA_ID, framed, type RawRecord } from '../laws/events.js';
import { runPipeline } from '../laws/stage-runner.js';
import { planOf } from '../laws/yaml-plan.js';
import { randomOf } from '../simulation/scheduler.js';

const RUNS = LONG ? 300_000 : 20_000;
const BATCHES = LONG ? 100_000 : 5000;
/** Values of one run of the engine. */
const AT_ONCE = 500;

type Random = (n: number) => number;
const one = <T>(random: Random, ...values: readonly T[]): T => values[random(values.length)];

const longType = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (n: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(n);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (n: unknown) => typeof n === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});
const peer = avsc.Type.forSchema(
  JSON.parse(
    JSON.stringify(EVENT_SCHEMA)
      .replaceAll(/"logicalType":"[^"]*",?/g, '')
      .replaceAll(',}', '}'),
  ) as avsc.Schema,
  {
    registry: { long: longType },
  },
);

function goodValue(random: Random): Buffer {
  return Buffer.from(
    framed(EVENT_SCHEMA_ID, {
      user: one(random, '', 'a', 'ä€😀', 'x'.repeat(random(200))),
      team: one(random, null, '', 'red'),
      points: one<number | bigint>(random, 0, -1, 2 ** 40, 2n ** 63n - 1n, -(2n ** 63n)),
      bonus: one(random, null, 0, 300),
      amount: one(random, 0, -0, 1.5, NaN, Infinity, 5e-324),
      at: random(2 ** 31),
    }),
  );
}

/** Something wrong with it, or nothing. */
function mutated(good: Buffer, random: Random): Buffer {
  const value = Buffer.from(good);
  for (let count = 1 + random(3); count > 0; count--) {
    // Behind the frame: what is wrong with that is another code.
    const at = 5 + random(value.length - 5);
    switch (random(6)) {
      case 0:
        value[at] ^= 1 << random(8);
        break;
      case 1:
        value[at] = random(256);
        break;
      case 2:
        return value.subarray(0, at);
      case 3:
        return Buffer.concat([value, Buffer.of(random(256))]);
      case 4:
        return Buffer.concat([value.subarray(0, at), value.subarray(at + 1 + random(4))]);
      default:
        return Buffer.concat([value.subarray(0, at), Buffer.of(random(256), random(256)), value.subarray(at)]);
    }
  }
  return value;
}

/** As an independent reader has it: null where it is no event. */
function peerReads(value: Buffer): string | null {
  try {
    const decoded = peer.fromBuffer(value.subarray(5)) as Record<string, unknown>;
    return text(decoded);
  } catch {
    return null;
  }
}

function text(row: Readonly<Record<string, unknown>>): string {
  const plain = (value: unknown): string => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return plain(Object.values(value)[0]);
    if (Object.is(value, -0)) return '-0';
    return typeof value === 'bigint' || typeof value === 'number' ? String(value) : JSON.stringify(value);
  };
  return ['user', 'team', 'points', 'bonus', 'amount', 'at'].map((name) => plain(row[name])).join(' ');
}

const plan = planOf('\n- derive: { place: $offset }', false, 0);
const physical = planStages(plan);
const codec = new AvroCodec(plan.sinks[0].valueSchema!);

it(`${RUNS} Avro values: read as they are, or rejected`, { timeout: 3_600_000 }, () => {
  const random = randomOf(Number(process.env['SEED'] ?? 1));
  let rejectedCount = 0;
  let stricter = 0;
  for (let run = 0; run < RUNS; run += AT_ONCE) {
    const values = Array.from({ length: AT_ONCE }, () => mutated(goodValue(random), random));
    const input: RawRecord[] = values.map((value) => ({ key: null, value }));
    const result = runPipeline({
      ...{ plan: physical, kernelOf: compileStage, input: [input], downstreamPartitions: 1 },
      ...{ choose: random, steps: 0, preAggregation: true, restarts: false },
    });
    const got = new Map<number, string>();
    for (const { value } of result.sinks.get('out')!) {
      const row = Object.fromEntries(codec.decode(value!.subarray(5)) as unknown as Iterable<[string, unknown]>);
      got.set(Number(row['place']), text(row));
    }
    const rejected = new Set(result.rejected.map(({ offset }) => offset));
    for (const [offset, value] of values.entries()) {
      const what = `SEED=${process.env['SEED'] ?? '1'} value ${run + offset}: ${value.toString('hex')}`;
      expect(got.has(offset), what).toBe(!rejected.has(offset));
      const right = peerReads(value);
      if (rejected.has(offset)) {
        rejectedCount++;
        if (right !== null) stricter++;
      } else expect(got.get(offset), what).toBe(right);
    }
  }
  expect(rejectedCount).toBeGreaterThan(RUNS / 10);
  values = `${RUNS} mutated values: ${RUNS - rejectedCount} read as an independent reader reads them, ${rejectedCount} rejected (${stricter} of them what no encoder writes)`;
});

let values = '';

it(`${BATCHES} record batches: refused, or unharmed`, { timeout: 3_600_000 }, () => {
  const random = randomOf(2);
  let refused = 0;
  for (let run = 0; run < BATCHES; run++) {
    const events: RawRecord[] = Array.from({ length: 1 + random(5) }, () => ({ key: Buffer.from('k'), value: goodValue(random) }));
    const sealed = Buffer.from(batchOf(events, 0).bytes);
    sealBatch(sealed, { baseOffset: 0 });
    const damaged = mutated(sealed, random);
    // All but the first 21 bytes, base offset to checksum, is under the checksum.
    const harmless = damaged.length >= sealed.length && damaged.subarray(21, sealed.length).equals(sealed.subarray(21));
    try {
      const found = parseBatches(damaged, { exact: true }).flatMap((batch) => [...records(batch)]);
      expect(harmless, `batch ${run}`).toBe(true);
      expect(found.length).toBe(events.length);
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      expect(['corrupt', 'unsupported']).toContain(error.code);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(BATCHES / 2);
  expect(values).not.toBe('');
  reportFigure('bad-records', `${values}; ${BATCHES} mutated batches: ${refused} refused, 0 read with another byte; 0 crashes`);
});
