/** Bounds of the time between two streams' rows in `on`: `other.$time >= $time - 1m and other.$time <= $time + 10m`. */
import type { TypedExpr } from '../expression/typed.js';
import { TIME } from './join-condition.js';

/** How much earlier and later than the left row the right one may be, ms; null: nothing says it. */
export interface TimeBounds {
  readonly beforeMs: number | null;
  readonly afterMs: number | null;
  /** The conjuncts that ask more. */
  readonly others: readonly TypedExpr[];
}

/** `ms` and so many times the rows' times. */
interface Linear {
  readonly left: number;
  readonly right: number;
  readonly ms: number;
}

/** @param name of the right side, whose columns are fields of it */
export function timeBounds(conjuncts: readonly TypedExpr[], name: string): TimeBounds {
  let [least, greatest] = [-Infinity, Infinity];
  const others: TypedExpr[] = [];
  for (const expr of conjuncts) {
    const range = rangeOf(expr, name);
    if (range !== null) [least, greatest] = [Math.max(least, range[0]), Math.min(greatest, range[1])];
    // What cannot be said as "so much earlier or later" is asked of each pair.
    if (range === null || range[0] > 0 || range[1] < 0) others.push(expr);
  }
  return { beforeMs: finite(-least), afterMs: finite(greatest), others };
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** From where to where the right row's time less the left one's may be, both included; null where it is not about these alone. */
function rangeOf(expr: TypedExpr, name: string): readonly [number, number] | null {
  if (expr.kind !== 'binary' || !['==', '<', '<=', '>', '>='].includes(expr.op)) return null;
  const [a, b] = [linearOf(expr.left, name), linearOf(expr.right, name)];
  if (a === null || b === null) return null;
  const [left, right, ms] = [a.left - b.left, a.right - b.right, b.ms - a.ms];
  if (left * right !== -1) return null;
  // Times are whole milliseconds.
  const strict = expr.op === '<' || expr.op === '>' ? 1 : 0;
  const bound = right * ms;
  if (expr.op === '==') return [bound, bound];
  return expr.op.startsWith('<') === right > 0 ? [-Infinity, bound - strict] : [bound + strict, Infinity];
}

function linearOf(expr: TypedExpr, name: string): Linear | null {
  switch (expr.kind) {
    case 'meta':
      return expr.name === TIME ? { left: 1, right: 0, ms: 0 } : null;
    case 'field':
      return expr.field === TIME && expr.of.kind === 'column' && expr.of.name === name ? { left: 0, right: 1, ms: 0 } : null;
    case 'literal':
      return expr.type.kind === 'duration' ? { left: 0, right: 0, ms: Number(expr.value) } : null;
    case 'unary': {
      const of = linearOf(expr.operand, name);
      return of === null || expr.op !== '-' ? null : sum({ left: 0, right: 0, ms: 0 }, of, -1);
    }
    case 'binary': {
      const [a, b] = [linearOf(expr.left, name), linearOf(expr.right, name)];
      return a === null || b === null || (expr.op !== '+' && expr.op !== '-') ? null : sum(a, b, expr.op === '+' ? 1 : -1);
    }
    default:
      return null;
  }
}

function sum(a: Linear, b: Linear, sign: 1 | -1): Linear {
  return { left: a.left + sign * b.left, right: a.right + sign * b.right, ms: a.ms + sign * b.ms };
}
