/** Rows of tables as they were put last. They are put by the fold that keeps them: nothing is merged. */
import type { Accumulator, Value } from '@rta/dsl';
import { toRaw, toValue } from '../avro-codec.js';
import type { Raw } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';
import { definite } from '../values.js';
import type { Kind } from './kind.js';

/** A row with its time; null: none. */
export type Newest = { readonly time: number; readonly row: Value } | null;

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

function codec({ type }: Accumulator) {
  const row = definite(type);
  return {
    toRaw: (newest: Newest): Raw => newest && { time: newest.time, row: toRaw(row, newest.row) },
    fromDatum: (datum: Datum): Newest => {
      const fields = datum as ReadonlyMap<string, Datum> | null;
      return fields && { time: Number(fields.get('time')), row: toValue(row, fields.get('row')!) };
    },
  };
}

export function newest(accumulator: Accumulator): Kind<Newest> {
  return { empty: null, of: never, merge: never, result: (kept) => kept && kept.row, ...codec(accumulator) };
}

export function owned(accumulator: Accumulator): Kind<Owned> {
  const row = codec(accumulator);
  return {
    empty: { version: -1, open: 0, newest: null },
    of: never,
    merge: never,
    result: ({ newest: kept }) => kept && kept.row,
    toRaw: ({ version, open, newest: kept }) => ({ version, open, row: row.toRaw(kept) }),
    fromDatum: (datum) => {
      const fields = datum as ReadonlyMap<string, Datum>;
      return { version: Number(fields.get('version')), open: Number(fields.get('open')), newest: row.fromDatum(fields.get('row')!) };
    },
  };
}
