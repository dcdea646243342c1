/** Rows as people and other programs read them: times in ISO 8601, decimals as text, bytes in hex. */
import type { Column, Row, Type, Value } from '@rta/dsl';
import { definite, showDate, showDecimal, showTimestamp } from '@rta/dsl';

/** @param row columns that are not among `columns` are as they are, but for `$time` */
export function rowJson(row: Row, columns: readonly Column[]): Readonly<Record<string, unknown>> {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const type = types.get(name);
      return [
        name,
        name === '$time' && typeof value === 'number' ? showTimestamp(value) : type === undefined ? value : valueJson(type, value),
      ];
    }),
  );
}

function valueJson(type: Type, value: Value): unknown {
  if (value === null) return null;
  const of = definite(type);
  if (of.kind === 'timestamp') return showTimestamp(value as number);
  if (of.kind === 'date') return showDate(value as number);
  if (of.kind === 'decimal') return showDecimal(value as bigint, of.scale);
  if (of.kind === 'array') return (value as readonly Value[]).map((item) => valueJson(of.items, item));
  if (of.kind === 'record')
    return Object.fromEntries(
      of.fields.map((field) => [field.name, valueJson(field.type, (value as Readonly<Record<string, Value>>)[field.name])]),
    );
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

/** For `JSON.stringify`: bigint becomes a number where exact, else a string. */
export function plainJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Map) return Object.fromEntries(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}
