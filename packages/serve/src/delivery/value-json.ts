/** Values as JSON for other programs. */
import { Buffer } from 'node:buffer';
import { definite, showDate, showDecimal, showTimestamp, type Type, type Value } from '@rta/dsl';

/**
 * A value for `JSON.stringify`, without loss: times are ISO 8601 in UTC, decimals and longs beyond 2^53 text of digits, bytes base64, numbers
 * that JSON has not `"NaN"`, `"Infinity"` and `"-Infinity"`.
 */
export function valueJson(type: Type, value: Value | undefined): unknown {
  if (value === null || value === undefined) return null;
  const of = definite(type);
  switch (of.kind) {
    case 'timestamp':
      return showTimestamp(value as number);
    case 'date':
      return showDate(value as number);
    case 'decimal':
      return showDecimal(value as bigint, of.scale);
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'array':
      return (value as readonly Value[]).map((item) => valueJson(of.items, item));
    case 'map':
      return Object.fromEntries([...(value as ReadonlyMap<string, Value>)].map(([key, item]) => [key, valueJson(of.values, item)]));
    case 'record': {
      const fields = value as Readonly<Record<string, Value>>;
      return Object.fromEntries(of.fields.map((field) => [field.name, valueJson(field.type, fields[field.name])]));
    }
    default:
      if (typeof value === 'bigint') return value.toString();
      return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  }
}
