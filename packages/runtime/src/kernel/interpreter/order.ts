/** How rows are ordered by expressions. */
import type { Order, Value } from '@rta/dsl';
import { compareValues } from './values.js';

/** Nulls go last unless said, whatever the direction. */
export function compareOrdered(a: Value, b: Value, { descending, nullsFirst }: Pick<Order, 'descending' | 'nullsFirst'>): number {
  if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1;
  return compareValues(a, b) * (descending ? -1 : 1);
}

/** By the values of each order, the most significant first. */
export function compareOrders(a: readonly Value[], b: readonly Value[], orders: readonly Order[]): number {
  return orders.map((order, i) => compareOrdered(a[i], b[i], order)).find((order) => order !== 0) ?? 0;
}
