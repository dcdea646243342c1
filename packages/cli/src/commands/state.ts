import type { Plan } from '@rta/dsl';
import { didYouMean, listing, showTimestamp } from '@rta/dsl';
import {
  LogError,
  plainJson,
  planStages,
  rowJson,
  storeRows,
  storeSizes,
  storesOf,
  type Log,
  type StoreOfPlan,
  type StorePartition,
} from '@rta/runtime';
import type { BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure, UsageError } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { bar, tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { asDeployed } from '../project/as-deployed.js';
import { namedPlans } from '../project/named-plans.js';
import { bytes, count } from '../run/figures.js';
import { openExistingBackend } from '../topics/open-existing.js';

interface StateOptions extends BackendOptions {
  readonly dump?: boolean;
  readonly key?: string;
  readonly prefix?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export const addState: AddCommand = (program, act) => {
  program
    .command('state')
    .description('What a pipeline keeps: sizes of its stores, of one by partition and window, or its rows')
    .argument('<pipeline>', 'name, or file')
    .argument('[store]', 'as the list without it names it: the step')
    .option('--dump', 'the rows of the store, as NDJSON')
    .option('--key <key>', 'rows of this key; several columns as a,b')
    .option('--prefix <text>', 'rows whose key begins so')
    .option('--limit <n>', 'at most so many rows', wholeNumber(1))
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log (default: .rta)')
    .option('--json', 'NDJSON: one line per store, partition and window, or per row')
    .addHelpText(
      'after',
      `
It is read from the changelog topics, as far as they are committed: from any machine, whether the pipeline runs or not. Bytes are those
of keys and values there. Of an aggregate a row is its result as it stands, in windows that are not closed too.`,
    )
    .action(act(state));
};

const state: Action<StateOptions> = async (context, [name, storeName], options) => {
  const { plans, loaded } = await namedPlans(context, [name]);
  if (plans.length !== 1) throw new Failure('several_pipelines', `${name} has ${String(plans.length)} pipelines`, 'name one of them');
  const rowsWanted = options.dump === true || options.key !== undefined || options.prefix !== undefined || options.limit !== undefined;
  const backend = await openExistingBackend(context, options, loaded.project);
  try {
    const { log } = backend;
    const [plan] = await asDeployed(context, log, plans);
    const stores = storesOf(planStages(plan));
    const chosen = storeName === undefined ? null : storeNamed(plan, stores, storeName);
    if (rowsWanted && chosen === null && stores.length !== 1)
      throw new UsageError(`rows are those of one store: ${listing(stores.map((store) => store.name), 'or')}`); // prettier-ignore
    if (rowsWanted) await dump(context, log, chosen ?? stores[0], options);
    else if (chosen !== null) await details(context, log, chosen, options.json === true);
    else await sizes(context, log, plan, stores, options.json === true);
    return context.signal.aborted ? EXIT_CODES.interrupted.code : EXIT_CODES.ok.code;
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== 'unknown_topic') throw error;
    throw new Failure('no_state', `${plans[0].pipeline} keeps nothing here: it has not run`, undefined, { cause: error });
  } finally {
    await backend.close();
  }
};

function storeNamed({ pipeline }: Plan, stores: readonly StoreOfPlan[], name: string): StoreOfPlan {
  const found = stores.find((store) => store.name === name);
  if (found !== undefined) return found;
  const names = stores.map((store) => store.name);
  throw new Failure(
    'unknown_store',
    `${pipeline} has no store ${name}`,
    didYouMean(name, names, (other) => other) ?? (names.length === 0 ? 'it keeps no state' : `there is ${listing(names, 'and')}`),
  );
}

async function sizes({ stdout }: CliContext, log: Log, { pipeline }: Plan, stores: readonly StoreOfPlan[], json: boolean): Promise<void> {
  const all: { readonly store: StoreOfPlan; readonly partitions: StorePartition[] }[] = [];
  for (const store of stores) all.push({ store, partitions: await storeSizes(log, store) });
  if (json) {
    const out = new NdjsonWriter(stdout, 'state');
    for (const { store, partitions } of all)
      out.write({ pipeline, store: store.name, kind: store.kind, changelog: store.changelog, ...totalOf(partitions), partitions });
    return;
  }
  if (all.length === 0) {
    stdout.write(`${pipeline} keeps no state\n`);
    return;
  }
  const totals = all.map(({ store, partitions }) => ({ store, ...totalOf(partitions), partitions }));
  const most = Math.max(...totals.map((total) => total.bytes));
  const rows = totals.map(({ store, entries, bytes: size, partitions }) => [
    store.name,
    store.kind,
    count(entries),
    bytes(size),
    bar(size, most, BAR_WIDTH),
    String(partitions.length),
    store.changelog,
  ]);
  stdout.write(`${tableLines(STORES, rows).join('\n')}\n`);
}

const BAR_WIDTH = 10;
const STORES = [
  { title: 'STORE' },
  { title: 'KIND' },
  { title: 'ENTRIES', align: 'right' },
  { title: 'BYTES', align: 'right' },
  { title: '' },
  { title: 'PARTITIONS', align: 'right' },
  { title: 'CHANGELOG' },
] as const;

function totalOf(partitions: readonly StorePartition[]): { readonly entries: number; readonly bytes: number } {
  return { entries: partitions.reduce((sum, p) => sum + p.entries, 0), bytes: partitions.reduce((sum, p) => sum + p.bytes, 0) };
}

/** By partition, and where it has windows, by window. */
async function details({ stdout }: CliContext, log: Log, store: StoreOfPlan, json: boolean): Promise<void> {
  const partitions = await storeSizes(log, store);
  const windows = store.windowed ? await windowsOf(log, store) : [];
  if (json) {
    const out = new NdjsonWriter(stdout, 'state');
    for (const partition of partitions) out.write({ store: store.name, ...partition });
    for (const { start, end, entries } of windows)
      out.write({ store: store.name, window: { start: showTimestamp(start), end: showTimestamp(end) }, entries });
    return;
  }
  const most = Math.max(0, ...partitions.map(({ entries }) => entries));
  const lines = tableLines(
    ['PARTITION', 'ENTRIES', 'BYTES', ''].map((title, i) => (i === 3 ? { title } : { title, align: 'right' as const })),
    partitions.map((p) => [String(p.partition), count(p.entries), bytes(p.bytes), bar(p.entries, most, BAR_WIDTH)]),
  );
  const mostRows = Math.max(0, ...windows.map(({ entries }) => entries));
  if (windows.length > 0)
    lines.push(
      '',
      ...tableLines(
        [{ title: 'WINDOW' }, { title: 'TO' }, { title: 'ROWS', align: 'right' }, { title: '' }],
        windows.map(({ start, end, entries }) => [
          showTimestamp(start),
          showTimestamp(end),
          count(entries),
          bar(entries, mostRows, BAR_WIDTH),
        ]),
      ),
    );
  stdout.write(`${lines.join('\n')}\n`);
}

async function windowsOf(log: Log, store: StoreOfPlan): Promise<{ readonly start: number; readonly end: number; entries: number }[]> {
  const windows = new Map<string, { start: number; end: number; entries: number }>();
  for await (const { row } of storeRows(log, store)) {
    const { window_start: start, window_end: end } = row;
    if (typeof start !== 'number' || typeof end !== 'number') continue;
    const key = `${start} ${end}`;
    const found = windows.get(key) ?? { start, end, entries: 0 };
    found.entries++;
    windows.set(key, found);
  }
  return [...windows.values()].sort((a, b) => a.start - b.start || a.end - b.end);
}

async function dump(context: CliContext, log: Log, store: StoreOfPlan, { key, prefix, limit = Infinity }: StateOptions): Promise<void> {
  if ((key !== undefined || prefix !== undefined) && store.key.length === 0)
    throw new UsageError(`the rows of ${store.name} have no key columns: --dump shows all`);
  const out = new NdjsonWriter(context.stdout, 'state');
  let left = limit;
  for await (const { partition, row } of storeRows(log, store)) {
    if (left <= 0 || context.signal.aborted) return;
    const json = rowJson(row, store.columns);
    const id = store.key.map((name) => textOf(json[name])).join(',');
    if ((key !== undefined && id !== key) || (prefix !== undefined && !id.startsWith(prefix))) continue;
    out.write({ partition, row: json });
    left--;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, plainJson);
}
