/**
 * What the tasks of a store have, wherever they are: those of this process from their state, those of others by asking where they serve, and what
 * nobody answers for from the changelog.
 */
import type { Plan } from '@rta/dsl';
import { applicationIdOf, queryChangelog, rowJson, type Log, type StoreAnswer, type StoreOfPlan } from '@rta/runtime';
import { columnsOf, storeQuery } from './answer.js';
import type { QueryText, Selection } from './selection.js';

/** What one task has. */
export interface StorePart {
  readonly partition: number;
  /** ms since the epoch; null: none yet. */
  readonly watermark: number | null;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly more: boolean;
}

/** Another process that does not answer by then is not waited for, ms. */
const PATIENCE_MS = 2_000;

export interface OthersOptions {
  readonly plan: Plan;
  readonly store: StoreOfPlan;
  readonly selection: Selection;
  /** To be asked of others as it came. */
  readonly text: QueryText;
  readonly log: Log;
  /** What all processes of the pipeline ask for; null: nothing. */
  readonly token: string | null;
  /** Where this one serves: it is not asked. */
  readonly address: string | null;
}

/** What is asked for of a task's answer. */
export function partOf({ partition, watermark, rows, more }: StoreAnswer, store: StoreOfPlan, selection: Selection): StorePart {
  const found = rows.filter((row) => selection.matches(row));
  const columns = columnsOf(store);
  return {
    partition,
    watermark,
    rows: found.slice(0, selection.limit).map((row) => rowJson(row, columns)),
    more: more || found.length > selection.limit,
  };
}

/** @param here what this process has. Rejects with LogError. */
export async function withTheOthers(here: readonly StorePart[], options: OthersOptions): Promise<readonly StorePart[]> {
  const { store, selection, log } = options;
  const parts = new Map(here.map((part) => [part.partition, part]));
  const all = (await log.offsets(store.changelog)).map(({ partition }) => partition);
  const missing = (): number[] => all.filter((partition) => !parts.has(partition));
  for (const address of missing().length === 0 ? [] : await addressesOf(missing(), options))
    for (const part of await partsAt(address, options)) if (!parts.has(part.partition)) parts.set(part.partition, part);
  for (const partition of missing()) {
    const answer = await queryChangelog(log, store, partition, storeQuery(store, selection));
    parts.set(partition, partOf(answer, store, selection));
  }
  return [...parts.values()];
}

/** Where those serve that have tasks of these partitions. */
async function addressesOf(partitions: readonly number[], { plan, store, log, address: own }: OthersOptions): Promise<ReadonlySet<string>> {
  const { topic } = store.stage.inputs[0];
  const members = await log.groupMembers(plan.applicationId ?? applicationIdOf(plan.pipeline));
  const having = members.filter((member) => member.partitions.some((each) => each.topic === topic && partitions.includes(each.partition)));
  return new Set(having.flatMap(({ address }) => (address === null || address === own ? [] : [address])));
}

/** Nothing where it does not answer: it may be gone, or have nothing any more. */
async function partsAt(address: string, { plan, store, text, token }: OthersOptions): Promise<readonly StorePart[]> {
  const query = new URLSearchParams({ ...text, here: 'true' }).toString();
  const url = `${address}/query/${encodeURIComponent(plan.pipeline)}/${encodeURIComponent(store.name)}?${query}`;
  try {
    const headers = token === null ? undefined : { authorization: `Bearer ${token}` };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.ok ? ((await response.json()) as { readonly parts: readonly StorePart[] }).parts : [];
  } catch {
    return [];
  }
}
