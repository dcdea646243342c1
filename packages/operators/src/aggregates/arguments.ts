import type { AggregateProblem, TypedExpr } from '@rta/dsl';
import { castTo, definite, isNullable, isNumeric, isOrdered, nullableIf, showType } from '@rta/dsl';
import { DOUBLE, isProblem, numberWanted, oneArgument } from './types.js';

/** The most values that one group's `collect` or `topK` may keep: they are all written at each change. */
const MAX_LIMIT = 10_000;

/** Whether a row may give nothing: then there may be no value. */
export function mayBeNothing(where: TypedExpr | null, ...args: readonly TypedExpr[]): boolean {
  return where !== null || args.some((arg) => isNullable(arg.type));
}

/** How many values are kept, written as a number. */
export function limitOf(name: string, arg: TypedExpr | undefined): number | AggregateProblem {
  const help = `for example \`${name}(score, 10)\``;
  if (arg === undefined) return { error: `\`${name}\` needs to know how many values at most`, help };
  if (arg.kind !== 'literal' || typeof arg.value !== 'number' || !Number.isInteger(arg.value))
    return { error: `how many values \`${name}\` keeps is written as a whole number`, help };
  if (arg.value < 1 || arg.value > MAX_LIMIT)
    return {
      error: `\`${name}\` keeps 1 to ${MAX_LIMIT} values, not ${arg.value}`,
      help: arg.value < 1 ? help : 'a group is written whole at each change; more rows than that are a stream of their own',
    };
  return arg.value;
}

/** The only argument as doubles, of any number. */
export function oneDouble(name: string, args: readonly TypedExpr[], distinct: boolean): TypedExpr | AggregateProblem {
  const arg = oneArgument(name, args, distinct);
  if (isProblem(arg)) return arg;
  if (!isNumeric(definite(arg.type))) return numberWanted(name, arg.type);
  return castTo(arg, nullableIf(isNullable(arg.type), DOUBLE));
}

/** A value that has a type. */
export function typed(name: string, arg: TypedExpr): AggregateProblem | null {
  return arg.type.kind === 'null' ? { error: `\`${name}\` of null is nothing`, help: 'give it a column' } : null;
}

/** What rows are ranked by. */
export function ordered(name: string, arg: TypedExpr): AggregateProblem | null {
  return isOrdered(definite(arg.type)) ? null : { error: `\`${name}\` ranks rows by a value with an order, not ${showType(arg.type)}` };
}

/** Why an aggregate cannot be taken over a table: what it has seen it cannot forget. */
export function overTable(name: string, rows: 'stream' | 'table', help: string): AggregateProblem | null {
  if (rows === 'stream') return null;
  return { error: `\`${name}\` of a table is not possible: a row that changes or leaves cannot be taken out of it`, help };
}

/** Why `distinct` has no place. */
export function notDistinct(name: string, distinct: boolean): AggregateProblem | null {
  return distinct ? { error: `\`${name}\` takes no \`distinct\``, help: `different values are counted by \`count(distinct x)\`` } : null;
}
