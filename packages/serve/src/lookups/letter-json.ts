import { Buffer } from 'node:buffer';
import type { Letter } from '@rta/runtime';
import { decodedJson, type Decoded, type RecordDecoder } from './decode-record.js';

/** A letter as JSON has it: decoded, and in base64 byte for byte. Rejects as `RecordDecoder.decode`. */
export async function letterJson(letter: Letter, replayed: boolean, decoder: RecordDecoder): Promise<Readonly<Record<string, unknown>>> {
  const { key, value, headers, at, source, ...rest } = letter;
  const decoded = await decoder.decode(value);
  return {
    ...rest,
    at: isoTime(at),
    source: { ...source, timestamp: isoTime(source.timestamp) },
    replayed,
    key: decodedJson(await decoder.decode(key)),
    headers: await Promise.all(headers.map(async (header) => ({ key: header.key, ...decodedJson(await decoder.decode(header.value)) }))),
    value: decodedJson(decoded),
    faultAt: value === null ? null : faultOf(value, decoded, letter.reason),
    base64: value === null ? null : Buffer.from(value).toString('base64'),
  };
}

/** The byte that makes the value unreadable; null where it is not a byte, or not known. */
export function faultOf(value: Uint8Array, decoded: Decoded, reason: string): number | null {
  if (decoded.format === 'bytes' && decoded.at !== undefined) return decoded.at;
  if (reason === 'bad_magic' || reason === 'empty_value') return 0;
  if (reason === 'unknown_schema_id') return 1;
  if (reason !== 'not_json' || decoded.format !== 'string') return null;
  try {
    JSON.parse(decoded.value);
    return null;
  } catch (error) {
    const [, position] = / at position (\d+)/.exec((error as Error).message) ?? [];
    // Counted in UTF-16 units; where the text ends too early nothing is said.
    return position === undefined ? value.length : Buffer.byteLength(decoded.value.slice(0, Number(position)));
  }
}

/** ISO 8601; beyond the calendar the number itself. */
export function isoTime(ms: number): string {
  return ms >= 0 && ms <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
