/** The last row of a group, by event time, partition and offset, else by its bytes. */
import { Buffer } from 'node:buffer';
import type { Accumulator, Row, Value } from '@rta/dsl';
import { valueSchema } from '../../state-layout.js';
import { AvroCodec, toRaw, toValue } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';
import { comparePlaces, type Kind, type Place, placeOf } from './kind.js';

export interface LastRow extends Place {
  /** Null: there is none yet. */
  readonly row: Value;
}

/** The state of one row alone. */
export function stateOfRow(row: Row, place: Place): LastRow {
  return { ...place, row };
}

/** Its type is a record of the columns that are kept. */
export function lastRow({ type }: Accumulator): Kind<LastRow> {
  const codec = new AvroCodec(valueSchema(type));
  const bytes = ({ row }: LastRow): Buffer => codec.encode(toRaw(type, row));
  return {
    empty: { time: -Infinity, partition: -1, offset: -1, row: null },
    of: () => {
      throw new Error('the last row is not made of a value');
    },
    merge: (a, b) => {
      const order = comparePlaces(a, b);
      if (order !== 0 || a.row === null || b.row === null) return order < 0 || a.row === null ? b : a;
      return Buffer.compare(bytes(a), bytes(b)) < 0 ? b : a;
    },
    result: ({ row }) => row,
    toRaw: ({ time, partition, offset, row }) => ({ time, partition, offset, row: toRaw(type, row) }),
    fromDatum: (datum) => {
      const fields = datum as ReadonlyMap<string, Datum>;
      return { ...placeOf(fields), row: toValue(type, fields.get('row')!) };
    },
  };
}
