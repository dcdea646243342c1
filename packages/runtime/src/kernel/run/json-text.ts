/** Values as JSON: longs and decimals with all their digits, bytes as base64, times as ISO 8601, NaN and infinities as null. */
import { Buffer } from 'node:buffer';
import { branchOf, type Column, definite, isUnion, perRecursive, RecursiveRecord, type Type, type Value } from '@rta/dsl';

export type TextOf = (value: Value) => string;

/** Of the columns' values, in order: a JSON object. */
export function jsonText(columns: readonly Column[]): (values: readonly Value[]) => string {
  const parts = columns.map((column, i) => ({ head: `${i === 0 ? '{' : ','}${JSON.stringify(column.name)}:`, text: jsonOf(column.type) }));
  if (parts.length === 0) return () => '{}';
  return (values) => {
    let text = '';
    for (let i = 0; i < parts.length; i++) text += parts[i].head + parts[i].text(values[i]);
    return `${text}}`;
  };
}

const recursiveText = perRecursive(jsonOf);

/** Of one value. */
export function jsonOf(type: Type): TextOf {
  switch (type.kind) {
    case 'null':
      return () => 'null';
    case 'nullable': {
      const inner = jsonOf(type.of);
      return (value) => (value === null ? 'null' : inner(value));
    }
    case 'int':
    case 'long':
    case 'decimal':
      return plainText(type);
    case 'bytes':
    case 'timestamp':
    case 'date': {
      const plain = plainText(type);
      return (value) => `"${plain(value)}"`;
    }
    case 'array': {
      const item = jsonOf(type.items);
      return (value) => `[${(value as Value[]).map(item).join(',')}]`;
    }
    case 'map': {
      const item = jsonOf(type.values);
      return (value) => `{${[...(value as ReadonlyMap<string, Value>)].map(([k, v]) => `${JSON.stringify(k)}:${item(v)}`).join(',')}}`;
    }
    case 'record': {
      if (isUnion(type)) {
        const branches = type.fields.map((field) => jsonOf(definite(field.type)));
        return (value) => {
          const held = branchOf(type, value);
          return branches[held.branch](held.value);
        };
      }
      if (type instanceof RecursiveRecord) {
        const text = recursiveText(type);
        return (value) => text()(value);
      }
      const fields = type.fields.map((field) => field.name);
      const text = jsonText(type.fields);
      return (value) => text(fields.map((name) => (value as { readonly [field: string]: Value })[name]));
    }
    default:
      return (value) => JSON.stringify(value);
  }
}

/** As plain text: a record key that is one column. */
export function plainText(type: Type): TextOf {
  switch (type.kind) {
    case 'null':
      return () => 'null';
    case 'nullable': {
      const inner = plainText(type.of);
      return (value) => (value === null ? 'null' : inner(value));
    }
    case 'decimal': {
      const { scale } = type;
      return (value) => decimalText(value as bigint, scale);
    }
    case 'bytes':
      return (value) => Buffer.from(value as Uint8Array).toString('base64');
    case 'timestamp':
      return (value) => isoText(Math.floor(value as number), value as number);
    case 'date':
      return (value) => isoText((value as number) * 86_400_000, value as number).replace(/T.*/, '');
    case 'array':
    case 'map':
    case 'record':
      return jsonOf(type);
    default:
      return (value) => (typeof value === 'object' ? '' : String(value));
  }
}

/** Times that no calendar reaches (beyond the years ±271821) stay the numbers that they are. */
function isoText(ms: number, value: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(value);
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
