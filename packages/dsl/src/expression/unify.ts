import { commonType, definite, isNullable, type DefiniteType } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import { adaptLiteral, castKeepingNull } from './build.js';
import type { TypedExpr } from './typed.js';

export type Unified =
  | {
      /** In the order given, each of the definite type `type` or its nullable form, as it was nullable. */
      readonly exprs: readonly TypedExpr[];
      /** Definite, unless all were the literal null. */
      readonly type: DefiniteType;
      readonly nullable: boolean;
    }
  | {
      /** Two types that do not meet. */
      readonly clash: readonly [Type, Type];
    };

/**
 * Brings expressions to one type. The types of what is not a number literal decide; literals take that type where they can be of it
 * exactly (`f == 0.1` compares floats, `amount > 9.99` decimals), and widen it otherwise.
 */
export function unify(exprs: readonly TypedExpr[]): Unified {
  const fixed = exprs.filter((expr) => expr.kind !== 'literal' || expr.value === null);
  let type: DefiniteType = { kind: 'null' };
  for (const expr of fixed.length > 0 ? fixed : exprs) {
    const common = commonType(type, definite(expr.type));
    if (common === null) return { clash: [type, definite(expr.type)] };
    type = definite(common);
  }
  for (const expr of exprs) {
    const common = commonType(type, definite((adaptLiteral(expr, type) ?? expr).type));
    if (common === null) return { clash: [type, definite(expr.type)] };
    type = definite(common);
  }
  const target = type;
  const cast = (expr: TypedExpr): TypedExpr => castKeepingNull(adaptLiteral(expr, target) ?? expr, target);
  return { exprs: exprs.map(cast), type, nullable: exprs.some((expr) => isNullable(expr.type)) };
}
