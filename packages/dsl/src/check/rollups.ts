/** `rollups:` of a sink: what they are, and whether the store can work them out. */
import type { RollupAst, SinkAst } from '../ast/ast.js';
import { textOfSpan } from '../diagnostics/position.js';
import { partsOf } from '../expression/parts.js';
import type { TypedExpr } from '../expression/typed.js';
import type { Accumulator, NamedExpr } from '../plan/plan.js';
import { type Rollup, ROLLUP_ACCUMULATORS } from '../plan/rollup.js';
import { definite, MAX_DECIMAL_PRECISION } from '../types/lattice.js';
import { RecursiveRecord } from '../types/recursive.js';
import type { Type } from '../types/type.js';
import { yamlMessages } from '../yaml/messages.js';
import { isNewName } from './columns.js';
import { checkAggregates } from './expressions.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import { readGroup } from './modifiers.js';
import type { Session } from './session.js';
import { sinkName } from './store-sinks.js';

const WINDOW = ['window_start', 'window_end'];

/** The rollups of a table that can be; reports the others. `writers`: who writes which table, in words. */
export function checkRollups(sink: SinkAst, flow: Flow, writers: Map<string, string>, session: Session): readonly Rollup[] {
  // The rows of a span are all there whenever it is worked out: nothing has to be taken back.
  const rows: Flow = { ...flow, relation: { ...flow.relation, kind: 'stream' } };
  return sink.rollups.flatMap((ast) => {
    checkName(ast, sink, writers, session);
    for (const [name, setting] of [
      ['every', ast.every],
      ['ttl', ast.ttlMs],
    ] as const)
      if (setting !== null && setting.value <= 0) session.report(messages.notPositive(setting.span, name));
    const group = ast.groupBy === null ? [] : readGroup(ast.groupBy, rows, session);
    if (ast.aggregate === null || group === null) return [];
    checkColumns(ast, group, session);
    const { accumulators, results, failed } = checkAggregates(rows, ast.aggregate, group, session);
    const fits = [
      ...group.map(({ expr }) => isKnown(expr, session)),
      ...results.map(({ name, expr }) =>
        fitsStore(expr, accumulators, ast.aggregate!.entries.find(({ key }) => key === name)!.value, session),
      ),
    ].every((fine) => fine);
    if (failed.length > 0 || !fits || ast.every === null) return [];
    return [{ name: ast.name, everyMs: ast.every.value, ttlMs: ast.ttlMs?.value ?? null, group, accumulators, results }];
  });
}

function checkName({ name, span }: RollupAst, sink: SinkAst, writers: Map<string, string>, session: Session): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name))
    session.report(yamlMessages.badValue(span, 'the name of a rollup', 'a name of letters, digits and `_`'));
  const table = `table ${name}`;
  const other = writers.get(table.toLowerCase());
  if (other === undefined) writers.set(table.toLowerCase(), `a rollup of ${sinkName(sink)}`);
  else session.report(messages.storeTwice(span, table, other));
}

function checkColumns({ groupBy, aggregate }: RollupAst, group: readonly NamedExpr[], session: Session): void {
  const clash = group.find(({ name }) => WINDOW.includes(name.toLowerCase()));
  if (clash !== undefined) session.report(messages.windowColumn(groupBy!.keySpan, clash.name));
  const taken = new Map([...WINDOW, ...group.map(({ name }) => name)].map((name) => [name.toLowerCase(), name]));
  for (const { key, keySpan } of aggregate!.entries) {
    isNewName(key, keySpan, session);
    const known = taken.get(key.toLowerCase());
    if (known !== undefined) session.report(messages.columnTwice(keySpan, known, 'case makes no difference in SQL; give it another name'));
    taken.set(key.toLowerCase(), key);
  }
}

/** Whether the store can work out a result; reports. */
function fitsStore(
  result: TypedExpr,
  accumulators: readonly Accumulator[],
  { span }: { readonly span: TypedExpr['span'] },
  session: Session,
): boolean {
  const used = usedBy(result).map((index) => accumulators[index]);
  if (used.some(({ fn }) => !ROLLUP_ACCUMULATORS.includes(fn))) {
    session.report(messages.rollupAggregate(span, textOfSpan(span)));
    return false;
  }
  const inside = used.flatMap(({ arg, where }) => [arg, where]).filter((expr) => expr !== null);
  return [result, ...inside].every((expr) => isKnown(expr, session));
}

/** The accumulators that an expression reads. */
function usedBy(expr: TypedExpr): readonly number[] {
  return expr.kind === 'accumulator' ? [expr.index] : partsOf(expr).flatMap(usedBy);
}

/** Whether the store knows an expression; reports. */
function isKnown(expr: TypedExpr, session: Session): boolean {
  if (!isKnownNode(expr)) {
    session.report(messages.rollupExpression(expr.span, textOfSpan(expr.span)));
    return false;
  }
  return partsOf(expr).every((part) => isKnown(part, session));
}

function isKnownNode(expr: TypedExpr): boolean {
  switch (expr.kind) {
    case 'column':
    case 'cast':
      return isPlain(expr.type);
    case 'accumulator':
      return true;
    case 'meta':
      return expr.name === '$time';
    case 'field': {
      const of = definite(expr.of.type);
      return isPlain(expr.type) && !(of instanceof RecursiveRecord);
    }
    case 'literal':
      return !['array', 'map', 'record', 'bytes', 'duration'].includes(definite(expr.type).kind);
    case 'unary':
      return expr.op === 'not' || expr.operand.kind === 'literal';
    case 'binary':
      return expr.op === '/' ? definite(expr.type).kind === 'double' : !['+', '-', '*', '%'].includes(expr.op);
    case 'in':
      return true;
    case 'index':
    case 'call':
      return false;
  }
}

/** Whether values are in the store what they are here. Decimals beyond its own are texts there. */
function isPlain(type: Type): boolean {
  const of = definite(type);
  return of.kind !== 'decimal' || of.precision <= MAX_DECIMAL_PRECISION;
}
