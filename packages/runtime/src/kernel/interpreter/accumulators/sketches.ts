/** approxDistinct by HyperLogLog, percentile by DDSketch. */
import { Buffer } from 'node:buffer';
import type { Accumulator } from '@rta/dsl';
import { bucketOf, quantile } from '../../dd-sketch.js';
import { estimate, MAX_RANK, REGISTERS, SEEDS, SHORT_ENTRY } from '../../hyper-log-log.js';
import { valueSchema } from '../../state-layout.js';
import { AvroCodec, type Raw, toRaw } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';
import { definite } from '../values.js';
import type { Kind } from './kind.js';

/** Registers that are not 0, by number. */
export type Registers = ReadonlyMap<number, number>;

export function approxDistinct(accumulator: Accumulator): Kind<Registers> {
  const type = definite(accumulator.arg!.type);
  const codec = new AvroCodec(valueSchema(type));
  return {
    empty: new Map(),
    of: ({ value }) => {
      const hash = hash64(codec.encode(toRaw(type, value)));
      const rest = hash & ((1n << 52n) - 1n);
      return new Map([[Number(hash >> 52n), rest === 0n ? MAX_RANK : MAX_RANK - rest.toString(2).length]]);
    },
    merge: (a, b) => new Map([...a, ...[...b].map(([i, rank]): [number, number] => [i, Math.max(rank, a.get(i) ?? 0)])]),
    result: (state) => {
      const histogram = new Array<number>(MAX_RANK + 1).fill(0);
      for (let i = 0; i < REGISTERS; i++) histogram[state.get(i) ?? 0]++;
      return estimate(histogram);
    },
    toRaw: (state) => {
      const entries = [...state].sort(([a], [b]) => a - b);
      if (entries.length * SHORT_ENTRY < REGISTERS) return Buffer.from(entries.flatMap(([i, rank]) => [i >> 8, i & 255, rank]));
      return Buffer.from(Array.from({ length: REGISTERS }, (_, i) => state.get(i) ?? 0));
    },
    fromDatum: (datum) => {
      const bytes = Buffer.from(datum as Uint8Array);
      if (bytes.length === REGISTERS) return new Map([...bytes.entries()].filter(([, rank]) => rank > 0));
      return new Map(
        Array.from({ length: bytes.length / SHORT_ENTRY }, (_, i) => [bytes.readUInt16BE(i * SHORT_ENTRY), bytes[i * SHORT_ENTRY + 2]]),
      );
    },
  };
}

function hash64(bytes: Buffer): bigint {
  const [high, low] = SEEDS.map((seed) => BigInt(murmur3(bytes, seed)));
  return (high << 32n) | low;
}

/** MurmurHash3 x86_32, as its author wrote it. */
function murmur3(bytes: Buffer, seed: number): number {
  const rotated = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
  const mixed = (k: number): number => Math.imul(rotated(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
  const whole = bytes.length - (bytes.length % 4);
  let hash = seed;
  for (let i = 0; i < whole; i += 4) hash = (Math.imul(rotated(hash ^ mixed(bytes.readInt32LE(i)), 13), 5) + 0xe6546b64) | 0;
  if (whole < bytes.length) hash ^= mixed(bytes.readUIntLE(whole, bytes.length - whole));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

type Buckets = ReadonlyMap<number, number>;

export interface Sketch {
  readonly nan: number;
  readonly pos: number;
  readonly neg: number;
  readonly zero: number;
  readonly above: Buckets;
  readonly below: Buckets;
}

const NOTHING: Sketch = { nan: 0, pos: 0, neg: 0, zero: 0, above: new Map(), below: new Map() };

export function percentile(accumulator: Accumulator): Kind<Sketch> {
  return {
    empty: NOTHING,
    of: ({ value }) => {
      const x = value as number;
      if (Number.isNaN(x)) return { ...NOTHING, nan: 1 };
      if (!Number.isFinite(x)) return { ...NOTHING, [x > 0 ? 'pos' : 'neg']: 1 };
      if (x === 0) return { ...NOTHING, zero: 1 };
      return { ...NOTHING, [x > 0 ? 'above' : 'below']: new Map([[bucketOf(Math.abs(x)), 1]]) };
    },
    merge: (a, b) => ({
      nan: a.nan + b.nan,
      pos: a.pos + b.pos,
      neg: a.neg + b.neg,
      zero: a.zero + b.zero,
      above: added(a.above, b.above),
      below: added(a.below, b.below),
    }),
    result: (state) => quantile({ ...state, above: inOrder(state.above), below: inOrder(state.below) }, accumulator.fraction!),
    toRaw: ({ nan, pos, neg, zero, above, below }) => ({ nan, pos, neg, zero, above: rawOf(above), below: rawOf(below) }),
    fromDatum: (datum) => {
      const fields = datum as ReadonlyMap<string, Datum>;
      const count = (name: string): number => Number(fields.get(name));
      const buckets = (name: string): Buckets =>
        new Map((fields.get(name) as ReadonlyMap<string, Datum>[]).map((bucket) => [Number(bucket.get('i')), Number(bucket.get('n'))]));
      return {
        nan: count('nan'),
        pos: count('pos'),
        neg: count('neg'),
        zero: count('zero'),
        above: buckets('above'),
        below: buckets('below'),
      };
    },
  };
}

function added(a: Buckets, b: Buckets): Buckets {
  return new Map([...a, ...[...b].map(([i, n]): [number, number] => [i, n + (a.get(i) ?? 0)])]);
}

function inOrder(buckets: Buckets): [number, number][] {
  return [...buckets].sort(([a], [b]) => a - b);
}

function rawOf(buckets: Buckets): Raw {
  return inOrder(buckets).map(([i, n]) => ({ i, n }));
}
