import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { OverAccumulator } from '../plan/plan.js';
import { BOOLEAN, definite, LONG } from '../types/lattice.js';
import type { AggregateSpec } from './aggregate-spec.js';
import { structureOf } from './aggregates.js';
import type { Ast, CallAst, Over } from './ast.js';
import { castKeepingNull, literal } from './build.js';
import { Checker } from './checker.js';
import * as messages from './messages-types.js';
import { narrow, narrowedBy, type Scope } from './scope.js';
import type { TypedExpr } from './typed.js';

export interface OverResult {
  /** The given ones, and those that this expression adds; structurally equal ones are kept once. */
  readonly accumulators: readonly OverAccumulator[];
  /** Over the row's columns and `accumulator` nodes; null if there are errors. */
  readonly expr: TypedExpr | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks an expression of `derive`, in which aggregates may stand that look back: `score - avg(score) over 10s`. The arguments of aggregates
 * and what is around them see the columns of the row.
 *
 * @param spacingMs of rows that are results of closed windows: how far apart these begin
 */
export function checkOverExpression(
  ast: Ast,
  scope: Scope,
  aggregates: readonly AggregateSpec[],
  before: readonly OverAccumulator[],
  spacingMs?: number,
): OverResult {
  const diagnostics: Diagnostic[] = [];
  const accumulators = [...before];
  const specs = new Map(aggregates.map((spec) => [spec.name, spec]));

  const keep = (accumulator: OverAccumulator): number => {
    const key = keyOf(accumulator);
    const found = accumulators.findIndex((other) => keyOf(other) === key);
    return found >= 0 ? found : accumulators.push(accumulator) - 1;
  };

  const aggregate = (call: CallAst, outer: Checker): TypedExpr | null | undefined => {
    const spec = specs.get(call.name);
    if (!spec) return undefined;
    if (call.over === null) return outer.fail(messages.aggregateOutside(call.nameSpan, call.name));
    const { over } = call;
    if (over.size === 0 && (over.unit === 'rows' || over.previous)) return outer.fail(messages.overNothing(over.span));
    if (spacingMs !== undefined && over.unit === 'ms' && !over.previous && over.size > 0 && over.size % spacingMs === 0)
      outer.report(messages.overBothEnds(over.span, over.size, spacingMs));
    const where = call.where && inner(true).condition(call.where, scope, '`where`');
    if (call.where && where === null) return null;
    const rows = inner(false);
    const args = call.args.map((arg) => rows.check(arg, where ? narrow(scope, narrowedBy(where)) : scope));
    if (args.includes(null)) return null;
    // Where there may be no row before, the result is as with a condition that none may meet.
    const always = literal(true, BOOLEAN, call.span);
    const among = where ?? (over.previous ? always : null);
    const use = spec.check((args as TypedExpr[]).map(milliseconds), among, call.distinct, call.span, 'stream');
    if ('error' in use) return outer.fail(messages.aggregateProblem(call.span, use.error, use.help));
    const refs = use.accumulators.map((one): TypedExpr => {
      const index = keep({ ...one, where: one.where === always ? null : one.where, over: frameOf(over) });
      return { kind: 'accumulator', index, type: one.type, span: call.span };
    });
    return use.result(refs);
  };

  /** A checker of what stands inside an aggregate. */
  const inner = (inWhere: boolean): Checker =>
    new Checker(diagnostics, {
      call: (call, checker) =>
        specs.has(call.name) ? checker.fail(messages.nestedAggregate(call.nameSpan, call.name, inWhere)) : undefined,
    });

  const expr = new Checker(diagnostics, { call: aggregate }).column(ast, scope);
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  return { accumulators: failed ? before : accumulators, expr: failed ? null : expr, diagnostics };
}

function frameOf({ unit, size, previous }: Over): OverAccumulator['over'] {
  return { unit, size, previous };
}

function keyOf(accumulator: OverAccumulator): string {
  const { unit, size, previous } = accumulator.over;
  return `${structureOf(accumulator)} ${unit} ${size} ${previous}`;
}

function milliseconds(expr: TypedExpr): TypedExpr {
  return definite(expr.type).kind === 'duration' ? castKeepingNull(expr, LONG) : expr;
}
