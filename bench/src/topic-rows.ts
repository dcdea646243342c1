import { codecFor, unframe, type AvroCodec, type SchemaRegistry } from '@rta/registry';
import { records, type Log } from '@rta/runtime';
import type { Row } from './expected.js';

/** What a compacted Avro topic holds: key and value together of each key that has a value, committed records only. */
export async function* latestRows(log: Log, registry: SchemaRegistry, topic: string): AsyncGenerator<Row, void, undefined> {
  const decoder = new RowDecoder(registry, topic);
  for (const { partition, low, stable } of await log.offsets(topic)) {
    // Millions of short texts take less than as many arrays do.
    const latest = new Map<string, string>();
    for await (const batch of log.read(topic, partition, low, stable))
      for (const { key, value } of records(batch, low)) {
        const text = latin1(decoder.present(key));
        if (value === null) latest.delete(text);
        else latest.set(text, latin1(value));
      }
    for (const [key, value] of latest) yield decoder.row(Buffer.from(key, 'latin1'), Buffer.from(value, 'latin1'));
  }
}

/** Key and value together of each record of an Avro topic, committed ones only. */
export async function* allRows(log: Log, registry: SchemaRegistry, topic: string): AsyncGenerator<Row, void, undefined> {
  const decoder = new RowDecoder(registry, topic);
  for (const { partition, low, stable } of await log.offsets(topic))
    for await (const batch of log.read(topic, partition, low, stable))
      for (const { key, value } of records(batch, low)) yield decoder.row(decoder.present(key), decoder.present(value));
}

/** Decodes rows of a topic, whose few schemas it fetches as it meets them. */
export class RowDecoder {
  private readonly codecs = new Map<number, AvroCodec>();

  constructor(
    private readonly registry: SchemaRegistry,
    private readonly topic: string,
  ) {}

  /** Key and value together; a promise where a schema is new. Throws, or rejects, where one is not framed Avro. */
  row(key: Uint8Array, value: Uint8Array): Row | Promise<Row> {
    for (const bytes of [key, value]) {
      const id = this.framed(bytes).id;
      if (!this.codecs.has(id)) return this.learn(id).then(() => this.row(key, value));
    }
    const keyRow = this.decode(key);
    // A key of one column may be bare; such a column is in the value, too.
    return typeof keyRow === 'object' ? { ...keyRow, ...(this.decode(value) as Row) } : (this.decode(value) as Row);
  }

  present(bytes: Uint8Array | null): Uint8Array {
    if (bytes === null) throw new Error(`${this.topic}: a record has no key, or no value`);
    return bytes;
  }

  private decode(bytes: Uint8Array): unknown {
    const { id, data } = this.framed(bytes);
    return this.codecs.get(id)!.decode(data);
  }

  private framed(bytes: Uint8Array): { id: number; data: Uint8Array } {
    const framed = unframe(bytes);
    if (framed === null) throw new Error(`${this.topic}: a record is not framed`);
    return framed;
  }

  private async learn(id: number): Promise<void> {
    const schema = await this.registry.byId(id);
    if (schema === null) throw new Error(`${this.topic}: the registry has no schema ${id}`);
    this.codecs.set(id, codecFor(schema.schema));
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
