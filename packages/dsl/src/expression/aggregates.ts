import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Accumulator, Column } from '../plan/plan.js';
import { definite, LONG } from '../types/lattice.js';
import type { AggregateSpec } from './aggregate-spec.js';
import type { Ast, CallAst } from './ast.js';
import { castKeepingNull } from './build.js';
import { Checker } from './checker.js';
import * as messages from './messages-types.js';
import { narrow, narrowedBy, type Scope } from './scope.js';
import type { TypedExpr } from './typed.js';

export interface AggregateContext {
  /** The group columns by output name, and window columns: what may stand outside the aggregates. */
  readonly group?: readonly Column[];
  /** Those of the expressions before it in the same fold; the result's list begins with them. */
  readonly accumulators?: readonly Accumulator[];
  /** What the rows are of; a stream unless said. */
  readonly rows?: 'stream' | 'table';
}

export interface AggregateResult {
  /** The given ones, and those that this expression adds; structurally equal ones are kept once. */
  readonly accumulators: readonly Accumulator[];
  /** Over `accumulator` nodes, which index `accumulators`, and group columns; null if there are errors. */
  readonly result: TypedExpr | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks an expression over aggregates: `sum(a) / count() where b`. `scope` is that of the rows, which the arguments of aggregates see; what
 * is outside of them sees the group columns. The result is fit for a column (a duration becomes milliseconds).
 */
export function checkAggregateExpression(
  ast: Ast,
  scope: Scope,
  aggregates: readonly AggregateSpec[],
  context: AggregateContext = {},
): AggregateResult {
  const diagnostics: Diagnostic[] = [];
  const accumulators = [...(context.accumulators ?? [])];
  const keys = accumulators.map(structureOf);
  const specs = new Map(aggregates.map((spec) => [spec.name, spec]));

  const keep = (accumulator: Accumulator): number => {
    const key = structureOf(accumulator);
    const found = keys.indexOf(key);
    if (found >= 0) return found;
    keys.push(key);
    return accumulators.push(accumulator) - 1;
  };

  const aggregate = (call: CallAst): TypedExpr | null | undefined => {
    const spec = specs.get(call.name);
    if (!spec) return undefined;
    if (call.over) diagnostics.push(messages.overUnavailable(call.over.span, true));
    const where = call.where && inner(true).condition(call.where, scope, '`where`');
    if (call.where && where === null) return null;
    const rows = inner(false);
    const args = call.args.map((arg) => rows.check(arg, where ? narrow(scope, narrowedBy(where)) : scope));
    if (args.includes(null) || call.over) return null;
    const use = spec.check((args as TypedExpr[]).map(milliseconds), where, call.distinct, call.span, context.rows ?? 'stream');
    if ('error' in use) {
      const several = (call.name === 'min' || call.name === 'max') && args.length > 1;
      const help = several ? `of several values of one row, use \`${call.name === 'min' ? 'least' : 'greatest'}(a, b)\`` : undefined;
      diagnostics.push(messages.aggregateProblem(call.span, use.error, use.help ?? help));
      return null;
    }
    const refs = use.accumulators.map((one): TypedExpr => ({ kind: 'accumulator', index: keep(one), type: one.type, span: call.span }));
    return use.result(refs);
  };

  /** A checker of what stands inside an aggregate. */
  const inner = (inWhere: boolean): Checker =>
    new Checker(diagnostics, {
      call: (call, checker) =>
        specs.has(call.name) ? checker.fail(messages.nestedAggregate(call.nameSpan, call.name, inWhere)) : undefined,
    });

  const outer = new Checker(diagnostics, {
    call: aggregate,
    unknownName: (name, span) => {
      if (name.startsWith('$')) return Object.hasOwn(scope.meta, name) ? messages.metaNotGrouped(span, name) : null;
      return scope.columns.some((column) => column.name === name) ? messages.notGrouped(span, name) : null;
    },
  });
  const result = outer.column(ast, { columns: context.group ?? [], meta: {} });
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  return { accumulators: failed ? (context.accumulators ?? []) : accumulators, result: failed ? null : result, diagnostics };
}

function milliseconds(expr: TypedExpr): TypedExpr {
  return definite(expr.type).kind === 'duration' ? castKeepingNull(expr, LONG) : expr;
}

/** What makes two accumulators (or expressions) equal: all but where they were written. */
export function structureOf(value: Accumulator | TypedExpr): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === 'span' || key === 'text') return undefined;
    if (typeof part === 'bigint') return `${part}n`;
    return Object.is(part, -0) ? '-0' : part;
  });
}
