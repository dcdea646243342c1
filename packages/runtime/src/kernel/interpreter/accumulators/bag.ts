/** Values of the rows of a table, which may be taken back: all are kept, and how often. */
import { Buffer } from 'node:buffer';
import type { Accumulator, Value } from '@rta/dsl';
import { valueSchema } from '../../state-layout.js';
import { AvroCodec, toRaw, toValue } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';
import { compareTotally, compareValues, definite } from '../values.js';
import type { Kind } from './kind.js';

interface Item {
  readonly by: Value;
  readonly time: number;
  readonly value: Value;
  readonly bytes: Buffer;
  readonly n: number;
}

/** By everything but the count. */
export type Bag = ReadonlyMap<string, Item>;

export function bag(accumulator: Accumulator): Kind<Bag> {
  const { fn, by, limit = 1 } = accumulator;
  const type = definite(accumulator.arg!.type);
  const byType = by && definite(by.type);
  const codec = new AvroCodec(valueSchema(type));
  const rankCodec = byType && new AvroCodec(valueSchema(byType));
  const timeless = fn === 'min' || fn === 'max' || fn === 'distinct';
  const isArray = accumulator.type.kind === 'array';
  const item = (rank: Value, time: number, value: Value, n: number): [string, Item] => {
    const bytes = codec.encode(toRaw(type, value));
    const ranked = rankCodec && byType ? rankCodec.encode(toRaw(byType, rank)).toString('hex') : '';
    return [`${ranked} ${time} ${bytes.toString('hex')}`, { by: rank, time, value, bytes, n }];
  };
  const byRank = (a: Item, b: Item): number => (byType ? compareValues(a.by, b.by) * (fn === 'argMin' ? 1 : -1) : 0);
  const byTime = (a: Item, b: Item): number => (a.time - b.time || Buffer.compare(a.bytes, b.bytes)) * (fn === 'last' ? -1 : 1);
  const best = (a: Item, b: Item): number => {
    if (fn === 'min') return compareTotally(a.value, b.value);
    if (fn === 'max') return compareTotally(b.value, a.value);
    return byRank(a, b) || byTime(a, b);
  };
  return {
    empty: new Map(),
    of: ({ value, by: rank, place }) => new Map([item(byType ? rank : null, timeless ? 0 : place.time, value, 1)]),
    merge: (a, b) => {
      const merged = new Map(a);
      for (const [key, other] of b) {
        const n = (merged.get(key)?.n ?? 0) + other.n;
        if (n === 0) merged.delete(key);
        else merged.set(key, { ...other, n });
      }
      return merged;
    },
    inverse: (state) => new Map([...state].map(([key, one]) => [key, { ...one, n: -one.n }])),
    result: (state) => {
      const there = [...state.values()].filter(({ n }) => n > 0).sort(fn === 'distinct' ? () => 0 : best);
      if (fn === 'distinct') return there.length;
      if (!isArray) return there[0]?.value ?? null;
      return there.flatMap(({ value, n }) => new Array<Value>(Math.min(n, limit)).fill(value)).slice(0, limit);
    },
    toRaw: (state) =>
      [...state]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { by: rank, time, value, n }]) => ({ by: byType ? toRaw(byType, rank) : null, time, value: toRaw(type, value), n })),
    fromDatum: (datum) =>
      new Map(
        (datum as ReadonlyMap<string, Datum>[]).map((fields) => {
          const rank = byType ? toValue(byType, fields.get('by')!) : null;
          return item(rank, Number(fields.get('time')), toValue(type, fields.get('value')!), Number(fields.get('n')));
        }),
      ),
  };
}
