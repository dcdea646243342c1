import { decimal, type DecimalType } from '../../types/lattice.js';
import type { Long } from '../long.js';
import type { TypedExpr } from '../typed.js';
import { mustBeLiteral, type ResolutionProblem } from './spec.js';

/** What is wrong with precision and scale, the second and third argument. */
export function literalWidth(args: readonly TypedExpr[]): ResolutionProblem | null {
  for (const [i, what] of [[1, 'precision (1 to 38)'] as const, [2, 'scale (0 to the precision)'] as const]) {
    const arg = args[i];
    const value = arg.kind === 'literal' ? Number(arg.value ?? -1) : -1;
    if (value < (i === 1 ? 1 : 0) || value > (i === 1 ? 38 : Number((args[1] as { value: Long }).value))) return mustBeLiteral(i, what);
  }
  return null;
}

/** The type that they say. */
export function widthOf(args: readonly TypedExpr[]): DecimalType {
  const [precision, scale] = args.slice(1, 3).map((arg) => Number((arg as { value: Long }).value));
  return decimal(precision, scale);
}
