import { BOOLEAN, definite, isOrdered, NULL, nullableIf, showType } from '../../types/lattice.js';
import type { Type, Value } from '../../types/type.js';
import { castTo, literal } from '../build.js';
import { compareNumbers, compareStrings, equalValues } from '../order.js';
import type { TypedExpr } from '../typed.js';
import { unify } from '../unify.js';
import type { FunctionSpec, Resolution, ResolutionProblem, RuntimeFunction } from './spec.js';

/** `if`: pairs of condition and value, and the value otherwise (null if there is none). All values get one type. */
function resolveIf(args: readonly TypedExpr[]): Resolution | ResolutionProblem {
  if (args.length < 2) return { problem: 'count' };
  const otherwise = args.length % 2 === 1 ? args[args.length - 1] : literal(null, NULL, args[0].span);
  const pairs = Math.floor(args.length / 2);
  for (let i = 0; i < pairs; i++) {
    const { kind } = definite(args[2 * i].type);
    if (kind !== 'boolean' && kind !== 'null') return { problem: 'argument', index: 2 * i, wanted: 'a condition' };
  }
  const unified = unify([...Array.from({ length: pairs }, (_, i) => args[2 * i + 1]), otherwise]);
  if ('clash' in unified) return { problem: 'clash', types: unified.clash };
  const type = nullableIf(unified.nullable, unified.type);
  const values = unified.exprs.map((value) => castTo(value, type));
  return { fn: 'if', args: [...values.slice(0, -1).flatMap((value, i) => [args[2 * i], value]), values[pairs]], type };
}

/** `nullable`: an `if` that always holds, without another value. */
function resolveNullable(args: readonly TypedExpr[]): Resolution | ResolutionProblem {
  return args.length === 1 ? resolveIf([literal(true, BOOLEAN, args[0].span), args[0]]) : { problem: 'count' };
}

function resolveNullIf(args: readonly TypedExpr[]): Resolution | ResolutionProblem {
  if (args.length !== 2) return { problem: 'count' };
  const unified = unify(args);
  if ('clash' in unified) return { problem: 'clash', types: unified.clash };
  return { fn: 'nullIf', args: unified.exprs, type: nullableIf(true, unified.type) };
}

/** greatest and least: of values of one ordered type. Texts are told apart, since their order is by code point. */
function resolveExtreme(name: string): (args: readonly TypedExpr[]) => Resolution | ResolutionProblem {
  return (args) => {
    if (args.length < 2) return { problem: 'count' };
    const unified = unify(args);
    if ('clash' in unified) return { problem: 'clash', types: unified.clash };
    const type: Type = unified.type;
    if (!isOrdered(type) && type.kind !== 'null') {
      return { problem: 'argument', index: 0, wanted: 'values with an order', help: `${showType(type)} has none` };
    }
    const fn = type.kind === 'string' || type.kind === 'enum' ? `${name}_text` : type.kind === 'boolean' ? `${name}_boolean` : name;
    return { fn, args: unified.exprs, type: nullableIf(unified.nullable, type) };
  };
}

/** The value that is first by the order, which `sign` turns around; of equal ones the first. */
function extreme<T extends Value>(compare: (a: T, b: T) => number, sign: number): RuntimeFunction {
  return (...values: T[]) => values.reduce((best, value) => (compare(value, best) * sign > 0 ? value : best));
}

function extremes(name: string, sign: number): Readonly<Record<string, RuntimeFunction>> {
  return {
    [name]: extreme(compareNumbers, sign),
    [`${name}_text`]: extreme(compareStrings, sign),
    [`${name}_boolean`]: extreme((a: boolean, b: boolean) => Number(a) - Number(b), sign),
  };
}

export const conditionalFunctions: readonly FunctionSpec[] = [
  {
    name: 'if',
    signature: 'if(condition, value[, condition, value…][, otherwise])',
    summary: 'the value behind the first condition that is true',
    doc: 'A condition that is null is not true. Without a last value the result may be null. Only what is needed is evaluated.',
    examples: [
      { expression: 'if(1 > 2, "a", 2 > 1, "b", "c")', value: 'b' },
      { expression: 'if(false, 1)', value: null },
    ],
    resolve: resolveIf,
    runtime: {},
  },
  {
    name: 'nullIf',
    signature: 'nullIf(x, y)',
    summary: 'null where two values are equal, else the first',
    doc: 'Where `y` is null there is `x`. Of a value that stands for a missing one it makes null.',
    examples: [
      { expression: 'nullIf("n/a", "n/a")', value: null },
      { expression: 'nullIf(5, 0)', value: 5 },
    ],
    resolve: resolveNullIf,
    runtime: { nullIf: (x: Value, y: Value) => (equalValues(x, y) ? null : x) },
  },
  {
    name: 'nullable',
    signature: 'nullable(x)',
    summary: 'the value, in a type that may be null',
    doc: 'For a column that a sink gets and did not have: in its Avro schema it has the default null, so that readers of older rows can do without.',
    examples: [{ expression: 'nullable(5)', value: 5 }],
    resolve: resolveNullable,
    runtime: {},
  },
  {
    name: 'greatest',
    signature: 'greatest(x, x, …)',
    summary: 'the greatest of several values of one row',
    doc: 'Null if any of them is. NaN is greater than all numbers. Over rows it is the aggregate `max(x)`.',
    examples: [
      { expression: 'greatest(1, 3, 2)', value: 3 },
      { expression: 'greatest("a", "b")', value: 'b' },
    ],
    resolve: resolveExtreme('greatest'),
    runtime: extremes('greatest', 1),
  },
  {
    name: 'least',
    signature: 'least(x, x, …)',
    summary: 'the least of several values of one row',
    doc: 'Null if any of them is. Over rows it is the aggregate `min(x)`.',
    examples: [{ expression: 'least(1.5, 0.5)', value: 0.5 }],
    resolve: resolveExtreme('least'),
    runtime: extremes('least', -1),
  },
];
