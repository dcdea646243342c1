import type { Span } from '../diagnostics/diagnostic.js';
import type { Ast } from '../expression/ast.js';
import { parseExpression, RESERVED } from '../expression/parser.js';
import type { TypedExpr } from '../expression/typed.js';
import type { Column } from '../plan/plan.js';
import { yamlMessages } from '../yaml/messages.js';
import { exprSource } from '../yaml/expr-source.js';
import { isNull, type YamlMap, type YamlNode, type YamlScalar } from '../yaml/node.js';
import { checkOver } from './expressions.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { NamedColumn, ReadColumns } from './operator-spec.js';
import type { Session } from './session.js';

/** COLS: `name`, `path.to.field` (column `field`), `{ new: EXPR }`, or a list of these. Names must differ. */
export function readColumns(node: YamlNode, flow: Flow, session: Session): ReadColumns {
  const columns: NamedColumn[] = [];
  const failed: string[] = [];
  const seen = new Set<string>();
  let complete = true;
  const add = (column: NamedColumn | null, name: string | null): void => {
    if (column === null) {
      complete = false;
      if (name !== null) failed.push(name);
    } else if (seen.has(column.name)) {
      complete = false;
      session.report(messages.columnTwice(column.span, column.name, 'each column needs a name of its own: `{ other: expression }`'));
    } else columns.push(column);
    if (column !== null) seen.add(column.name);
  };
  for (const item of node.kind === 'seq' ? node.items : [node]) {
    if (item.kind === 'scalar') add(...readBare(item, flow, session));
    else if (item.kind === 'map') for (const [column, name] of readNamed(item, flow, session)) add(column, name);
    else complete = false;
  }
  return { columns, failed, complete };
}

/** `{ new: EXPR, … }`: each new column, or null where it failed, with its name. */
function readNamed(node: YamlMap, flow: Flow, session: Session): readonly (readonly [NamedColumn | null, string])[] {
  return node.entries.map((entry) => {
    const expr = checkOver(flow, entry.value, session);
    const isName = isNewName(entry.key, entry.keySpan, session);
    return [expr === null || !isName ? null : { name: entry.key, expr, span: entry.keySpan }, entry.key] as const;
  });
}

function readBare(item: YamlScalar, flow: Flow, session: Session): [NamedColumn | null, string | null] {
  if (isNull(item)) {
    session.report(messages.nothingLeft(item.span));
    return [null, null];
  }
  if (/^\w+(\s*,\s*\w+)+$/.test(item.text)) {
    session.report(yamlMessages.badValue(item.span, 'several columns', `a list: \`[${item.text}]\``));
    return [null, null];
  }
  const { ast } = parseExpression(exprSource(item));
  const name = ast === null ? null : lastSegment(ast);
  if (ast !== null && name === null) {
    session.report(messages.nameNeeded(item.span, item.text));
    return [null, null];
  }
  const expr = checkOver(flow, item, session);
  return [expr === null || name === null ? null : { name, expr, span: item.span }, name];
}

/** The column that a path becomes: `b` of `a.b`; null for what is no path. */
function lastSegment(ast: Ast): string | null {
  if (ast.kind === 'name') return ast.name.startsWith('$') ? ast.name.slice(1) : ast.name;
  return ast.kind === 'field' && lastSegment(ast.of) !== null ? ast.field : null;
}

/** Whether a name can be a column's: an Avro name that expressions can say. */
export function isNewName(name: string, span: Span, session: Session): boolean {
  const why = !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? 'a name has letters, digits and `_`, and does not begin with a digit'
    : RESERVED.has(name)
      ? 'it is a word of expressions'
      : null;
  if (why !== null) session.report(messages.badColumnName(span, name, why));
  return why === null;
}

/** The expression that reads a column. */
export function columnExpr(column: Column, span: Span): TypedExpr {
  return { kind: 'column', name: column.name, type: column.type, span };
}
