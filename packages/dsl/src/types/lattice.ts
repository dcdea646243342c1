import { RecursiveRecord } from './recursive.js';
import type { Type } from './type.js';

export const NULL: Type = { kind: 'null' };
export const BOOLEAN: Type = { kind: 'boolean' };
export const INT: Type = { kind: 'int' };
export const LONG: Type = { kind: 'long' };
export const FLOAT: Type = { kind: 'float' };
export const DOUBLE: Type = { kind: 'double' };
export const STRING: Type = { kind: 'string' };
export const BYTES: Type = { kind: 'bytes' };
export const TIMESTAMP: Type = { kind: 'timestamp', unit: 'millis' };
export const TIMESTAMP_MICROS: Type = { kind: 'timestamp', unit: 'micros' };
export const DATE: Type = { kind: 'date' };
export const DURATION: Type = { kind: 'duration' };

/** Digits that a decimal of the language can have at most; wider results are an `overflow` at run time. */
export const MAX_DECIMAL_PRECISION = 38;

/** Every type but the wrapper. */
export type DefiniteType = Exclude<Type, { readonly kind: 'nullable' }>;

/** `T?`; a type that holds null already stays as it is. */
export function nullable(type: Type): Type {
  return isNullable(type) ? type : { kind: 'nullable', of: type };
}

/** `T` of `T?`. The null type stays: it has no definite part. */
export function definite(type: Type): DefiniteType {
  return type.kind === 'nullable' ? definite(type.of) : type;
}

/** Whether null is a value of the type. */
export function isNullable(type: Type): boolean {
  return type.kind === 'nullable' || type.kind === 'null';
}

/** `nullable(type)` if `when`, else `type` as it is. */
export function nullableIf(when: boolean, type: Type): Type {
  return when ? nullable(type) : type;
}

export function isInteger(type: Type): boolean {
  return type.kind === 'int' || type.kind === 'long';
}

/** int, long, float, double or decimal. */
export function isNumeric(type: Type): boolean {
  return isInteger(type) || type.kind === 'float' || type.kind === 'double' || type.kind === 'decimal';
}

/** A string or an enum, whose values are strings too. */
export function isText(type: Type): boolean {
  return type.kind === 'string' || type.kind === 'enum';
}

/** Whether `<` and min, max, greatest, least are defined on the (definite) type. */
export function isOrdered(type: Type): boolean {
  return isNumeric(type) || isText(type) || ['boolean', 'timestamp', 'date', 'duration'].includes(type.kind);
}

/** Structural equality; names of records and enums count, docs do not. */
export function sameType(a: Type, b: Type): boolean {
  return same(a, b, []);
}

/** @param pending pairs of which one contains itself, being compared: the same unless something else tells them apart */
function same(a: Type, b: Type, pending: readonly (readonly [Type, Type])[]): boolean {
  switch (a.kind) {
    case 'decimal':
      return b.kind === 'decimal' && a.precision === b.precision && a.scale === b.scale;
    case 'enum':
      return b.kind === 'enum' && a.name === b.name && sameSymbols(a.symbols, b.symbols);
    case 'timestamp':
      return b.kind === 'timestamp' && a.unit === b.unit;
    case 'array':
      return b.kind === 'array' && same(a.items, b.items, pending);
    case 'map':
      return b.kind === 'map' && same(a.values, b.values, pending);
    case 'nullable':
      return b.kind === 'nullable' && same(a.of, b.of, pending);
    case 'record': {
      if (b.kind !== 'record' || a.name !== b.name || a.union !== b.union) return false;
      if (a instanceof RecursiveRecord && b instanceof RecursiveRecord) return a.schema === b.schema;
      const recursive = a instanceof RecursiveRecord || b instanceof RecursiveRecord;
      if (recursive && pending.some(([x, y]) => x === a && y === b)) return true;
      const inside = recursive ? [...pending, [a, b] as const] : pending;
      const [of, others] = [a.fields, b.fields];
      return of.length === others.length && of.every(({ name, type }, i) => name === others[i].name && same(type, others[i].type, inside));
    }
    default:
      return a.kind === b.kind;
  }
}

