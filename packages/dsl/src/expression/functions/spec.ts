import { definite, isInteger, isNullable, isText, LONG, DOUBLE, nullableIf, STRING } from '../../types/lattice.js';
import type { Type, Value } from '../../types/type.js';
import { castKeepingNull } from '../build.js';
import type { TypedExpr } from '../typed.js';

/**
 * What generated code and the interpreter call: plain values in, a plain value out. It is never called with null (a null argument makes
 * the result null), and may throw an `ExpressionError`.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the checker has proven the types of the arguments
export type RuntimeFunction = (...args: any[]) => Value;

/**
 * A function that reads a literal argument, such as a pattern, once for each call in the text rather than for each record. `prepare` gets
 * the literals in the places of their arguments, undefined in the places of others, and what it returns gets all the arguments.
 */
export interface PreparedFunction {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the checker has proven the types of the literals
  readonly prepare: (...literals: any[]) => RuntimeFunction;
}

export type Implementation = RuntimeFunction | PreparedFunction;

/** A function of the expression language: type rule, documentation and implementation in one value. */
export interface FunctionSpec {
  readonly name: string;
  /** As docs and messages write it: `substring(text, start[, length])`. */
  readonly signature: string;
  /** One line for lists. */
  readonly summary: string;
  /** What is to be known beyond that; may be empty. */
  readonly doc: string;
  /** Expressions and their values; a test runs them. */
  readonly examples: readonly FunctionExample[];
  /** The type rule: which runtime function is called, with the arguments cast to what it takes. */
  resolve(args: readonly TypedExpr[]): Resolution | ResolutionProblem;
  /** By runtime name. A function has several where it differs by type; `if` has none, as it is evaluated lazily. */
  readonly runtime: Readonly<Record<string, Implementation>>;
}

export interface FunctionExample {
  readonly expression: string;
  readonly value: Value;
}

export interface Resolution {
  /** Name in `functionRuntime`. */
  readonly fn: string;
  readonly args: readonly TypedExpr[];
  readonly type: Type;
}

export type ResolutionProblem =
  | { readonly problem: 'count' }
  /** Argument number `index` should be `wanted` (words: "a text"). */
  | { readonly problem: 'argument'; readonly index: number; readonly wanted: string; readonly help?: string }
  /** Literal number `index` means nothing as a `wanted` ("a pattern"). */
  | { readonly problem: 'literal'; readonly index: number; readonly wanted: string; readonly reason: string; readonly help?: string }
  /** The arguments have no common type. */
  | { readonly problem: 'clash'; readonly types: readonly [Type, Type] };

/** What a parameter takes. `double` takes every number but decimals, `long` every integer, `text` strings and enums, `any` everything. */
export type ParamKind =
  | 'any'
  | 'array'
  | 'boolean'
  | 'bytes'
  | 'date'
  | 'decimal'
  | 'double'
  | 'duration'
  | 'float'
  | 'int'
  | 'long'
  | 'map'
  | 'text'
  | 'timestamp';

const WORDS: Readonly<Record<ParamKind, string>> = {
  any: 'a value',
  bytes: 'bytes',
  boolean: 'a boolean',
  int: 'an int',
  long: 'an integer',
  double: 'a number',
  float: 'a float',
  decimal: 'a decimal',
  text: 'a text',
  timestamp: 'a timestamp',
  date: 'a date',
  duration: 'a duration',
  array: 'an array',
  map: 'a map',
};

/** One way to call a function. Of several the first that fits is taken. */
export interface Overload {
  readonly params: readonly ParamKind[];
  /** So many of the last parameters may be left out. */
  readonly optional?: number;
  /** The last parameter repeats. */
  readonly variadic?: boolean;
  /** A definite type; the result is nullable as soon as an argument is. */
  readonly returns: Type | ((args: readonly TypedExpr[]) => Type);
  /** Whether the result may be null even so. */
  readonly mayBeNull?: (args: readonly TypedExpr[]) => boolean;
  /** A further rule: an argument that must be a literal, say. */
  readonly check?: (args: readonly TypedExpr[]) => ResolutionProblem | null;
  /** Casts that follow from the types of several arguments. */
  readonly adapt?: (args: readonly TypedExpr[]) => readonly TypedExpr[];
  /** Arguments that follow from the types, such as scales, put behind the others. */
  readonly statics?: (args: readonly TypedExpr[]) => readonly TypedExpr[];
  /** Runtime name, if not the function's own. */
  readonly fn?: string;
  readonly run: Implementation;
}

