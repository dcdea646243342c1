/** Values and rows as text that is equal exactly where they are; and the final rows of a sink, from what was written to it. */
import { Buffer } from 'node:buffer';
import type { Column, Plan, Row, SinkNode, Type, Value } from '@rta/dsl';
import { AvroCodec, toValue } from '../../src/kernel/interpreter/avro-codec.js';
import type { Datum } from '../../src/kernel/interpreter/avro-read.js';
import type { Written } from './stage-runner.js';

export function textOfValue(type: Type, value: Value): string {
  if (value === null) return 'null';
  if (type.kind === 'nullable') return textOfValue(type.of, value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (Object.is(value, -0)) return '-0';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value) && type.kind === 'array') return `[${value.map((item) => textOfValue(type.items, item)).join(', ')}]`;
  if (type.kind === 'record') return `{${textOfRow(type.fields, value as Row)}}`;
  if (typeof value === 'object') throw new Error('the laws have no such values');
  return String(value);
}

export function textOfRow(columns: readonly Column[], row: Row): string {
  return columns.map((c) => `${c.name}=${textOfValue(c.type, row[c.name])}`).join(' ');
}

/** Final rows of each Avro sink: of a table the last one per key, of a stream all; sorted. */
export function finalRows(plan: Plan, written: ReadonlyMap<string, readonly Written[]>): Map<string, string[]> {
  return new Map(plan.sinks.map((sink) => [sink.topic, rowsOfSink(sink, written.get(sink.topic)!)]));
}

function rowsOfSink(sink: SinkNode, written: readonly Written[]): string[] {
  const codec = new AvroCodec(sink.valueSchema!);
  const text = (value: Uint8Array): string => {
    const datum = codec.decode(value.subarray(5)) as ReadonlyMap<string, Datum>;
    return textOfRow(sink.columns, Object.fromEntries(sink.columns.map((c) => [c.name, toValue(c.type, datum.get(c.name)!)])));
  };
  if (!sink.compacted) return written.map(({ value }) => text(value!)).sort();
  const last = new Map<string, Uint8Array>();
  for (const { partition, key, value } of written) {
    const id = `${partition}|${Buffer.from(key!).toString('hex')}`;
    if (value === null) {
      if (!last.delete(id)) throw new Error(`a tombstone for a key without a row in ${sink.topic}`);
    } else last.set(id, value);
  }
  return [...last.values()].map(text).sort();
}
