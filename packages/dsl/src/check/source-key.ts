/** The key of a source: columns that it has, which the record key equals, or columns that the record key adds. */
import type { SourceAst } from '../ast/ast.js';
import type { KeyFormat } from '../plan/formats.js';
import type { Column } from '../plan/plan.js';
import { definite, isNullable } from '../types/lattice.js';
import { parseType } from '../types/parse-type.js';
import type { Type } from '../types/type.js';
import { yamlMessages } from '../yaml/messages.js';
import { describe, isNull, type YamlMap, type YamlNode } from '../yaml/node.js';
import { keyFormatHolds, keyFormatOf } from './formats.js';
import { messages } from './messages.js';
import type { Session } from './session.js';

export interface SourceKey {
  readonly format: KeyFormat;
  /** Null: nothing is known of keys. */
  readonly names: readonly string[] | null;
  /** Columns that come from the key; empty: its columns are among those of the value. */
  readonly adds: readonly Column[];
}

const KEY_KINDS: ReadonlySet<Type['kind']> = new Set(['string', 'int', 'long', 'boolean', 'enum', 'timestamp', 'date', 'bytes']);

/** Checks `key` and its format against the columns of the value; null with reports. */
export function checkSourceKey(ast: SourceAst, columns: readonly Column[], session: Session): SourceKey | null {
  const key = ast.key === null || isNull(ast.key) ? null : ast.key;
  const format = keyFormatOf(ast) ?? (key === null ? 'none' : 'string');
  if (key === null) return { format, names: null, adds: [] };
  if (format === 'none') {
    session.report(yamlMessages.either(ast.keyFormat!.span, 'format: { key: none }', 'key', 'leave one of them out'));
    return null;
  }
  const adds = key.kind === 'map' ? addedColumns(key, columns, session) : [];
  const named = key.kind === 'map' ? adds : keyColumns(key.kind === 'seq' ? key.items : [key], columns, session);
  if (adds === null || named === null || !keyFormatHolds(format, named, ast.keyFormat?.span ?? key.span, session)) return null;
  return { format, names: named.map(({ name }) => name), adds };
}

/** Columns of the value that are the key. */
function keyColumns(nodes: readonly YamlNode[], columns: readonly Column[], { report }: Session): readonly Column[] | null {
  const found: Column[] = [];
  for (const node of nodes) {
    if (node.kind !== 'scalar') continue;
    const column = columns.find(({ name }) => name === node.text);
    if (column === undefined) {
      report(
        messages.sourceKeyNotColumn(
          node.span,
          node.text,
          columns.map(({ name }) => name),
        ),
      );
    } else if (!KEY_KINDS.has(definite(column.type).kind)) {
      report(messages.badSourceKey(node.span, node.text, column.type, 'a key is a text, a whole number, a time or bytes'));
    } else if (isNullable(column.type)) report(messages.badSourceKey(node.span, node.text, column.type, 'a key is never null'));
    else found.push(column);
  }
  return found.length === nodes.length ? found : null;
}

/** `{ user_id: string }`. */
function addedColumns(node: YamlMap, columns: readonly Column[], { report }: Session): readonly Column[] | null {
  const added: Column[] = [];
  for (const { key: name, keySpan, value } of node.entries) {
    const type = value.kind === 'scalar' ? parseType(value.text) : null;
    if (columns.some((column) => column.name === name)) {
      report(messages.columnTwice(keySpan, name, `the record has it: \`key: ${name}\` says that the key equals it`));
    } else if (!/^[A-Za-z_]\w*$/.test(name)) {
      report(messages.badColumnName(keySpan, name, 'a name has letters, digits and `_`, and begins with no digit'));
    } else if (type === null) report(messages.badType(value.span, value.kind === 'scalar' ? value.text : describe(value)));
    else if (!KEY_KINDS.has(type.kind))
      report(messages.badSourceKey(value.span, name, type, 'a key is a text, a whole number, a time or bytes, never null')); // prettier-ignore
    else added.push({ name, type });
  }
  return added.length === node.entries.length ? added : null;
}
