import type { SourceAst } from '../ast/ast.js';
import type { Span } from '../diagnostics/diagnostic.js';
import { STREAM_META } from '../expression/scope.js';
import type { KeyFormat } from '../plan/formats.js';
import type { Column, SourceNode } from '../plan/plan.js';
import { avroToType } from '../types/avro.js';
import { STRING } from '../types/lattice.js';
import { isNull, textOf } from '../yaml/node.js';
import { checkOver } from './expressions.js';
import type { Flow } from './flow.js';
import { checkSourceFormat, valueFormatOf } from './formats.js';
import { formatMessages } from './format-messages.js';
import { messages } from './messages.js';
import type { Session } from './session.js';
import { checkSourceKey } from './source-key.js';

/** Keys that `$key` has as text. */
const TEXT_KEYS: readonly KeyFormat[] = ['string', 'json', 'none'];

/** A source of the plan and its rows. */
export interface CheckedSource {
  readonly node: SourceNode;
  readonly flow: Flow;
}

/** Resolves the schema of a source and types it. `use` is where the pipeline names it. Null with reports. */
export function checkSource(ast: SourceAst, use: Span, session: Session): CheckedSource | null {
  const { report } = session;
  const format = valueFormatOf(ast);
  const change = ast.onIncompatibleSchemaChange;
  if (change !== null && format !== 'avro') report(formatMessages.noWriterSchema(change.span, format));
  const schema = loadColumns(ast, session);
  if (schema === null) return null;
  const { unsupported } = schema;
  if (!checkSourceFormat(ast, schema.columns, unsupported, session)) return null;
  const key = checkSourceKey(ast, schema.columns, session);
  if (key === null || ast.topic === null) return null;
  const columns = [...key.adds, ...schema.columns];
  const { $key, ...withoutKey } = STREAM_META;
  const meta = TEXT_KEYS.includes(key.format) ? { $key, ...withoutKey } : withoutKey;
  const flow: Flow = {
    id: `source.${ast.name}`,
    relation: { kind: ast.kind, columns, key: key.names, windowed: false },
    meta,
    unsupported,
    missing: new Set(),
    nullsUnknown: false,
    leftBehind: new Set(),
    periodic: false,
  };
  const time = eventTime(ast, flow, session);
  if (ast.kind === 'table' && key.names === null) {
    report(messages.tableWithoutKey(ast.kindSpan, ast.name));
    return null;
  }
  if (time === null) return null;
  return {
    flow,
    node: {
      id: flow.id,
      name: ast.name,
      topic: ast.topic.value,
      format,
      schema: schema.avro,
      keyFormat: key.format,
      key: key.names,
      keyAdds: key.adds,
      time,
      latenessMs: ast.latenessMs ?? session.project?.defaults.latenessMs ?? 0,
      idleMs: ast.idleMs ?? session.project?.defaults.idleMs ?? null,
      maxAheadMs: ast.maxAheadMs,
      maxDriftMs: ast.maxDriftMs,
      start: ast.start ?? 'earliest',
      ...(change === null || change.value === 'stop' ? {} : { onIncompatibleSchemaChange: change.value }),
      output: flow.relation,
      span: use,
    },
  };
}

/** What types records that are texts. */
const TEXT: SourceNode['schema'] = { type: 'record', name: 'Text', fields: [{ name: 'value', type: 'string' }] };

function loadColumns(
  ast: SourceAst,
  session: Session,
): { columns: Column[]; unsupported: Flow['unsupported']; avro: SourceNode['schema'] } | null {
  const { report } = session;
  if (valueFormatOf(ast) === 'string') {
    if (ast.schema !== null) report(messages.textSchema(ast.schema.span));
    return { columns: [{ name: 'value', type: STRING }], unsupported: [], avro: TEXT };
  }
  if (ast.schema === null) {
    report(messages.noSchema(ast.span, ast.name));
    return null;
  }
  const { value: name, span } = ast.schema;
  const other = ast.topic === null ? null : (session.readerOf?.(ast.topic.value) ?? null);
  const loaded = other === null ? session.loadSchema(name) : { schema: other };
  if (loaded === null) {
    report(messages.unknownSchema(span, name, session.schemaNames()));
    return null;
  }
  const { type, unsupported } = avroToType(loaded.schema);
  if (type === null) {
    const why = unsupported.at(-1);
    report(messages.badSchema(span, name, why?.message ?? 'it is not a valid Avro schema', why?.help));
    return null;
  }
  // What no Avro library reads is no matter of single columns.
  const invalid = unsupported.filter(({ code }) => code === 'RTA1401');
  for (const { message, help } of invalid) report(messages.badSchema(span, name, message, help));
  if (invalid.length > 0) return null;
  if (type.kind !== 'record') {
    report(messages.badSchema(span, name, 'it is not a record', 'the columns of a source are the fields of its record'));
    return null;
  }
  return { columns: type.fields.map((field) => ({ name: field.name, type: field.type })), unsupported, avro: loaded.schema };
}

function eventTime(ast: SourceAst, flow: Flow, session: Session): SourceNode['time'] | null {
  if (ast.time === null || isNull(ast.time) || textOf(ast.time) === '$time') return { from: 'record' };
  if (textOf(ast.time) === '$now') return { from: 'clock' };
  const expr = checkOver(flow, ast.time, session);
  if (expr === null) return null;
  if (expr.type.kind === 'timestamp' || expr.type.kind === 'long') return { from: 'column', expr };
  session.report(messages.badTime(ast.time.span, expr.type));
  return null;
}
