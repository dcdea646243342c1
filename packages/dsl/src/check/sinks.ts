import type { SinkAst } from '../ast/ast.js';
import type { AvroSchema, Column, SinkNode } from '../plan/plan.js';
import type { Rollup } from '../plan/rollup.js';
import type { TableTarget } from '../plan/store-sink.js';
import { typeToAvro } from '../types/avro.js';
import { isNullable } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import type { Graph } from './streams.js';
import type { Flow } from './flow.js';
import { sinkFormats } from './formats.js';
import { messages } from './messages.js';
import type { Session } from './session.js';
import { checkRollups } from './rollups.js';
import { checkStore, sinkName, sinkPlace } from './store-sinks.js';

/** The namespace of the schemas that sinks derive. */
const NAMESPACE = 'rta.sinks';

/** A sink, and the columns that it should have and has not because of reported errors: what names them is not reported again. */
export interface CheckedSink {
  readonly node: SinkNode;
  /** The stream or source that it names; null: it takes the last one. */
  readonly from: string | null;
  readonly missing: ReadonlySet<string>;
}

/** Checks the sinks and derives their schemas. */
export function checkSinks(sinks: readonly SinkAst[], pipeline: string, graph: Graph, session: Session): readonly CheckedSink[] {
  const nodes: CheckedSink[] = [];
  const storeWriters = new Map<string, string>();
  const writers = new Map<string, string>();
  const read = new Set(graph.sources.map((source) => source.topic));
  for (const sink of sinks) {
    for (const entry of sink.notYet)
      session.report(
        messages.notYet(
          entry.keySpan,
          `\`${entry.key}\` in a sink`,
          'a sink says one of `topic: name`, `table: name`, `clickhouse: table`, `parquet: ./directory` and `webhook: url`',
        ),
      );
    const place = sinkPlace(sink, pipeline, session);
    if (place !== null) {
      const { value: topic, span } = place.topic;
      const other = writers.get(topic);
      if (other !== undefined) session.report(messages.topicTwice(span, topic, other));
      else writers.set(topic, sinkName(sink));
      if (read.has(topic)) session.report(messages.readsOwnSink(span, topic));
    }
    const flow = graph.resolve(sink.from, sink.span);
    if (flow === null || place === null) continue;
    const { store, topic } = place;
    const key = sinkKey(sink, flow, session);
    const columns = flow.relation.columns;
    if (store !== null) checkStore(store, { columns, key: key ?? [], sink, writers: storeWriters }, session);
    const target = store?.kind === 'table' ? withRollups(store, checkRollups(sink, flow, storeWriters, session)) : store;
    // A key that reported errors took away.
    if (key?.some((name) => !columns.some((column) => column.name === name)) === true) continue;
    const storable = columns.map((column) => isStorable(column, sink, session)).every((fine) => fine);
    if (!storable || key === undefined) continue;
    const formats = sinkFormats(sink, flow.relation, key, session);
    if (formats === null) continue;
    const { format, keyFormat } = formats;
    const node: SinkNode = {
      id: sink.name === null ? 'sink' : `sink.${sink.name}`,
      name: sink.name ?? 'sink',
      input: flow.id,
      topic: topic.value,
      format,
      keyFormat,
      key: keyFormat === 'none' ? null : key,
      keySchema: keyFormat === 'avro' && key !== null ? keySchema(topic.value, columns, key) : null,
      valueSchema: format === 'avro' ? valueSchema(topic.value, columns) : null,
      compacted: flow.relation.kind === 'table',
      ...(target === null ? {} : { store: target }),
      columns,
      span: sink.span,
    };
    nodes.push({ node, from: sink.from?.value ?? null, missing: flow.missing });
  }
  return nodes;
}

function withRollups(store: TableTarget, rollups: readonly Rollup[]): TableTarget {
  return rollups.length === 0 ? store : { ...store, rollups };
}

/** The key columns; null: none; undefined: reported. */
function sinkKey(sink: SinkAst, { relation, nullsUnknown }: Flow, session: Session): readonly string[] | null | undefined {
  if (sink.key === null) return relation.kind === 'table' || (relation.key !== null && relation.key.length > 0) ? relation.key : null;
  if (sink.key.length === 0) return undefined; // The form of the file says so.
  const names = relation.columns.map((column) => column.name);
  const key: string[] = [];
  for (const node of sink.key) {
    const column = relation.columns.find((candidate) => candidate.name === node.text);
    if (column === undefined) session.report(messages.unknownColumn(node.span, node.text, names));
    else if (isNullable(column.type) && !nullsUnknown) session.report(messages.nullableSinkKey(node.span, node.text));
    else key.push(node.text);
  }
  if (key.length < sink.key.length) return undefined;
  if (relation.kind === 'table' && relation.key !== null && key.join() !== relation.key.join()) {
    session.report(messages.sinkKeyOfTable(sink.key[0].span, relation.key.length > 0 ? relation.key : ['(one row, no key)']));
    return undefined;
  }
  return key;
}

/** Durations and bare nulls are values of expressions only. */
function isStorable(column: Column, sink: SinkAst, session: Session): boolean {
  if (!['null', 'duration'].includes(column.type.kind)) return true;
  session.report(messages.notAvro(sink.span, column.name, column.type));
  return false;
}

/** The schema of the values of a sink. */
export function valueSchema(topic: string, columns: readonly Column[]): AvroSchema {
  return typeToAvro(recordOf(pascalCase(topic), columns), { name: pascalCase(topic), namespace: NAMESPACE });
}

/** A primitive for one column, else a record. The single row of a global table has a record without fields. */
export function keySchema(topic: string, columns: readonly Column[], key: readonly string[]): AvroSchema {
  const keyColumns = key.map((name) => columns.find((column) => column.name === name)!);
  if (keyColumns.length === 1) return typeToAvro(keyColumns[0].type);
  const name = `${pascalCase(topic)}Key`;
  return typeToAvro(recordOf(name, keyColumns), { name, namespace: NAMESPACE });
}

function recordOf(name: string, columns: readonly Column[]): Type {
  return { kind: 'record', name: `${NAMESPACE}.${name}`, fields: columns.map((column) => ({ name: column.name, type: column.type })) };
}

/** `top-teams` is `TopTeams`: the name of a topic's record. */
export function pascalCase(topic: string): string {
  const name = topic
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== '')
    .map((part) => part[0].toUpperCase() + part.slice(1))
    .join('');
  return /^[A-Za-z]/.test(name) ? name : `Topic${name}`;
}
