/** How many conditions were met one after the other. */
import type { Accumulator } from '@rta/dsl';
import type { Datum } from '../avro-read.js';
import { comparePlaces, type Kind, type Place, placeOf } from './kind.js';

interface Met extends Place {
  /** The conditions, as bits. */
  readonly met: number;
}

export interface Journey {
  readonly complete: boolean;
  readonly rows: readonly Met[];
}

export function funnel({ limit = 1 }: Accumulator): Kind<Journey> {
  const [first, last] = [1, 2 ** (limit - 1)];
  /** Rows that may still matter: of those that meet only the first condition the first, of those that meet only the last the last. */
  const settled = (rows: readonly Met[]): Journey => {
    if (depth(rows) === limit) return { complete: true, rows: [] };
    const sorted = [...rows].sort((a, b) => comparePlaces(a, b) || a.met - b.met);
    const earliest = sorted.findIndex(({ met }) => met === first);
    const latest = sorted.findLastIndex(({ met }) => met === last);
    return { complete: false, rows: sorted.filter(({ met }, i) => !(met === first && i !== earliest) && !(met === last && i !== latest)) };
  };
  const depth = (rows: readonly Met[]): number => {
    const sorted = [...rows].sort((a, b) => comparePlaces(a, b) || a.met - b.met);
    return sorted.reduce((reached, { met }) => ((met >> reached) & 1) + reached, 0);
  };
  return {
    empty: { complete: false, rows: [] },
    of: ({ value, place }) => (value === 0 ? { complete: false, rows: [] } : settled([{ ...place, met: Number(value) }])),
    merge: (a, b) => (a.complete || b.complete ? { complete: true, rows: [] } : settled([...a.rows, ...b.rows])),
    result: ({ complete, rows }) => (complete ? limit : depth(rows)),
    toRaw: ({ complete, rows }) => ({ complete, rows: rows.map((row) => ({ ...row })) }),
    fromDatum: (datum) => {
      const fields = datum as ReadonlyMap<string, Datum>;
      const rows = (fields.get('rows') as ReadonlyMap<string, Datum>[]).map((row): Met => ({
        ...placeOf(row),
        met: Number(row.get('met')),
      }));
      return fields.get('complete') === true ? { complete: true, rows: [] } : settled(rows);
    },
  };
}
