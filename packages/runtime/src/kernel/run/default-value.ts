/** Defaults of schemas as values. */
import { isUnion, type Type, unionValue, type Value } from '@rta/dsl';
import type { AvroNode } from './avro-schema.js';
import { bigIntOfBytes } from './numbers.js';

/** A reader's default as a value: JSON as the Avro specification writes it (bytes: code points 0 to 255). */
export function defaultValue(node: AvroNode, json: unknown, type: Type): Value {
  if (type.kind === 'nullable') return json === null ? null : defaultValue(node, json, type.of);
  switch (node.kind) {
    case 'union': {
      const branch = node.branches.find((each) => fits(each, json)) ?? node.branches[0];
      if (!isUnion(type)) return defaultValue(branch, json, type);
      const at = node.branches.filter(({ kind }) => kind !== 'null').indexOf(branch);
      return unionValue(type, at, defaultValue(branch, json, type.fields[at].type));
    }
    case 'bytes':
    case 'fixed': {
      const bytes = Uint8Array.from(String(json), (c) => c.charCodeAt(0));
      return type.kind === 'decimal' ? bigIntOfBytes(bytes, 0, bytes.length) : bytes;
    }
    case 'long':
      return type.kind === 'timestamp' && type.unit === 'micros' ? Number(json) / 1000 : (json as number);
    case 'array':
      return type.kind === 'array' ? (json as unknown[]).map((item) => defaultValue(node.items, item, type.items)) : [];
    case 'map':
      return new Map(
        Object.entries(json as object).map(([k, v]) => [k, type.kind === 'map' ? defaultValue(node.values, v, type.values) : null]),
      );
    case 'record': {
      const fields = json as Readonly<Record<string, unknown>>;
      const typed = type.kind === 'record' ? type.fields : [];
      return Object.fromEntries(
        typed.map((t) => {
          const field = node.fields.find((f) => f.name === t.name);
          return [t.name, field ? defaultValue(field.node, Object.hasOwn(fields, t.name) ? fields[t.name] : field.default, t.type) : null];
        }),
      );
    }
    default:
      return json as Value;
  }
}

function fits(node: AvroNode, json: unknown): boolean {
  switch (node.kind) {
    case 'null':
      return json === null;
    case 'boolean':
      return typeof json === 'boolean';
    case 'int':
    case 'long':
      return Number.isInteger(json);
    case 'float':
    case 'double':
      return typeof json === 'number';
    case 'array':
      return Array.isArray(json);
    case 'map':
    case 'record':
      return typeof json === 'object' && json !== null && !Array.isArray(json);
    case 'enum':
      return node.symbols.includes(json as string);
    default:
      return typeof json === 'string';
  }
}
