/**
 * The types of the language: Avro's, with nullability as a wrapper.
 *
 * Values at run time, by type:
 * - boolean: `boolean`; int, float, double: `number`
 * - long: `number` where it is a safe integer, else `bigint` (canonical: never a bigint that a number could hold)
 * - decimal: the unscaled `bigint` (the scale is the type's)
 * - string, enum: `string`; bytes: `Uint8Array`
 * - timestamp: `number`, milliseconds since the epoch (micros keep a fraction); date: `number`, days since the epoch
 * - array: `Value[]`; map: `Map<string, Value>`; record: an object with a property per field
 * - a record in itself (recursive.ts): as any record
 * - union (a record with a field per branch, see union.ts): all of them null but one
 * - duration: `number`, milliseconds (literals only, never a column)
 * - null: `null`
 */
export type Type =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int' }
  | { readonly kind: 'long' }
  | { readonly kind: 'float' }
  | { readonly kind: 'double' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'timestamp'; readonly unit: 'millis' | 'micros' }
  | { readonly kind: 'date' }
  | { readonly kind: 'duration' }
  | { readonly kind: 'array'; readonly items: Type }
  | { readonly kind: 'map'; readonly values: Type }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly Field[]; readonly union?: true }
  | { readonly kind: 'nullable'; readonly of: Type };

export interface Field {
  readonly name: string;
  readonly type: Type;
  readonly doc?: string;
}

export type Value =
  null | boolean | number | bigint | string | Uint8Array | Value[] | Map<string, Value> | { readonly [field: string]: Value };

/** A row at the edges (tests, interpreter, JSON): one property per column. */
export type Row = Record<string, Value>;