/**
 * The narrowest type that holds the values of both, or null where there is none. int → long → double, float → double, int and long →
 * decimal, two decimals → one with room for both, enum and string → string, enums of the same symbols → the first, timestamps → the finer
 * unit, arrays and maps → of items that hold both without a conversion. An integer and a float meet in double, since a float does not hold every int. Nullable if either is.
 */
export function commonType(a: Type, b: Type): Type | null {
  if (a.kind === 'null') return nullable(b);
  if (b.kind === 'null') return nullable(a);
  const common = commonDefinite(definite(a), definite(b));
  return common && nullableIf(isNullable(a) || isNullable(b), common);
}

function commonDefinite(a: DefiniteType, b: DefiniteType): Type | null {
  if (sameType(a, b)) return a;
  if (isNumeric(a) && isNumeric(b)) return commonNumber(a, b);
  if (a.kind === 'enum' && b.kind === 'enum') return sameSymbols(a.symbols, b.symbols) ? a : STRING;
  if (isText(a) && isText(b)) return STRING;
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return TIMESTAMP_MICROS;
  if (a.kind === 'array' && b.kind === 'array') return itemsHolding(a.items, b.items, (items) => ({ kind: 'array', items }));
  if (a.kind === 'map' && b.kind === 'map') return itemsHolding(a.values, b.values, (values) => ({ kind: 'map', values }));
  return null;
}

/** Arrays and maps meet where their items need no conversion: nullable or not, int and long, enum and string. */
function itemsHolding(a: Type, b: Type, holding: (items: Type) => Type): Type | null {
  const common = commonType(a, b);
  const isFree = (from: Type, to: Type): boolean =>
    sameType(from, to) ||
    (isInteger(from) && isInteger(to)) ||
    (isText(from) && isText(to)) ||
    (from.kind === 'array' && to.kind === 'array') ||
    (from.kind === 'map' && to.kind === 'map');
  return common && isFree(definite(a), definite(common)) && isFree(definite(b), definite(common)) ? holding(common) : null;
}

function commonNumber(a: DefiniteType, b: DefiniteType): Type | null {
  const [x, y] = [asDecimal(a), asDecimal(b)];
  if (a.kind === 'decimal' || b.kind === 'decimal') return x && y ? decimalHolding(x, y) : null;
  return isInteger(a) && isInteger(b) ? LONG : DOUBLE;
}

export interface DecimalType {
  readonly kind: 'decimal';
  readonly precision: number;
  readonly scale: number;
}

/** A decimal type, capped at the greatest precision (but never below the scale). */
export function decimal(precision: number, scale: number): DecimalType {
  return { kind: 'decimal', precision: Math.max(1, scale, Math.min(precision, MAX_DECIMAL_PRECISION)), scale };
}

/** The decimal type that holds the values of an exact number type; null for others. */
export function asDecimal(type: Type): DecimalType | null {
  if (type.kind === 'decimal') return type;
  if (type.kind === 'int') return decimal(10, 0);
  if (type.kind === 'long') return decimal(19, 0);
  return null;
}

/** The decimal type with room for the values of both. */
export function decimalHolding(a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(a.scale, b.scale);
  return decimal(Math.max(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

function sameSymbols(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((symbol, i) => symbol === b[i]);
}

/** The type as messages and docs write it: `long?`, `array<string>`, `decimal(10, 2)`, `record Address`. */
export function showType(type: Type): string {
  switch (type.kind) {
    case 'nullable':
      return `${showType(type.of)}?`;
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'enum':
      return `enum ${shortName(type.name)}`;
    case 'array':
      return `array<${showType(type.items)}>`;
    case 'map':
      return `map<${showType(type.values)}>`;
    case 'record':
      if (type.union === true) return `union<${type.fields.map((field) => showType(definite(field.type))).join(', ')}>`;
      return `record ${shortName(type.name)}`;
    default:
      return type.kind;
  }
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
