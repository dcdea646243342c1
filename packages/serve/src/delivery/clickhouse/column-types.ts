/** The types of columns in ClickHouse, and values of them in the format JSONEachRow. */
import { definite, isNullable, showDate, showDecimal, type Type, type Value } from '@rta/dsl';
import { valueJson } from '../value-json.js';
import type { ServerFeatures } from './server-features.js';

export interface ColumnType {
  /** `Nullable(Int64)`. */
  readonly name: string;
  readonly json: (value: Value | undefined) => string;
}

interface PlainType {
  readonly name: string;
  /** Of a value that is not null. */
  readonly json: (value: Exclude<Value, null>) => string;
  /** Where the type cannot be null: what stands for it. */
  readonly ofNull?: string;
}

/** Times that ClickHouse can hold, ms: what is beyond becomes the nearest of them. */
const [TIME64, TIME32] = [
  [Date.UTC(1900, 0, 1), Date.UTC(2299, 11, 31, 23, 59, 59, 999)],
  [0, 0xffff_ffff * 1000],
] as const;
const DAY_MS = 86_400_000;
const [DATE32, DATE16] = [
  [TIME64[0] / DAY_MS, Math.floor(TIME64[1] / DAY_MS)],
  [0, Date.UTC(2105, 11, 31) / DAY_MS],
] as const;

/**
 * Times are UTC. What ClickHouse has no type for is text: records as JSON, bytes as base64, decimals with too many digits as they are written.
 * An array or a map that is null is an empty one.
 */
export function columnType(type: Type, server: ServerFeatures): ColumnType {
  const { name, json, ofNull } = plainType(definite(type), server);
  if (!isNullable(type)) return { name, json: (value) => json(value!) };
  const none = ofNull ?? 'null';
  const wrapped = name === 'LowCardinality(String)' ? 'LowCardinality(Nullable(String))' : `Nullable(${name})`;
  return {
    name: ofNull === undefined ? wrapped : name,
    json: (value) => (value === null || value === undefined ? none : json(value)),
  };
}

/** A time in `DateTime64`, or `DateTime` where there is no other. */
export function timeType(unit: 'millis' | 'micros', { dateTime64 }: ServerFeatures): PlainType {
  if (!dateTime64) return { name: "DateTime('UTC')", json: (value) => `"${timeText(value as number, 0, TIME32)}"` };
  const digits = unit === 'micros' ? 6 : 3;
  return { name: `DateTime64(${String(digits)}, 'UTC')`, json: (value) => `"${timeText(value as number, digits, TIME64)}"` };
}

function plainType(type: Type, server: ServerFeatures): PlainType {
  const { modern } = server;
  switch (type.kind) {
    case 'boolean':
      return modern ? { name: 'Bool', json: String } : { name: 'UInt8', json: (value) => (value === true ? '1' : '0') };
    case 'int':
      return { name: 'Int32', json: String };
    case 'long':
    case 'duration':
      return { name: 'Int64', json: String };
    case 'float':
      return { name: 'Float32', json: numberText };
    case 'double':
      return { name: 'Float64', json: numberText };
    case 'decimal': {
      const { precision, scale } = type;
      const text = (value: Value): string => showDecimal(value as bigint, scale);
      if (precision > (modern ? 76 : 38)) return { name: 'String', json: (value) => `"${text(value)}"` };
      return { name: `Decimal(${String(precision)}, ${String(scale)})`, json: text };
    }
    case 'timestamp':
      return timeType(type.unit, server);
    case 'date':
      return { name: modern ? 'Date32' : 'Date', json: (value) => `"${showDate(within(value as number, modern ? DATE32 : DATE16))}"` };
    case 'enum':
      return { name: server.ttl ? 'LowCardinality(String)' : 'String', json: (value) => JSON.stringify(value) };
    case 'array': {
      const item = columnType(type.items, server);
      return { name: `Array(${item.name})`, ofNull: '[]', json: (value) => `[${(value as Value[]).map(item.json).join(',')}]` };
    }
    case 'map': {
      if (!modern) return jsonText(type);
      const item = columnType(type.values, server);
      const entry = ([key, each]: readonly [string, Value]): string => `${JSON.stringify(key)}:${item.json(each)}`;
      return {
        name: `Map(String, ${item.name})`,
        ofNull: '{}',
        json: (value) => `{${[...(value as ReadonlyMap<string, Value>)].map(entry).join(',')}}`,
      };
    }
    case 'bytes':
    case 'string':
    case 'null':
      return { name: 'String', json: (value) => JSON.stringify(valueJson(type, value)) };
    default:
      return jsonText(type);
  }
}

/** As JSON within a text. */
function jsonText(type: Type): PlainType {
  return { name: 'String', json: (value) => JSON.stringify(JSON.stringify(valueJson(type, value))) };
}

/** ClickHouse reads what JSON has not from texts. */
function numberText(value: Value): string {
  const number = value as number;
  if (Number.isNaN(number)) return '"nan"';
  return Number.isFinite(number) ? String(number) : number > 0 ? '"inf"' : '"-inf"';
}

/** `2026-01-31 12:00:00.123`, with so many digits of the second. */
function timeText(ms: number, digits: 0 | 3 | 6, range: readonly [number, number]): string {
  const micros = Math.round(within(ms, range) * 1000);
  const whole = Math.floor(micros / 1000);
  const iso = new Date(whole).toISOString();
  const [seconds, millis] = [iso.slice(0, 19).replace('T', ' '), iso.slice(20, 23)];
  if (digits === 0) return seconds;
  return `${seconds}.${millis}${digits === 6 ? String(micros - whole * 1000).padStart(3, '0') : ''}`;
}

function within(value: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, value));
}
