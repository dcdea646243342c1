/** count(distinct): the values, by their Avro. */
import type { Accumulator, Value } from '@rta/dsl';
import { valueSchema } from '../../state-layout.js';
import { AvroCodec, toRaw, toValue } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';
import { definite } from '../values.js';
import type { Kind } from './kind.js';

export function distinct(accumulator: Accumulator): Kind<ReadonlyMap<string, Value>> {
  const type = definite(accumulator.arg!.type);
  const codec = new AvroCodec(valueSchema(type));
  const entry = (value: Value): [string, Value] => [codec.encode(toRaw(type, value)).toString('hex'), value];
  return {
    empty: new Map(),
    of: ({ value }) => new Map([entry(value)]),
    merge: (a, b) => new Map([...a, ...b]),
    result: (state) => state.size,
    toRaw: (state) => [...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => toRaw(type, value)),
    fromDatum: (datum) => new Map((datum as Datum[]).map((item) => entry(toValue(type, item)))),
  };
}
