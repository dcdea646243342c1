/** Sinks that are no topics: what they are and what they can hold. */
import type { ParquetAst, SinkAst, StoreAst } from '../ast/ast.js';
import type { Column } from '../plan/plan.js';
import { showStore, storeColumns, type ParquetTarget, storeTopic, type StoreTarget } from '../plan/store-sink.js';
import type { Spanned } from '../yaml/read.js';
import { messages } from './messages.js';
import type { Session } from './session.js';
import { checkClickhouse, clickhouseTarget } from './clickhouse-sinks.js';
import { checkWebhook } from './webhook-sinks.js';

/** The topic that a sink writes, and the store that its rows go on to. */
export interface SinkPlace {
  readonly topic: Spanned<string>;
  readonly store: StoreTarget | null;
}

/** Null: it says none, or none that can be read; reported. */
export function sinkPlace(sink: SinkAst, pipeline: string, session: Session): SinkPlace | null {
  const { topic, stores, ttlMs, valueFormat, keyFormat, span, rollups } = sink;
  const said = [
    ...(topic === null ? [] : [{ kind: 'topic', span: topic.span }]),
    ...stores.map(({ kind, keySpan }) => ({ kind, span: keySpan })),
  ];
  if (said.length > 1) session.report(messages.sinkTargets(said[1].span, said[0].kind, said[1].kind));
  const elsewhere = topic === null ? stores.find(({ kind }) => kind !== 'table') : { kind: 'topic' };
  if (rollups.length > 0 && elsewhere !== undefined)
    session.report(messages.sinkSetting(rollups[0].span, 'rollups', elsewhere.kind, 'they are made of the rows of a `table`'));
  if (topic !== null) {
    if (ttlMs !== null)
      session.report(messages.sinkSetting(ttlMs.span, 'ttl', 'topic', 'a topic keeps its records by `retention` under `topics`'));
    return { topic, store: null };
  }
  const store = stores.at(0);
  if (store === undefined) {
    if (sink.notYet.length === 0 && !sink.saysTarget) session.report(messages.sinkTarget(span));
    return null;
  }
  const format = valueFormat ?? keyFormat;
  const kind = store.kind === 'clickhouse' ? 'table of ClickHouse' : store.kind;
  if (format !== null) session.report(messages.sinkSetting(format.span, 'format', kind, 'only the records of a topic have one'));
  return { topic: { value: storeTopic(pipeline, sink.name ?? 'sink'), span: store.keySpan }, store: targetOf(store, sink, session) };
}

function targetOf(store: StoreAst, { ttlMs }: SinkAst, session: Session): StoreTarget {
  const { kind, name, parquet, webhook } = store;
  if (kind === 'clickhouse') return clickhouseTarget(store, ttlMs?.value ?? null);
  if (kind === 'parquet') {
    if (ttlMs !== null)
      session.report(messages.sinkSetting(ttlMs.span, 'ttl', kind, 'files stay until somebody removes them, by directories of dates'));
    return { kind, path: name.value, ...rollOf(parquet ?? null) };
  }
  if (kind === 'webhook') {
    const headers = Object.fromEntries((webhook?.headers ?? []).map((header) => [header.name.value, header.value.value]));
    return { kind, url: name.value, headers, batch: webhook?.batch ?? 100, timeoutMs: webhook?.timeoutMs ?? 10_000 };
  }
  return { kind, table: name.value, ttlMs: ttlMs?.value ?? null };
}

const PARQUET_DEFAULTS = { everyMs: 300_000, rows: 1_000_000, bytes: 128_000_000 };
const SIZES: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9 };

function rollOf(said: ParquetAst | null): Pick<ParquetTarget, 'everyMs' | 'rows' | 'bytes'> {
  const { everyMs, rows, size } = said ?? { everyMs: null, rows: null, size: null };
  const [, digits = '', unit = ''] = /^(\d+)([a-zA-Z]+)$/.exec(size ?? '') ?? [];
  return {
    everyMs: everyMs ?? PARQUET_DEFAULTS.everyMs,
    rows: rows ?? PARQUET_DEFAULTS.rows,
    bytes: size === null ? PARQUET_DEFAULTS.bytes : Number(digits) * SIZES[unit],
  };
}

/** Whether no other sink writes to the store, and it can tell the columns apart; reports. */
export function checkStore(
  store: StoreTarget,
  {
    columns,
    key,
    sink,
    writers,
  }: {
    readonly columns: readonly Column[];
    readonly key: readonly string[];
    readonly sink: SinkAst;
    readonly writers: Map<string, string>;
  },
  session: Session,
): void {
  if (store.kind === 'webhook') {
    checkWebhook(sink, session);
    return;
  }
  const target = showStore(store);
  const [{ keySpan, name }] = sink.stores;
  const other = writers.get(target.toLowerCase());
  if (other === undefined) writers.set(target.toLowerCase(), sinkName(sink));
  else session.report(messages.storeTwice(name.span, target, other));
  if (store.kind === 'clickhouse') {
    checkClickhouse(sink, columns, key, session);
    return;
  }
  const seen = new Map<string, string>();
  for (const column of columns) {
    const known = seen.get(column.name.toLowerCase());
    if (known !== undefined) session.report(messages.storeColumns(keySpan, known, column.name));
    else if (storeColumns(store).includes(column.name.toLowerCase())) session.report(messages.storeTimeColumn(keySpan, column.name));
    seen.set(column.name.toLowerCase(), column.name);
  }
}

/** As messages name it. */
export function sinkName({ name }: SinkAst): string {
  return name === null ? '`sink`' : `the sink \`${name}\``;
}
