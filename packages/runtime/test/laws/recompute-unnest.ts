/** The rows that `unnest` makes, and where they stand among others. */
import type { UnnestTransform, Value } from '@rta/dsl';
import { evaluateExpr } from './evaluation.js';
import type { StreamItem } from './recompute.js';

export function itemsOf({ array, column }: UnnestTransform, item: StreamItem): StreamItem[] {
  const values = (evaluateExpr(array, item) ?? []) as readonly Value[];
  return values.map((value, i) => ({ ...item, row: { ...item.row, [column.name]: value }, path: [...(item.path ?? []), i] }));
}

/** By event time, partition, offset and number of the item. */
export function comparePlaces(a: StreamItem, b: StreamItem): number {
  const place = ({ time, origin, path = [] }: StreamItem): number[] => [time, origin?.partition ?? -1, origin?.offset ?? -1, ...path];
  const [x, y] = [place(a), place(b)];
  const at = x.findIndex((part, i) => part !== (y[i] ?? part));
  return at < 0 ? 0 : x[at] - y[at];
}
