import type { Letter } from '@rta/runtime';
import { decodedJson, faultOf, isoTime, showDecoded, type Decoded, type RecordDecoder } from '@rta/serve/lookups';
import { count } from '../run/figures.js';
import { printable } from '../run/text-width.js';
import { hexDump } from './hex-dump.js';

/** A letter for people. */
export async function letterLines(letter: Letter, replayed: boolean, decoder: RecordDecoder): Promise<string[]> {
  const { topic, partition, offset, reason, message, at, pipeline, step, source, key, value, headers } = letter;
  const decoded = await decoder.decode(value);
  const lines: [string, string][] = [
    [reason === 'late' ? 'missed' : 'because', message],
    ['pipeline', `${pipeline}, step ${step}`],
    ['stood at', `${source.topic} ${source.partition}@${source.offset}, ${isoTime(source.timestamp)}`],
    ['written', isoTime(at)],
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
