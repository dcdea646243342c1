/** What formats can hold. */
import type { SinkAst, SourceAst } from '../ast/ast.js';
import type { Span } from '../diagnostics/diagnostic.js';
import { defaultKeyFormat, KEY_FORMATS, VALUE_FORMATS, type KeyFormat, type ValueFormat } from '../plan/formats.js';
import type { Column, Relation } from '../plan/plan.js';
import { definite, isNullable, showType } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import type { Flow } from './flow.js';
import { formatMessages } from './format-messages.js';
import type { Session } from './session.js';

type WithFormat = Pick<SourceAst, 'valueFormat' | 'keyFormat'>;

/** How values are encoded; Avro where nothing is said. */
export function valueFormatOf({ valueFormat }: WithFormat): ValueFormat {
  return VALUE_FORMATS.find((format) => format === valueFormat?.value) ?? 'avro';
}

/** How keys are said to be encoded; null where nothing is. */
export function keyFormatOf({ keyFormat }: WithFormat): KeyFormat | null {
  return KEY_FORMATS.find((format) => format === keyFormat?.value) ?? null;
}

/** Whether the columns of a source can come from its format; reports. */
export function checkSourceFormat(ast: SourceAst, columns: readonly Column[], unsupported: Flow['unsupported'], session: Session): boolean {
  if (valueFormatOf(ast) !== 'csv') return true;
  const span = ast.valueFormat!.span;
  for (const { path, message } of unsupported)
    session.report(formatMessages.csvColumn(span, path, message.replace(/^field `[^`]*` is /, '')));
  return csvHolds(columns, span, session) && unsupported.length === 0;
}

/** The formats of a sink, where they can hold its columns and key; null with reports. */
export function sinkFormats(
  ast: SinkAst,
  { kind, columns }: Relation,
  key: readonly string[] | null,
  session: Session,
): { readonly format: ValueFormat; readonly keyFormat: KeyFormat } | null {
  const { report } = session;
  const format = valueFormatOf(ast);
  const keyFormat = keyFormatOf(ast) ?? defaultKeyFormat(format, key?.length ?? null);
  const span = ast.valueFormat?.span ?? ast.span;
  if (format === 'csv' && !csvHolds(columns, span, session)) return null;
  if (format === 'string') {
    const texts = textColumns(columns, keyFormat === 'none' ? null : key);
    if (texts.length !== 1)
      report(
        formatMessages.textColumns(
          span,
          texts.map(({ name }) => name),
        ),
      );
    else if (isNullable(texts[0].type)) report(formatMessages.textNull(span, texts[0].name));
    if (texts.length !== 1 || isNullable(texts[0].type)) return null;
  }
  if (keyFormat === 'none' && kind === 'table') {
    report(formatMessages.keyNone(ast.keyFormat!.span));
    return null;
  }
  const keyColumns = (key ?? []).map((name) => columns.find((column) => column.name === name)!);
  if (key !== null && !keyFormatHolds(keyFormat, keyColumns, ast.keyFormat?.span ?? span, session)) return null;
  return { format, keyFormat: key === null ? 'none' : keyFormat };
}

/** The columns that a value in the format `string` is made of: one, if it can be. A lone column is one even where it is the key. */
export function textColumns(columns: readonly Column[], key: readonly string[] | null): readonly Column[] {
  return columns.length === 1 ? columns : columns.filter(({ name }) => key?.includes(name) !== true);
}

/** Whether a key format can hold these columns; reports. */
export function keyFormatHolds(format: KeyFormat, columns: readonly Column[], span: Span, { report }: Session): boolean {
  if (format === 'none' || format === 'avro' || (format === 'json' && columns.length !== 1)) return true;
  if (columns.length !== 1) {
    report(
      formatMessages.keyColumns(
        span,
        format,
        columns.map(({ name }) => name),
      ),
    );
    return false;
  }
  const [{ name, type }] = columns;
  if (keyHoldsType(format, definite(type))) return true;
  report(formatMessages.keyType(span, name, type, format));
  return false;
}

function keyHoldsType(format: KeyFormat, type: Type): boolean {
  if (format === 'int') return type.kind === 'int';
  if (format === 'long') return type.kind === 'long' || (type.kind === 'timestamp' && type.unit === 'millis');
  return true;
}

function csvHolds(columns: readonly Column[], span: Span, { report }: Session): boolean {
  const nested = columns.filter(({ type }) => ['array', 'map', 'record'].includes(definite(type).kind));
  for (const { name, type } of nested) report(formatMessages.csvColumn(span, name, showType(type)));
  return nested.length === 0;
}
