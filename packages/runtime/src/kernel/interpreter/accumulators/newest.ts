/** Rows of tables as they were put last. They are put by the fold that keeps them: nothing is merged. */
import type { Accumulator, Row, Value } from '@rta/dsl';
import { keptColumns } from '../../../plan/table-rows.js';
import { type Raw, toRaw, toValue } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';
import type { Kind } from './kind.js';

/** A row with its time; null: none. */
export type Newest = { readonly time: number; readonly row: Row } | null;

export interface Owned {
  /** Of what is said of the row. */
  readonly version: number;
  /** How many places have joined the row. */
  readonly open: number;
  readonly newest: Newest;
}

const never = (): never => {
  throw new Error('rows are put, and not added up');
};

function codec(accumulator: Accumulator) {
  const columns = keptColumns(accumulator);
  return {
    toRaw: (newest: Newest): Raw =>
      newest && {
        time: newest.time,
        row: Object.fromEntries(columns.map(({ name, type }, i) => [`c${i}`, toRaw(type, newest.row[name])])),
      },
    fromDatum: (datum: Datum): Newest => {
      const fields = datum as ReadonlyMap<string, Datum> | null;
      if (fields === null) return null;
      const row = fields.get('row') as ReadonlyMap<string, Datum>;
      const values = columns.map(({ name, type }, i): [string, Value] => [name, toValue(type, row.get(`c${i}`)!)]);
      return { time: Number(fields.get('time')), row: Object.fromEntries(values) };
    },
  };
}

export function newest(accumulator: Accumulator): Kind<Newest> {
  return { empty: null, of: never, merge: never, result: never, ...codec(accumulator) };
}

export function owned(accumulator: Accumulator): Kind<Owned> {
  const row = codec(accumulator);
  return {
    empty: { version: -1, open: 0, newest: null },
    of: never,
    merge: never,
    result: never,
    toRaw: ({ version, open, newest: kept }) => ({ version, open, row: row.toRaw(kept) }),
    fromDatum: (datum) => {
      const fields = datum as ReadonlyMap<string, Datum>;
      return { version: Number(fields.get('version')), open: Number(fields.get('open')), newest: row.fromDatum(fields.get('row')!) };
    },
  };
}
