/** The types of columns in DuckDB, and values in them. */
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  FLOAT,
  INTEGER,
  LIST,
  MAP,
  STRUCT,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api';
import { definite, RecursiveRecord, showDecimal, type Type, type Value } from '@rta/dsl';
import { valueJson } from '../value-json.js';

export interface ColumnType {
  readonly type: DuckDBType;
  /** Of a value that is not null. */
  readonly toDuckDB: (value: Exclude<Value, null>) => DuckDBValue;
}

/** DuckDB's widest decimal, in digits. */
const WIDEST_DECIMAL = 38;

/**
 * Timestamps are UTC, to the microsecond. What DuckDB has no type for is text: decimals of more than 38 digits as they are written, records
 * without fields or within themselves as JSON.
 */
export function columnType(nullable: Type): ColumnType {
  const type = definite(nullable);
  switch (type.kind) {
    case 'boolean':
      return same(BOOLEAN);
    case 'int':
      return same(INTEGER);
    case 'long':
    case 'duration':
      return { type: BIGINT, toDuckDB: (value) => BigInt(value as number | bigint) };
    case 'float':
      return same(FLOAT);
    case 'double':
      return same(DOUBLE);
    case 'decimal': {
      const { precision, scale } = type;
      if (precision > WIDEST_DECIMAL) return { type: VARCHAR, toDuckDB: (value) => showDecimal(value as bigint, scale) };
      return { type: DECIMAL(precision, scale), toDuckDB: (value) => new DuckDBDecimalValue(value as bigint, precision, scale) };
    }
    case 'bytes':
      return { type: BLOB, toDuckDB: (value) => new DuckDBBlobValue(value as Uint8Array) };
    case 'timestamp':
      return { type: TIMESTAMP, toDuckDB: (value) => timestampOf(value as number) };
    case 'date':
      return { type: DATE, toDuckDB: (value) => new DuckDBDateValue(value as number) };
    case 'array': {
      const item = columnType(type.items);
      return { type: LIST(item.type), toDuckDB: (value) => new DuckDBListValue((value as Value[]).map((each) => orNull(item, each))) };
    }
    case 'map': {
      const item = columnType(type.values);
      const entries = (value: ReadonlyMap<string, Value>) => [...value].map(([key, each]) => ({ key, value: orNull(item, each) }));
      return { type: MAP(VARCHAR, item.type), toDuckDB: (value) => new DuckDBMapValue(entries(value as ReadonlyMap<string, Value>)) };
    }
    case 'record':
      return recordType(type);
    case 'string':
    case 'enum':
    case 'null':
      return same(VARCHAR);
  }
}

/** ms since the epoch. */
export function timestampOf(ms: number): DuckDBTimestampValue {
  return new DuckDBTimestampValue(BigInt(Math.round(ms * 1000)));
}

function recordType(type: Extract<Type, { readonly kind: 'record' }>): ColumnType {
  if (type instanceof RecursiveRecord || type.fields.length === 0)
    return { type: VARCHAR, toDuckDB: (value) => JSON.stringify(valueJson(type, value)) };
  const fields = type.fields.map((field) => ({ name: field.name, column: columnType(field.type) }));
  return {
    type: STRUCT(Object.fromEntries(fields.map(({ name, column }) => [name, column.type]))),
    toDuckDB: (value) => {
      const values = value as Readonly<Record<string, Value>>;
      return new DuckDBStructValue(Object.fromEntries(fields.map(({ name, column }) => [name, orNull(column, values[name])])));
    },
  };
}

function same(type: DuckDBType): ColumnType {
  return { type, toDuckDB: (value) => value as DuckDBValue };
}

/** Of a value that may be null. */
export function orNull({ toDuckDB }: ColumnType, value: Value | undefined): DuckDBValue {
  return value === null || value === undefined ? null : toDuckDB(value);
}
