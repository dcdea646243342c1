import type { SourceAst } from '../ast/ast.js';
import type { Span } from '../diagnostics/diagnostic.js';
import { STREAM_META } from '../expression/scope.js';
import type { Column, SourceNode } from '../plan/plan.js';
import { avroToType } from '../types/avro.js';
import { definite, isNullable, showType } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import { yamlMessages } from '../yaml/messages.js';
import { isNull, textOf } from '../yaml/node.js';
import { checkOver } from './expressions.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { Session } from './session.js';

/** A source of the plan and its rows. */
export interface CheckedSource {
  readonly node: SourceNode;
  readonly flow: Flow;
}

/** Resolves the schema of a source and types it. `use` is where the pipeline names it. Null with reports. */
export function checkSource(ast: SourceAst, use: Span, session: Session): CheckedSource | null {
  const { report } = session;
  for (const entry of ast.notYet) {
    if (entry.key !== 'onIncompatibleSchemaChange' || textOf(entry.value) !== 'stop')
      report(messages.notYet(entry.keySpan, `\`${entry.key}\``));
  }
  const format = valueFormat(ast, session);
  const keyFormat = keyFormatOf(ast, session);
  const schema = loadColumns(ast, session);
  if (schema === null) return null;
  const { columns, unsupported } = schema;
  const key = sourceKey(ast, columns, session);
  if (format === null || keyFormat === null || ast.topic === null) return null;
  const { $key, ...withoutKey } = STREAM_META;
  const meta = keyFormat === 'avro' ? withoutKey : { $key, ...withoutKey };
  const flow: Flow = {
    id: `source.${ast.name}`,
    relation: { kind: ast.kind, columns, key: key === null ? null : [key], windowed: false },
    meta,
    unsupported,
    missing: new Set(),
    nullsUnknown: false,
    leftBehind: new Set(),
    periodic: false,
  };
  const time = eventTime(ast, flow, session);
  if (time === null || (ast.kind === 'table' && !isTable(ast, key, keyFormat, columns, session))) return null;
  return {
    flow,
    node: {
      id: flow.id,
      name: ast.name,
      topic: ast.topic.value,
      format,
      schema: schema.avro,
      keyFormat,
      key,
      time,
      latenessMs: ast.latenessMs ?? session.project?.defaults.latenessMs ?? 0,
      idleMs: ast.idleMs ?? session.project?.defaults.idleMs ?? null,
      start: ast.start ?? 'earliest',
      output: flow.relation,
      span: use,
    },
  };
}

/** Whether the source can be a table: rows are deleted by their key alone. */
function isTable(
  ast: SourceAst,
  key: string | null,
  keyFormat: SourceNode['keyFormat'],
  columns: readonly Column[],
  { report }: Session,
): boolean {
  if (key === null) {
    if (ast.key === null) report(messages.tableWithoutKey(ast.kindSpan, ast.name));
    return false;
  }
  const { type } = columns.find((column) => column.name === key)!;
  if (keyFormat === 'avro' || type.kind === 'string') return true;
  report(
    messages.notYet(
      ast.key!.span,
      `a table whose record keys are ${showType(type)} as text`,
      'keys that are strings are, and keys in Avro: `format: { key: avro }`',
    ),
  );
  return false;
}

function valueFormat(ast: SourceAst, session: Session): 'avro' | 'json' | null {
  const format = ast.valueFormat?.value ?? 'avro';
  if (format === 'avro' || format === 'json') return format;
  session.report(messages.notYet(ast.valueFormat!.span, `the format \`${format}\``, 'avro and json are'));
  return null;
}

function keyFormatOf(ast: SourceAst, session: Session): SourceNode['keyFormat'] | null {
  const format = ast.keyFormat?.value ?? (ast.key === null ? 'none' : 'string');
  if (format === 'none' && ast.key !== null) {
    session.report(yamlMessages.either(ast.keyFormat!.span, 'format: { key: none }', 'key', 'leave one of them out'));
    return null;
  }
  if (format === 'string' || format === 'avro' || format === 'none') return format;
  session.report(messages.notYet(ast.keyFormat!.span, `the key format \`${format}\``, 'string and avro are'));
  return null;
}

function loadColumns(
  ast: SourceAst,
  session: Session,
): { columns: Column[]; unsupported: Flow['unsupported']; avro: SourceNode['schema'] } | null {
  const { report } = session;
  if (ast.schema === null) {
    report(messages.noSchema(ast.span, ast.name));
    return null;
  }
  const { value: name, span } = ast.schema;
  const loaded = session.loadSchema(name);
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
  if (type.kind !== 'record') {
    report(messages.badSchema(span, name, 'it is not a record', 'the columns of a source are the fields of its record'));
    return null;
  }
  return { columns: type.fields.map((field) => ({ name: field.name, type: field.type })), unsupported, avro: loaded.schema };
}

const KEY_KINDS: ReadonlySet<Type['kind']> = new Set(['string', 'int', 'long', 'boolean', 'enum', 'timestamp', 'date', 'bytes']);

function sourceKey(ast: SourceAst, columns: readonly Column[], session: Session): string | null {
  if (ast.key === null || isNull(ast.key)) return null;
  if (ast.key.kind !== 'scalar') {
    session.report(messages.notYet(ast.key.span, 'a key that adds its column', 'name a column that the record has: `key: user_id`'));
    return null;
  }
  const name = ast.key.text;
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    session.report(
      messages.sourceKeyNotColumn(
        ast.key.span,
        name,
        columns.map((candidate) => candidate.name),
      ),
    );
    return null;
  }
  if (!KEY_KINDS.has(definite(column.type).kind)) {
    session.report(messages.badSourceKey(ast.key.span, name, column.type, 'a key is a text, a whole number, a time or bytes'));
    return null;
  }
  if (isNullable(column.type)) {
    session.report(messages.badSourceKey(ast.key.span, name, column.type, 'a key is never null'));
    return null;
  }
  return name;
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
