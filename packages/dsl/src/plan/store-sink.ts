/** Sinks that are no topics: their rows go through a topic of their own, from which a deliverer applies them to a store. */

/** What delivers its rows where. */
export type StoreTarget =
  /** A table of the embedded OLAP store. */
  { readonly kind: 'table'; readonly table: string; readonly ttlMs: number | null };

export type StoreKind = StoreTarget['kind'];

/** The settings that name a store, in the order in which they are looked for. */
export const STORE_KINDS: readonly StoreKind[] = ['table'];

/** The topic that a sink's rows take to their store. */
export function storeTopic(pipeline: string, sink: string): string {
  return `${pipeline}-${sink}`;
}

/** The column of each table that has the event time of a row, which `ttl` goes by. */
export const STORE_TIME = 'rta_time';

/** For people: `table users`. */
export function showStore(target: StoreTarget): string {
  return `table ${target.table}`;
}