/** Makes a function of its overloads. */
export function defineFunction(
  text: Pick<FunctionSpec, 'name' | 'signature' | 'summary' | 'doc' | 'examples'>,
  overloads: readonly Overload[],
): FunctionSpec {
  return {
    ...text,
    resolve: (args) => resolveOverload(text.name, overloads, args),
    runtime: Object.fromEntries(overloads.map((overload) => [overload.fn ?? text.name, overload.run])),
  };
}

function resolveOverload(name: string, overloads: readonly Overload[], args: readonly TypedExpr[]): Resolution | ResolutionProblem {
  const counted = overloads.filter((overload) => takesCount(overload, args.length));
  if (counted.length === 0) return { problem: 'count' };
  const overload = counted.find((one) => args.every((arg, i) => fits(arg.type, paramAt(one, i))));
  if (overload) return apply(name, overload, args);
  // Blame the argument that the overload which goes furthest stumbles over.
  const index = Math.max(...counted.map((one) => args.findIndex((arg, i) => !fits(arg.type, paramAt(one, i)))));
  const reached = counted.filter((one) => args.slice(0, index).every((arg, i) => fits(arg.type, paramAt(one, i))));
  const words = [...new Set(reached.map((one) => WORDS[paramAt(one, index)]))];
  const wanted = words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
  return { problem: 'argument', index, wanted };
}

function apply(name: string, overload: Overload, given: readonly TypedExpr[]): Resolution | ResolutionProblem {
  const cast = given.map((arg, i) => castToParam(arg, paramAt(overload, i)));
  const problem = overload.check?.(cast);
  if (problem) return problem;
  const args = overload.adapt?.(cast) ?? cast;
  const returns = typeof overload.returns === 'function' ? overload.returns(args) : overload.returns;
  const mayBeNull = args.some((arg) => isNullable(arg.type)) || overload.mayBeNull?.(args) === true;
  return { fn: overload.fn ?? name, args: [...args, ...(overload.statics?.(args) ?? [])], type: nullableIf(mayBeNull, returns) };
}

function takesCount({ params, optional = 0, variadic = false }: Overload, count: number): boolean {
  return count >= params.length - optional && (variadic || count <= params.length);
}

function paramAt({ params }: Overload, index: number): ParamKind {
  return params[Math.min(index, params.length - 1)];
}

function fits(type: Type, param: ParamKind): boolean {
  const given = definite(type);
  if (given.kind === 'null') return true;
  switch (param) {
    case 'any':
      return true;
    case 'long':
      return isInteger(given);
    case 'double':
      return isInteger(given) || given.kind === 'float' || given.kind === 'double';
    case 'text':
      return isText(given);
    default:
      return given.kind === param;
  }
}

function castToParam(arg: TypedExpr, param: ParamKind): TypedExpr {
  if (param === 'long') return castKeepingNull(arg, LONG);
  if (param === 'double') return castKeepingNull(arg, DOUBLE);
  return param === 'text' ? castKeepingNull(arg, STRING) : arg;
}

/** The value of a text literal, or null where the argument is something else. */
export function textLiteral(arg: TypedExpr): string | null {
  return arg.kind === 'literal' && typeof arg.value === 'string' ? arg.value : null;
}

/** What is wrong where `index` must be a literal. */
export function mustBeLiteral(index: number, what: string, help?: string): ResolutionProblem {
  return { problem: 'argument', index, wanted: `a literal ${what}`, help };
}
