/** What pipelines keep, from their changelogs: sizes and rows, wherever the pipeline runs or does not. */
import type { Column, FoldTransform, Row, Value } from '@rta/dsl';
import { AvroCodec, toValue } from '../kernel/interpreter/avro-codec.js';
import type { Datum } from '../kernel/interpreter/avro-read.js';
import { keySchema, layoutOf } from '../kernel/state-layout.js';
import type { Log } from '../log/log.js';
import type { PhysicalPlan, Stage, StageNode, StoreSpec } from '../plan/physical.js';
import { changelogState, type ChangelogState } from './changelog.js';
import { keptBy } from './kept-rows.js';

/** A store of a pipeline. */
export interface StoreOfPlan {
  /** The step, and where it has several stores, what they are: `totals`, `scores/join`. */
  readonly name: string;
  readonly kind: StoreSpec['kind'];
  readonly changelog: string;
  /** Of its rows; those that no column names (a join's sides, say) have none here. */
  readonly columns: readonly Column[];
  /** Columns by which rows are told apart. */
  readonly key: readonly string[];
  readonly windowed: boolean;
  readonly stage: Stage;
  readonly number: number;
}

/** Entries of a store in one partition. */
export interface StorePartition {
  readonly partition: number;
  readonly entries: number;
  /** Of keys and values, as they are in the changelog. */
  readonly bytes: number;
}

/** A row of a store, and where it is. */
interface StoreRow {
  readonly partition: number;
  readonly row: Row;
}

/** In the order of the stages. */
export function storesOf({ stages }: PhysicalPlan): StoreOfPlan[] {
  const all = stages.flatMap((stage) => stage.stores.map((spec, number) => ({ stage, spec, number, node: stage.nodes[spec.node] })));
  const isTaken = (name: string, step: string): boolean => name === step && all.filter(({ node }) => node.step === step).length > 1;
  return all.map(({ stage, spec, number, node }) => {
    const kinds = all.filter((other) => other.node.step === node.step && other.spec.kind === spec.kind);
    const long = kinds.length > 1 ? `${node.step}/${spec.kind}-${String(stage.id)}` : `${node.step}/${spec.kind}`;
    return {
      name: isTaken(node.step, node.step) ? long : node.step,
      kind: spec.kind,
      changelog: stage.changelog ?? '',
      columns: columnsOf(spec, node),
      key: keyOf(spec, node),
      windowed: node.op === 'fold' && node.transform.window !== null,
      stage,
      number,
    };
  });
}

function columnsOf(spec: StoreSpec, node: StageNode): readonly Column[] {
  if (spec.kind === 'fold') return node.columns;
  return spec.kind === 'rows' ? node.inputColumns : [];
}

function keyOf(spec: StoreSpec, node: StageNode): readonly string[] {
  if (spec.kind === 'fold' && node.op === 'fold') return node.transform.group.map(({ name }) => name);
  return spec.kind === 'rows' ? (node.inputKey ?? []) : [];
}

/** Rejects with LogError. */
export async function storeSizes(log: Log, store: StoreOfPlan): Promise<StorePartition[]> {
  const sizes: StorePartition[] = [];
  for (const { partition } of await log.offsets(store.changelog)) {
    const entries = entriesOf(await changelogState(log, store.changelog, partition), store);
    sizes.push({ partition, entries: entries.length, bytes: entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0) });
  }
  return sizes;
}

/** All rows, partition by partition; of an aggregate its results as they stand, windows that are not closed too. Rejects with LogError. */
export async function* storeRows(log: Log, store: StoreOfPlan): AsyncGenerator<StoreRow, void, undefined> {
  for (const { partition } of await log.offsets(store.changelog)) {
    const state = await changelogState(log, store.changelog, partition);
    for (const row of rowsOf(state, store)) yield { partition, row };
  }
}

function entriesOf({ entries }: ChangelogState, { number }: StoreOfPlan) {
  return [...entries.values()].filter(([key]) => key[0] === number);
}

/** Rows of the entries that are in `state`. */
export function rowsOf(state: ChangelogState, store: StoreOfPlan): readonly Row[] {
  const node = store.stage.nodes[store.stage.stores[store.number].node];
  if (node.op === 'fold' && node.transform.window?.kind !== 'sliding') return keptBy(node, state);
  const codec = new AvroCodec(layoutOf(store.stage, store.number).schema);
  const sides =
    node.op === 'join' ? [node.inputColumns, node.rightColumns] : node.op === 'foreign' ? [node.leftColumns, node.rightColumns] : [];
  return entriesOf(state, store).flatMap(([key, value]) => {
    const group = node.op === 'fold' ? slidingGroup(node.transform, key) : {};
    const datum = codec.decode(value.subarray(FINGERPRINT_BYTES));
    return (Array.isArray(datum) ? datum : [datum]).map((each) => ({ ...group, ...rowOf(each, node.inputColumns, sides) }));
  });
}

const FINGERPRINT_BYTES = 4;
/** Store number and time, in front of the group. */
const SLIDING_PREFIX_BYTES = 9;

function slidingGroup({ group }: FoldTransform, key: Uint8Array): Row {
  const columns = group.map(({ name, expr }) => ({ name, type: expr.type }));
  const fields = new AvroCodec(keySchema(columns)).decode(key.subarray(SLIDING_PREFIX_BYTES)) as ReadonlyMap<string, Datum>;
  return Object.fromEntries(columns.map(({ name, type }, i) => [name, toValue(type, fields.get(`k${String(i)}`)!)]));
}

/** Fields of state-layout.ts by their columns' names. */
function rowOf(datum: Datum, columns: readonly Column[], sides: readonly (readonly Column[])[]): Row {
  const row: Record<string, Value> = {};
  for (const [field, value] of datum as ReadonlyMap<string, Datum>) {
    const [, index] = /^c(\d+)$/.exec(field) ?? [];
    const side = field === 'left' ? sides.at(0) : field === 'right' ? sides.at(1) : undefined;
    if (index !== undefined) {
      const column = columns[Number(index)];
      row[column.name] = toValue(column.type, value);
    } else if (side !== undefined) row[field] = value === null ? null : rowOf(value, side, []);
    else if (field === 'time') row['$time'] = plain(value);
    else row[field] = plain(value);
  }
  return row;
}

function plain(datum: Datum): Value {
  if (Array.isArray(datum)) return datum.map(plain);
  return datum instanceof Map
    ? Object.fromEntries([...(datum as ReadonlyMap<string, Datum>)].map(([name, each]) => [name, plain(each)]))
    : (datum as Value);
}
