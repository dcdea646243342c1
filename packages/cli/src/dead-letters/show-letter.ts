import { Buffer } from 'node:buffer';
import type { Letter } from '@rta/runtime';
import { count } from '../run/figures.js';
import { printable } from '../run/text-width.js';
import { decodedJson, showDecoded, type Decoded, type RecordDecoder } from '../tail/decode.js';
import { hexDump } from './hex-dump.js';

/** A letter for people. */
export async function letterLines(letter: Letter, replayed: boolean, decoder: RecordDecoder): Promise<string[]> {
  const { topic, partition, offset, reason, message, at, pipeline, step, source, key, value, headers } = letter;
  const decoded = await decoder.decode(value);
  const lines: [string, string][] = [
    [reason === 'late' ? 'missed' : 'because', message],
    ['pipeline', `${pipeline}, step ${step}`],
    ['stood at', `${source.topic} ${source.partition}@${source.offset}, ${time(source.timestamp)}`],
    ['written', time(at)],
    ...(replayed ? [['replayed', 'yes'] as [string, string]] : []),
    ['key', showDecoded(await decoder.decode(key))],
  ];
  for (const header of headers) lines.push(['header', `${header.key}: ${showDecoded(await decoder.decode(header.value))}`]);
  lines.push(['value', value === null ? 'null' : `${count(value.length)} bytes${nameOf(decoded)}`]);
  return [
    `${topic} ${partition}@${offset}  ${reason}`,
    ...lines.map(([name, text]) => `  ${name.padEnd(9)} ${printable(text)}`),
    ...(value === null ? [] : valueLines(value, decoded, reason).map((line) => `    ${line}`)),
  ];
}

/** A letter for `--json`. */
export async function letterJson(letter: Letter, replayed: boolean, decoder: RecordDecoder): Promise<Readonly<Record<string, unknown>>> {
  const { key, value, headers, at, source, ...rest } = letter;
  const decoded = await decoder.decode(value);
  return {
    ...rest,
    at: time(at),
    source: { ...source, timestamp: time(source.timestamp) },
    replayed,
    key: decodedJson(await decoder.decode(key)),
    headers: await Promise.all(headers.map(async (header) => ({ key: header.key, ...decodedJson(await decoder.decode(header.value)) }))),
    value: decodedJson(decoded),
    faultAt: value === null ? null : faultOf(value, decoded, letter.reason),
    base64: value === null ? null : Buffer.from(value).toString('base64'),
  };
}

function nameOf(decoded: Decoded): string {
  switch (decoded.format) {
    case 'avro':
      return `, Avro of schema ${decoded.schemaId}`;
    case 'json':
      return ', JSON';
    case 'string':
      return ', text';
    case 'bytes':
      return decoded.problem === undefined ? '' : `, ${decoded.problem}`;
    case 'null':
      return '';
  }
}

/** What could be read is shown as that; where a byte is to blame, or nothing could be read, bytes. */
function valueLines(value: Uint8Array, decoded: Decoded, reason: string): string[] {
  const fault = faultOf(value, decoded, reason);
  const readable =
    decoded.format === 'avro' || decoded.format === 'json'
      ? JSON.stringify(decodedJson(decoded)?.['value'], null, 2).split('\n')
      : decoded.format === 'string'
        ? decoded.value.split('\n')
        : [];
  return [...readable.map(printable), ...(fault === null && readable.length > 0 ? [] : hexDump(value, fault))];
}

/** The byte that makes the value unreadable; null where it is not a byte, or not known. */
function faultOf(value: Uint8Array, decoded: Decoded, reason: string): number | null {
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

function time(ms: number): string {
  return ms >= 0 && ms <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
