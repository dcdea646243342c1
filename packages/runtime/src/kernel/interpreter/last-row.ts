/** The last row of a group, by event time, partition and offset. */
import { Buffer } from 'node:buffer';
import type { Row, Type, Value } from '@rta/dsl';
import { valueSchema } from '../state-layout.js';
import type { Kind, State } from './accumulators.js';
import { AvroCodec, toRaw, toValue } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import type { Origin } from './operator.js';

export interface LastRow extends Origin {
  readonly time: number;
  /** Null: there is none yet. */
  readonly row: Value;
}

/** The state of one row alone. */
export function stateOfRow(row: Row, time: number, origin: Origin): LastRow {
  return { time, partition: origin.partition, offset: origin.offset, row };
}

/** @param type a record of the columns that are kept */
export function lastRow(type: Type): Kind {
  const codec = new AvroCodec(valueSchema(type));
  const bytes = ({ row }: LastRow): Buffer => codec.encode(toRaw(type, row));
  return {
    empty: { time: -Infinity, partition: -1, offset: -1, row: null },
    of: () => {
      throw new Error('the last row is not made of a value');
    },
    merge: (one, other) => {
      const [a, b] = [one as LastRow, other as LastRow];
      const order = a.time - b.time || a.partition - b.partition || a.offset - b.offset;
      if (order !== 0 || a.row === null || b.row === null) return order < 0 || a.row === null ? b : a;
      // Rows of one record go by arrival: the one that comes in is the first of the two.
      return a.partition < 0 && Buffer.compare(bytes(a), bytes(b)) < 0 ? b : a;
    },
    result: (state) => (state as LastRow).row,
    toRaw: (state: State) => {
      const { time, partition, offset, row } = state as LastRow;
      return { time, partition, offset, row: toRaw(type, row) };
    },
    fromDatum: (datum) => {
      const fields = datum as ReadonlyMap<string, Datum>;
      const [time, partition, offset] = ['time', 'partition', 'offset'].map((name) => Number(fields.get(name)));
      return { time, partition, offset, row: toValue(type, fields.get('row')!) };
    },
  };
}
