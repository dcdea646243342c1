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

/** Why a value is not a number. */
export function numberWanted(name: string, type: Type): AggregateProblem {
  const condition = definite(type).kind === 'boolean' ? 'rows for which a condition is true are counted by `count() where …`' : undefined;
  return { error: `\`${name}\` takes a number, not ${showType(type)}`, help: condition };
}
