import type { Value } from '@rta/dsl';
import { canonicalLong } from './bytes.js';
import { defaultBranch } from './default-value.js';
import { perMillisecond, unscaledOfBytes } from './logical-value.js';
import type { AvroNode, Logical } from './node.js';

/** The value of a default's JSON (checked by `parseSchema`), made anew each time: a caller may change it. */
export function valueOfDefault(node: AvroNode, json: unknown): Value {
  switch (node.kind) {
    case 'null':
      return null;
    case 'boolean':
      return json as boolean;
    case 'int':
    case 'string':
    case 'enum':
      return json as number | string;
    case 'long': {
      const long = Number.isSafeInteger(json) ? (json as number) : canonicalLong(BigInt(json as number));
      const scale = perMillisecond(node.logical);
      return scale === null ? long : Number(long) / scale;
    }
    case 'float':
      return Math.fround(Number(json));
    case 'double':
      return Number(json);
    case 'bytes':
    case 'fixed':
      return bytesValue(node.logical, new Uint8Array(Buffer.from(json as string, 'latin1')));
    case 'array':
      return (json as unknown[]).map((item) => valueOfDefault(node.items, item));
    case 'map':
      return new Map(Object.entries(json as object).map(([key, value]) => [key, valueOfDefault(node.values, value)]));
    case 'record': {
      const fields = json as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        node.fields.map(({ name, node: type, default: own }) => [
          name,
          valueOfDefault(type, Object.hasOwn(fields, name) ? fields[name] : own),
        ]),
      );
    }
    case 'union':
      return valueOfDefault(node.branches[defaultBranch(node.branches, json) ?? 0], json);
  }
}

/** @param bytes the caller's own */
export function bytesValue(logical: Logical | null, bytes: Uint8Array): Value {
  return logical?.name === 'decimal' ? unscaledOfBytes(bytes) : bytes;
}
