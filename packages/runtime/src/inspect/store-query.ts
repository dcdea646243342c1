/** Rows of a store of one task, from what is certain of it: by key without looking at the others, else one after the other. */
import type { Row } from '@rta/dsl';
import { RowCodec } from '../kernel/interpreter/avro-codec.js';
import { keySchema } from '../kernel/state-layout.js';
import { hasWindowTables } from '../plan/window-times.js';
import type { Log } from '../log/log.js';
import type { PhysicalPlan, Stage } from '../plan/physical.js';
import type { StateStore } from '../state/store.js';
import { decodePosition, POSITION_KEY, type TaskPosition } from '../task/position.js';
import { changelogState } from './changelog.js';
import { rowsOf, storesOf, type StoreOfPlan } from './stores.js';

/** Plain data: it goes to other threads. */
export interface StoreQuery {
  /** As `storesOf` has it. */
  readonly store: string;
  /** Values of all key columns; null: of any. */
  readonly key: Row | null;
  /** Entries that are looked at, at most, where there is no key. */
  readonly entries: number;
}

/** What one task has. */
export interface StoreAnswer {
  readonly partition: number;
  /** Of the task at the commit that this shows, ms since the epoch; null: none yet. */
  readonly watermark: number | null;
  readonly rows: readonly Row[];
  /** There were more entries than were to be looked at. */
  readonly more: boolean;
}

/** @throws RangeError for a store that the plan has not */
export function storeNamed(plan: PhysicalPlan, name: string): StoreOfPlan {
  const store = storesOf(plan).find((each) => each.name === name);
  if (store === undefined) throw new RangeError(`there is no store ${name}`);
  return store;
}

/** Rejects with StateStoreError, `closed` where the task is taken away meanwhile. */
async function queryState(state: StateStore, store: StoreOfPlan, partition: number, query: StoreQuery): Promise<StoreAnswer> {
  const position = positionIn(state);
  const entries = new Map<string, readonly [Uint8Array, Uint8Array]>();
  const take = (key: Uint8Array, value: Uint8Array | undefined): void => {
    if (value !== undefined) entries.set(Buffer.from(key).toString('latin1'), [key, value]);
  };
  let more = false;
  if (query.key !== null) {
    const group = keyOf(store, query.key);
    if (numbered(store) === 'no') take(storeKey(store, null, group), state.get(storeKey(store, null, group)));
    else if (numbered(store) === 'windows')
      for await (const id of windowIds(state, store)) take(storeKey(store, id, group), state.get(storeKey(store, id, group)));
    else for await (const [key, value] of state.range(...bounds(store))) if (endsWith(key, group)) take(key, value);
  } else
    for await (const [key, value] of state.range(...bounds(store))) {
      if (entries.size === query.entries) {
        more = true;
        break;
      }
      take(key, value);
    }
  return { partition, watermark: watermarkOf(position), rows: rowsOf({ entries, position }, store), more };
}

/** The same from the changelog: from any machine, for what that takes to read it all. Rejects with LogError. */
export async function queryChangelog(log: Log, store: StoreOfPlan, partition: number, query: StoreQuery): Promise<StoreAnswer> {
  const { entries, position } = await changelogState(log, store.changelog, partition);
  const group = query.key === null ? null : keyOf(store, query.key);
  const found = new Map<string, readonly [Uint8Array, Uint8Array]>();
  let more = false;
  for (const [id, entry] of entries) {
    const [key] = entry;
    if (key[0] !== store.number || (group !== null && !endsWith(key, group))) continue;
    more = found.size === query.entries;
    if (more) break;
    found.set(id, entry);
  }
  return { partition, watermark: watermarkOf(position), rows: rowsOf({ entries: found, position }, store), more };
}

/** Bytes of a window's number in front of the group. */
const NUMBER_BYTES = 8;

/** What stands in front of the group in keys: nothing, the number of a window, of which few are open, or a moment, of which there are many. */
function numbered({ stage, number }: StoreOfPlan): 'no' | 'windows' | 'moments' {
  const node = stage.nodes[stage.stores[number].node];
  if (node.op !== 'fold') return 'no';
  if (node.transform.window?.kind === 'sliding') return 'moments';
  return hasWindowTables(node.transform) ? 'windows' : 'no';
}

/** The numbers of the windows that the store has entries of. */
async function* windowIds(state: StateStore, store: StoreOfPlan): AsyncGenerator<Buffer, void, undefined> {
  const [, end] = bounds(store);
  let from: Uint8Array = Uint8Array.of(store.number);
  for (;;) {
    const id: Buffer | null = await firstNumber(state, from, end);
    if (id === null) return;
    yield id;
    const next = id.readBigUInt64BE() + 1n;
    if (next > 0xffff_ffff_ffff_ffffn) return;
    const behind = Buffer.alloc(1 + NUMBER_BYTES);
    behind[0] = store.number;
    behind.writeBigUInt64BE(next, 1);
    from = behind;
  }
}

async function firstNumber(state: StateStore, from: Uint8Array, end: Uint8Array): Promise<Buffer | null> {
  for await (const [key] of state.range(from, end)) return Buffer.from(key.subarray(1, 1 + NUMBER_BYTES));
  return null;
}

function storeKey({ number }: StoreOfPlan, id: Uint8Array | null, group: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(number), id ?? new Uint8Array(0), group]);
}

function bounds({ number }: StoreOfPlan): [Uint8Array, Uint8Array] {
  return [Uint8Array.of(number), Uint8Array.of(number + 1)];
}

/** The group as it stands at the end of keys. */
function keyOf({ stage, number, key }: StoreOfPlan, values: Row): Buffer {
  const node = stage.nodes[stage.stores[number].node];
  const columns =
    node.op === 'fold'
      ? node.transform.group.map(({ name, expr }) => ({ name, type: expr.type }))
      : key.map((name) => node.inputColumns.find((column) => column.name === name)!);
  return new RowCodec(keySchema(columns), columns, (_, i) => `k${i}`).encode(values);
}

function endsWith(key: Uint8Array, group: Uint8Array): boolean {
  const behind = key.length - group.length;
  return (behind === 1 || behind === 1 + NUMBER_BYTES) && Buffer.compare(key.subarray(behind), group) === 0;
}

function positionIn(state: StateStore): TaskPosition | null {
  const bytes = state.get(POSITION_KEY);
  return bytes === undefined ? null : decodePosition(Buffer.from(bytes).toString('utf8'));
}

function watermarkOf(position: TaskPosition | null): number | null {
  return position !== null && Number.isFinite(position.watermark) ? position.watermark : null;
}

/** A task, as queries see it. */
interface QueriedTask {
  readonly stage: Stage;
  readonly partition: number;
  readonly running: boolean;
  certainState(): Promise<StateStore | null>;
}

/** What the tasks that are here have of a store. Rejects with StateStoreError. */
export async function queryTasks(plan: PhysicalPlan, tasks: Iterable<QueriedTask>, query: StoreQuery): Promise<StoreAnswer[]> {
  const store = storeNamed(plan, query.store);
  const answers: StoreAnswer[] = [];
  for (const task of tasks) {
    if (task.stage.id !== store.stage.id || !task.running) continue;
    const state = await task.certainState();
    if (state !== null) answers.push(await queryState(state, store, task.partition, query));
  }
  return answers;
}
