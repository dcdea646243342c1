/** The first rows of a group in an order. Over a table, whose rows may be taken back, there are all. */
import { Buffer } from 'node:buffer';
import type { Accumulator, Row, Value } from '@rta/dsl';
import { rowTypeOf } from '../../../plan/columns-used.js';
import { valueSchema } from '../../state-layout.js';
import { AvroCodec, toRaw, toValue } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';
import { compareOrders } from '../order.js';
import { definite } from '../values.js';
import { comparePlaces, type Kind, type Place, placeOf } from './kind.js';

interface TopRow {
  /** The values of the orders. */
  readonly by: readonly Value[];
  readonly place: Place;
  readonly row: Row;
  readonly bytes: Buffer;
  /** How many there are of it; of a stream always one. */
  readonly n: number;
}

/** Best first. */
type TopRows = readonly TopRow[];

const NOWHERE: Place = { time: 0, partition: -1, offset: -1 };

/** The state of one row alone. */
export function stateOfTopRow(accumulator: Accumulator, row: Row, by: readonly Value[], place: Place): TopRows {
  const type = rowTypeOf(accumulator);
  const kept = Object.fromEntries(type.fields.map(({ name }) => [name, row[name]]));
  const bytes = new AvroCodec(valueSchema(type)).encode(toRaw(type, kept));
  return [{ by, place: accumulator.retracts ? NOWHERE : place, row: kept, bytes, n: 1 }];
}

export function topRows(accumulator: Accumulator): Kind<TopRows> {
  const { limit = 1, retracts = false } = accumulator;
  const { by: orders, ties, rank } = accumulator.top!;
  const type = rowTypeOf(accumulator);
  const codec = new AvroCodec(valueSchema(type));
  const compareBy = (a: TopRow, b: TopRow): number => compareOrders(a.by, b.by, orders);
  const compare = (a: TopRow, b: TopRow): number => compareBy(a, b) || comparePlaces(a.place, b.place) || Buffer.compare(a.bytes, b.bytes);
  const best = (sorted: TopRow[]): TopRow[] => sorted.filter((row, i) => i < limit || (ties && compareBy(row, sorted[limit - 1]) === 0));
  const summed = (sorted: TopRow[]): TopRow[] => {
    const rows: TopRow[] = [];
    for (const row of sorted) {
      const last = rows.at(-1);
      if (last === undefined || compare(last, row) !== 0) rows.push(row);
      else rows[rows.length - 1] = { ...last, n: last.n + row.n };
    }
    return rows.filter(({ n }) => n !== 0);
  };
  const given = (row: Row, i: number): Row => (rank === null ? row : { [rank]: i + 1, ...row });
  return {
    empty: [],
    of: () => {
      throw new Error('rows are not made of a value');
    },
    merge: (a, b) => {
      const sorted = [...a, ...b].sort(compare);
      return retracts ? summed(sorted) : best(sorted);
    },
    inverse: (state) => state.map((row) => ({ ...row, n: -row.n })),
    result: (state) => {
      const rows = state.flatMap(({ row, n }) => new Array<Row>(Math.max(0, n)).fill(row)).map(given);
      return accumulator.type.kind === 'array' ? rows : rows[0];
    },
    toRaw: (state) =>
      state.map(({ by, place, row, n }) => ({
        ...Object.fromEntries(orders.map(({ expr }, i) => [`b${String(i)}`, by[i] === null ? null : toRaw(definite(expr.type), by[i])])),
        ...place,
        row: toRaw(type, row),
        n,
      })),
    fromDatum: (datum) =>
      (datum as ReadonlyMap<string, Datum>[]).map((fields) => {
        const by = orders.map(({ expr }, i) => {
          const value = fields.get(`b${String(i)}`)!;
          return value === null ? null : toValue(definite(expr.type), value);
        });
        const row = toValue(type, fields.get('row')!) as Row;
        return { by, place: placeOf(fields), row, bytes: codec.encode(toRaw(type, row)), n: Number(fields.get('n') ?? 1) };
      }),
  };
}
