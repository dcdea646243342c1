import type { AggregateProblem, AggregateUse, TypedExpr } from '@rta/dsl';
import { definite, isNullable, isOrdered, nullable, nullableIf, showType } from '@rta/dsl';
import { isProblem, oneArgument } from './types.js';

/** The rule that `min` and `max` share. */
export function extreme(
  fn: 'min' | 'max',
  args: readonly TypedExpr[],
  where: TypedExpr | null,
  distinct: boolean,
): AggregateUse | AggregateProblem {
  // The checker has the help for several: `greatest(a, b)`.
  if (args.length > 1) return { error: `\`${fn}\` takes one value` };
  // A value that comes twice changes neither extreme.
  const arg = oneArgument(fn, args, distinct && args.length !== 1);
  if (isProblem(arg)) return arg;
  const type = definite(arg.type);
  if (!isOrdered(type)) return { error: `\`${fn}\` takes values with an order, not ${showType(arg.type)}` };
  const mayBeEmpty = isNullable(arg.type) || where !== null;
  return {
    accumulators: [{ fn, arg, where, type: nullable(type) }],
    result: ([ref]) => ({ ...ref, type: nullableIf(mayBeEmpty, type) }),
  };
}
