/** Values of logical types as the language holds them (`@rta/dsl`, types/type.ts), from and to what Avro writes. */
import type { Value } from '@rta/dsl';
import { AvroValueError } from './bytes.js';
import type { Logical } from './node.js';

/** Two's complement, big endian, as few bytes as hold it, or `size` of them. Throws AvroValueError when it takes more. */
export function bytesOfUnscaled(unscaled: bigint, size: number | null): Uint8Array {
  let length = 1;
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length++;
  if (size !== null && length > size) throw new AvroValueError(`${unscaled} does not fit ${size} bytes`);
  const bytes = new Uint8Array(size ?? length);
  let rest = unscaled;
  for (let i = bytes.length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}

export function unscaledOfBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, value);
}

/** A decimal's unscaled value, checked against its precision. */
export function checkedUnscaled(value: Value, precision: number): bigint {
  if (typeof value !== 'bigint') throw new AvroValueError(`${show(value)} is not a decimal: its unscaled value as a bigint is`);
  const limit = 10n ** BigInt(precision);
  if (value >= limit || value <= -limit) throw new AvroValueError(`${value} has more than ${precision} digits`);
  return value;
}

/** How many of what Avro counts make a millisecond; null: not a timestamp of the language. */
export function perMillisecond(logical: Logical | null): number | null {
  switch (logical?.name) {
    case 'timestamp-millis':
    case 'local-timestamp-millis':
      return 1;
    case 'timestamp-micros':
    case 'local-timestamp-micros':
      return 1_000;
    default:
      return null;
  }
}

/** A value for a message. */
export function show(value: unknown): string {
  const text =
    typeof value === 'bigint'
      ? `${value}n`
      : value instanceof Map
        ? 'a map'
        : value instanceof Uint8Array
          ? 'bytes'
          : JSON.stringify(value);
  return text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
