/** What a store or a sink is asked, and answers: with as of when, and whether it is final. */
import { didYouMean, listing, showTimestamp, type Plan, type SinkNode } from '@rta/dsl';
import { planStages, rowJson, storesOf, type StoreOfPlan, type StoreQuery } from '@rta/runtime';
import { Refused } from '../refused.js';
import type { SinkView } from '../sinks/sink-view.js';
import { selectionOf, type QueryText, type Selection } from './selection.js';
import type { StorePart } from './store-parts.js';

interface AnsweredRow {
  readonly row: Readonly<Record<string, unknown>>;
  /** It will not be changed any more. */
  readonly final: boolean;
}

export interface AsOfJson {
  /** Everything that was committed by then is in it; ISO 8601. */
  readonly time: string;
  /** The least of those that wrote it; null: not known yet. */
  readonly watermark: string | null;
  /** Rows of windows that end by then are final; null where that does not tell. */
  readonly finalThrough: string | null;
}

export interface Answer {
  readonly pipeline: string;
  readonly name: string;
  readonly from: 'store' | 'sink';
  readonly kind: 'stream' | 'table';
  readonly key: readonly string[];
  readonly asOf: AsOfJson;
  /** Whether all rows are. */
  readonly final: boolean;
  readonly rows: readonly AnsweredRow[];
  /** There are more: say a key, a range, windows, or a greater limit. */
  readonly more: boolean;
}

/** Entries of each task of a store that are looked at where no key is named. */
const ENTRIES = 100_000;

/** @throws Refused for a name that is none of the pipeline's */
export function named(plan: Plan, name: string): { readonly store: StoreOfPlan } | { readonly sink: SinkNode } {
  const stores = storesOf(planStages(plan));
  const sink = plan.sinks.find((each) => each.name === name) ?? plan.sinks.find((each) => each.topic === name);
  if (sink !== undefined) return { sink };
  const store = stores.find((each) => each.name === name);
  if (store !== undefined) return { store };
  const names = [...plan.sinks.flatMap((each) => [each.name, each.topic]), ...stores.map((each) => each.name)];
  const help = didYouMean(name, names) ?? `there is ${listing([...new Set(names)], 'and')}`;
  throw new Refused(404, 'unknown_name', `${plan.pipeline} has no store or sink ${name}; ${help}`);
}

/** @param view as things are now */
export function sinkAnswer(plan: Plan, view: SinkView, text: QueryText): Answer {
  const { sink } = view;
  const windowed = sink.columns.some(({ name }) => name === 'window_start') && sink.columns.some(({ name }) => name === 'window_end');
  const selection = selectionOf(text, { name: sink.name, columns: sink.columns, key: sink.key, windowed });
  const rows = view.all().filter(({ row }) => selection.matches(row));
  const shown = rows.slice(0, selection.limit).map(({ row, final }) => ({ row: rowJson(row, sink.columns), final }));
  return {
    pipeline: plan.pipeline,
    name: sink.name,
    from: 'sink',
    kind: sink.compacted ? 'table' : 'stream',
    key: sink.key ?? [],
    asOf: asOfJson(view.asOf.time, view.asOf.watermark, view.finalThrough),
    final: shown.every(({ final }) => final),
    rows: shown,
    more: rows.length > shown.length,
  };
}

export function asOfJson(time: number, watermark: number | null, finalThrough: number | null): AsOfJson {
  const iso = (ms: number | null): string | null => (ms === null ? null : showTimestamp(ms));
  return { time: showTimestamp(time), watermark: iso(watermark), finalThrough: iso(finalThrough) };
}

export function storeSelection(store: StoreOfPlan, text: QueryText): Selection {
  return selectionOf(text, { ...store, columns: columnsOf(store) });
}

export function storeQuery(store: StoreOfPlan, { key }: Selection): StoreQuery {
  return { store: store.name, key, entries: ENTRIES };
}

/** Windows are columns of their rows, whatever the store calls its columns. */
export function columnsOf({ columns, windowed }: StoreOfPlan): StoreOfPlan['columns'] {
  if (!windowed || columns.some(({ name }) => name === 'window_start')) return columns;
  const time = { kind: 'timestamp', unit: 'millis' } as const;
  return [...columns, { name: 'window_start', type: time }, { name: 'window_end', type: time }];
}

/** What tasks have, put together. What is kept is never final: it goes when it is. */
export function storeAnswer(plan: Plan, store: StoreOfPlan, { limit }: Selection, time: number, parts: readonly StorePart[]): Answer {
  const rows = parts.flatMap((part) => part.rows);
  const watermark = parts.reduce((least, part) => Math.min(least, part.watermark ?? -Infinity), Infinity);
  return {
    pipeline: plan.pipeline,
    name: store.name,
    from: 'store',
    kind: 'table',
    key: store.key,
    asOf: asOfJson(time, Number.isFinite(watermark) ? watermark : null, null),
    final: false,
    rows: rows.slice(0, limit).map((row) => ({ row, final: false })),
    more: rows.length > limit || parts.some(({ more }) => more),
  };
}
