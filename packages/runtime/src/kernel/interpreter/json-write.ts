/** JSON sinks: text of values, exact where JSON's own numbers would not be for us. */
import { Buffer } from 'node:buffer';
import { branchOf, type Column, isUnion, type Row, type Type, type Value } from '@rta/dsl';

/** An object with the columns in order. */
export function jsonOfRow(columns: readonly Column[], row: Row): string {
  return `{${columns.map((column) => `${JSON.stringify(column.name)}:${jsonOf(column.type, row[column.name])}`).join(',')}}`;
}

/** Longs and decimals with all their digits, bytes as base64, times as ISO 8601, NaN and infinities as null. */
export function jsonOf(type: Type, value: Value): string {
  if (value === null) return 'null';
  switch (type.kind) {
    case 'nullable':
      return jsonOf(type.of, value);
    case 'long':
    case 'decimal':
      return textOf(type, value);
    case 'bytes':
    case 'timestamp':
    case 'date':
      return JSON.stringify(textOf(type, value));
    case 'array':
      return `[${(value as Value[]).map((item) => jsonOf(type.items, item)).join(',')}]`;
    case 'map': {
      const entries = [...(value as ReadonlyMap<string, Value>)].map(([k, v]) => `${JSON.stringify(k)}:${jsonOf(type.values, v)}`);
      return `{${entries.join(',')}}`;
    }
    case 'record':
      if (isUnion(type)) {
        const held = branchOf(type, value);
        return jsonOf(held.type, held.value);
      }
      return jsonOfRow(type.fields, value as Row);
    default:
      return JSON.stringify(value);
  }
}

/** A value as plain text: a record key that is one column. */
export function textOf(type: Type, value: Value): string {
  if (value === null) return 'null';
  switch (type.kind) {
    case 'nullable':
      return textOf(type.of, value);
    case 'decimal':
      return decimalText(value as bigint, type.scale);
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'timestamp':
      return new Date(Math.floor(value as number)).toISOString();
    case 'date':
      // Years beyond four digits have a sign and six.
      return new Date(Number(value) * 86_400_000).toISOString().split('T')[0];
    case 'array':
    case 'map':
    case 'record':
      return jsonOf(type, value);
    default:
      return (value as string | number | bigint | boolean).toString();
  }
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(digits.length - scale)}`}`;
}
