/** Sinks that are no topics: their rows go through a topic of their own, from which a deliverer applies them to a store. */

/** What delivers its rows where. */
export type StoreTarget =
  /** A table of the embedded OLAP store. */
  { readonly kind: 'table'; readonly table: string; readonly ttlMs: number | null } | WebhookTarget;

/** Rows as arrays of JSON, by POST. The URL and the headers are as written: what their variables hold is no part of a plan. */
export interface WebhookTarget {
  readonly kind: 'webhook';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Rows of one request, at most. */
  readonly batch: number;
  /** How long a request may take, ms. */
  readonly timeoutMs: number;
}

export type StoreKind = StoreTarget['kind'];

/** The settings that name a store, in the order in which they are looked for. */
export const STORE_KINDS: readonly StoreKind[] = ['table', 'webhook'];

/** The topic that a sink's rows take to their store. */
export function storeTopic(pipeline: string, sink: string): string {
  return `${pipeline}-${sink}`;
}

/** The column of each table that has the event time of a row, which `ttl` goes by. */
export const STORE_TIME = 'rta_time';

/** For people: `table users`, `webhook https://example.com/orders`. */
export function showStore(target: StoreTarget): string {
  // What comes behind a `?` may be a secret, where it should not be.
  return target.kind === 'webhook' ? `webhook ${target.url.split('?', 1)[0]}` : `table ${target.table}`;
}
