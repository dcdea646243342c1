/** Calls of users' own functions: the row as an object, and what comes back checked against the types that were declared. */
import { messageOf } from '../../message-of.js';
import type { Span } from '../../diagnostics/diagnostic.js';
import { showType } from '../../types/lattice.js';
import type { Field, Type, Value } from '../../types/type.js';
import { canonicalLong } from '../long.js';
import { ExpressionError, type TypedExpr } from '../typed.js';
import type { RuntimeFunction } from './spec.js';

/** A function of a module of the user's: `./score.ts#rate`. */
export interface ExternalFunction {
  /** As written. */
  readonly ref: string;
  /** The module's file. */
  readonly module: string;
  /** The name that it is exported by. */
  readonly name: string;
  /** Where the pipeline names it. */
  readonly span: Span;
  /** Null until the module has been loaded. */
  readonly call: ((row: Readonly<Record<string, Value>>) => unknown) | null;
}

/** Calls the function with the columns that are its arguments; its result is a record of the node's type. Throws ExpressionError. */
export function externalCallee(expr: TypedExpr & { readonly kind: 'call' }, external: ExternalFunction): RuntimeFunction {
  const names = expr.args.map((arg) => (arg.kind === 'column' ? arg.name : ''));
  const fields = expr.type.kind === 'record' ? expr.type.fields : [];
  const { call, ref } = external;
  if (call === null) {
    return () => {
      throw new Error(`the module of ${ref} has not been loaded`);
    };
  }
  return (...values: readonly Value[]) => {
    const row: Record<string, Value> = {};
    for (let i = 0; i < names.length; i++) row[names[i]] = values[i];
    let result: unknown;
    try {
      result = call(row);
    } catch (error) {
      throw new ExpressionError('domain', `${ref}: ${messageOf(error)}`);
    }
    return resultOf(result, fields, ref);
  };
}

function resultOf(result: unknown, fields: readonly Field[], ref: string): Value {
  if (typeof result !== 'object' || result === null || result instanceof Promise)
    throw new ExpressionError(
      'domain',
      `${ref} gave ${result instanceof Promise ? 'a promise; it must not be asynchronous' : describe(result)}, not an object`,
    );
  const record: Record<string, Value> = {};
  for (const { name, type } of fields) {
    const given = (result as Readonly<Record<string, unknown>>)[name];
    const value = valueOf(given, type);
    if (value === undefined) throw new ExpressionError('domain', `${ref} gave ${describe(given)} for ${name}, which is ${showType(type)}`);
    record[name] = value;
  }
  return record;
}

/** Undefined: it is none. */
function valueOf(given: unknown, type: Type): Value | undefined {
  switch (type.kind) {
    case 'nullable':
      return given === null || given === undefined ? null : valueOf(given, type.of);
    case 'boolean':
      return typeof given === 'boolean' ? given : undefined;
    case 'int':
    case 'date':
      return typeof given === 'number' && given === (given | 0) ? given + 0 : undefined;
    case 'long':
      if (typeof given === 'bigint') return BigInt.asIntN(64, given) === given ? canonicalLong(given) : undefined;
      return Number.isSafeInteger(given) ? (given as number) + 0 : undefined;
    case 'float':
      return typeof given === 'number' ? Math.fround(given) : undefined;
    case 'double':
      return typeof given === 'number' ? given : undefined;
    case 'decimal':
      return typeof given === 'bigint' && (given < 0n ? -given : given) < 10n ** BigInt(type.precision) ? given : undefined;
    case 'timestamp': {
      const ms = given instanceof Date ? given.getTime() : given;
      return Number.isSafeInteger(ms) ? (ms as number) + 0 : undefined;
    }
    case 'string':
      return typeof given === 'string' ? given : undefined;
    case 'bytes':
      return given instanceof Uint8Array ? Uint8Array.from(given) : undefined;
    case 'array': {
      if (!Array.isArray(given)) return undefined;
      const items = given.map((item) => valueOf(item, type.items));
      return items.includes(undefined) ? undefined : (items as Value[]);
    }
    case 'map': {
      if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
      const entries = given instanceof Map ? [...(given as ReadonlyMap<unknown, unknown>)] : Object.entries(given);
      const values = entries.map(([key, value]) => [key, valueOf(value, type.values)] as const);
      return values.some(([key, value]) => typeof key !== 'string' || value === undefined)
        ? undefined
        : new Map(values as [string, Value][]);
    }
    default:
      return undefined;
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : `${value as number}`;
  return `the ${typeof value} ${text.length > 50 ? `${text.slice(0, 50)}…` : text}`;
}
