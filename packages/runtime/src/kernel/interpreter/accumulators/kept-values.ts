/** first, last, argMin, argMax, collect, topK: the values of some rows, best first. */
import { Buffer } from 'node:buffer';
import type { Accumulator, Type, Value } from '@rta/dsl';
import { valueSchema } from '../../state-layout.js';
import { AvroCodec, toRaw, toValue } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';
import { compareValues, definite } from '../values.js';
import { comparePlaces, type Given, type Kind, placeOf } from './kind.js';

export interface Kept extends Given {
  /** The value's Avro, which decides between rows without a place of their own. */
  readonly bytes: Buffer;
}

export function keptValues(accumulator: Accumulator): Kind<readonly Kept[]> {
  const { fn, by, limit = 1 } = accumulator;
  const type = definite(accumulator.arg!.type);
  const byType = by && definite(by.type);
  const codec = new AvroCodec(valueSchema(type));
  const sign = fn === 'argMax' || fn === 'topK' ? -1 : 1;
  const compare = (a: Kept, b: Kept): number =>
    (byType ? compareValues(a.by, b.by) * sign : 0) ||
    (comparePlaces(a.place, b.place) || Buffer.compare(a.bytes, b.bytes)) * (fn === 'last' ? -1 : 1);
  const kept = (given: Given): Kept => ({ ...given, bytes: codec.encode(toRaw(type, given.value)) });
  const isArray = accumulator.type.kind === 'array';
  return {
    empty: [],
    of: (given) => [kept(given)],
    merge: (a, b) => [...a, ...b].sort(compare).slice(0, limit),
    result: (state) => (isArray ? state.map(({ value }) => value) : (state[0]?.value ?? null)),
    toRaw: (state) =>
      state.map(({ value, by: rank, place }) => ({ by: byType ? toRaw(byType, rank) : null, ...place, value: toRaw(type, value) })),
    fromDatum: (datum) =>
      (datum as ReadonlyMap<string, Datum>[])
        .map((fields) => kept({ value: toValue(type, fields.get('value')!), by: rankOf(fields, byType), place: placeOf(fields) }))
        .sort(compare),
  };
}

function rankOf(fields: ReadonlyMap<string, Datum>, type: Type | undefined): Value {
  return type ? toValue(type, fields.get('by')!) : null;
}
