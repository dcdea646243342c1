import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { textOfSpan } from '../diagnostics/position.js';
import { checkAggregateExpression } from '../expression/aggregates.js';
import type { Ast } from '../expression/ast.js';
import { checkColumnExpression, checkCondition } from '../expression/checker.js';
import { checkOverExpression } from '../expression/over.js';
import { nullableCondition, unknownColumn } from '../expression/messages-types.js';
import { parseExpression } from '../expression/parser.js';
import type { ExprSource } from '../expression/source.js';
import type { TypedExpr } from '../expression/typed.js';
import type { Accumulator, NamedExpr, OverAccumulator } from '../plan/plan.js';
import { yamlMessages } from '../yaml/messages.js';
import { exprSource, wholeSpan } from '../yaml/expr-source.js';
import { isNull, type YamlMap, type YamlNode } from '../yaml/node.js';
import { scopeOf, type Flow } from './flow.js';
import { messages } from './messages.js';
import type { Aggregates, Derived } from './operator-spec.js';
import type { Session } from './session.js';

/** Checks an expression over the rows of a flow. Null with reports. */
export function checkOver(flow: Flow, node: YamlNode | ExprSource, session: Session): TypedExpr | null {
  return within(flow, node, session, (ast) => checkColumnExpression(ast, scopeOf(flow)))?.expr ?? null;
}

/** Checks a definite condition over the rows of a flow. `what` names it in messages. */
export function checkConditionOver(flow: Flow, node: YamlNode, what: string, session: Session): TypedExpr | null {
  return within(flow, node, session, (ast) => checkCondition(ast, scopeOf(flow), what))?.expr ?? null;
}

/** Checks the aggregate expressions of a map. */
export function checkAggregates(flow: Flow, config: YamlMap, group: readonly NamedExpr[], session: Session): Aggregates {
  let accumulators: readonly Accumulator[] = [];
  const results: NamedExpr[] = [];
  const failed: string[] = [];
  const groupColumns = group.map(({ name, expr }) => ({ name, type: expr.type }));
  for (const entry of config.entries) {
    const found = within(flow, entry.value, session, (ast) =>
      checkAggregateExpression(ast, scopeOf(flow), session.aggregates, { group: groupColumns, accumulators, rows: flow.relation.kind }),
    );
    if (found === null || found.result === null) failed.push(entry.key);
    else {
      accumulators = found.accumulators;
      results.push({ name: entry.key, expr: found.result });
    }
  }
  return { accumulators, results, failed };
}

/** Checks the expressions of a map, in which aggregates may look back. */
export function checkDerived(flow: Flow, config: YamlMap, session: Session): Derived {
  let accumulators: readonly OverAccumulator[] = [];
  const exprs = new Map<string, TypedExpr | null>();
  for (const entry of config.entries) {
    const found = within(flow, entry.value, session, (ast) =>
      checkOverExpression(ast, scopeOf(flow), session.aggregates, accumulators, flow.spacingMs),
    );
    if (found !== null) accumulators = found.accumulators;
    exprs.set(entry.key, found?.expr ?? null);
  }
  return { accumulators, exprs };
}

/** Parses a node as an expression, checks it, and reports: nothing of what names a column that reported errors took away. */
function within<R extends { readonly diagnostics: readonly Diagnostic[] }>(
  flow: Flow,
  node: YamlNode | ExprSource,
  session: Session,
  check: (ast: Ast) => R,
): R | null {
  if ('kind' in node && (node.kind !== 'scalar' || isNull(node))) {
    if (node.kind === 'scalar' && node.style === 'broken') return null;
    if (node.kind === 'scalar') session.report(yamlMessages.wrongShape(node.span, 'this', 'an expression', 'nothing'));
    else session.report(yamlMessages.notAnExpression(node.span, node.kind));
    return null;
  }
  const source = 'kind' in node ? exprSource(node) : node;
  const { ast, diagnostics } = parseExpression(source);
  const result = ast === null ? null : check(ast);
  const all = [...diagnostics, ...(result?.diagnostics ?? [])];
  if ((source.text.match(/\w+/g) ?? []).some((word) => flow.missing.has(word)) && all.length > 0) return null;
  const quoted = 'kind' in node && (node.style === 'double' || node.style === 'single');
  // Of a text that YAML broke apart it was said already that it is none; what else is wrong with its form follows from that.
  const repaired = 'kind' in node && node.style === 'repaired';
  for (const diagnostic of all) {
    const follows = (repaired && diagnostic.code.startsWith('RTA10')) || (flow.nullsUnknown && diagnostic.code === nullableCondition.code);
    if (!follows) session.report(inWords(diagnostic, source, quoted, flow));
  }
  const failed = all.some((diagnostic) => diagnostic.severity === 'error');
  return failed ? null : result;
}

/** Better words for an unknown column where the flow knows why it is not there. */
function inWords(diagnostic: Diagnostic, source: ExprSource, quoted: boolean, flow: Flow): Diagnostic {
  if (diagnostic.code !== unknownColumn.code) return diagnostic;
  const { span } = diagnostic;
  const name = textOfSpan(span);
  const known = flow.relation.columns.map((column) => column.name);
  if (flow.leftBehind.has(name)) return messages.outOfScope(span, name, known);
  return quoted && source.text === name ? yamlMessages.quotesGone(wholeSpan(source), name) : diagnostic;
}
