import type { AggregateProblem, Type, TypedExpr } from '@rta/dsl';
import { definite, showType } from '@rta/dsl';

export const LONG: Type = { kind: 'long' };
export const DOUBLE: Type = { kind: 'double' };

/** The only argument, or why there is none. */
export function oneArgument(name: string, args: readonly TypedExpr[], distinct: boolean): TypedExpr | AggregateProblem {
  if (args.length !== 1) return { error: `\`${name}\` takes one value`, help: `for example \`${name}(score)\`` };
  if (distinct)
    return { error: `\`${name}\` takes no \`distinct\``, help: 'leave it out, or group by the value first and aggregate the groups' };
  return args[0];
}

export function isProblem(value: TypedExpr | AggregateProblem): value is AggregateProblem {
  return 'error' in value;
}

const HELP: Readonly<Partial<Record<Type['kind'], string>>> = {
  boolean: 'rows for which a condition is true are counted by `count() where …`',
  string: 'a text becomes a number by `long(x)` or `double(x)`; different ones are counted by `count(distinct x)`',
  enum: 'rows with one of its values are counted by `count() where x == "…"`',
  timestamp: 'how long something takes is a difference of two timestamps, and its milliseconds are `long(a - b)`',
  array: 'the items of an array are summed up by `arraySum(x)`',
};

/** Why a value is not a number. */
export function numberWanted(name: string, type: Type): AggregateProblem {
  return { error: `\`${name}\` takes a number, not ${showType(type)}`, help: HELP[definite(type).kind] };
}
