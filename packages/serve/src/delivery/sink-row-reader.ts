/** Records of the topic of a sink that is a store as rows, by the schemas that they were written with. */
import { Buffer } from 'node:buffer';
import type { AvroSchema, Row, SinkNode, Value } from '@rta/dsl';
import { type AvroCodec, codecFor, type SchemaRegistry, unframe } from '@rta/registry';
import type { LogRecord } from '@rta/runtime';
import { WriterSchemas } from '../writer-schemas.js';
import { type SinkRow, StoreError } from './sink-store.js';

export class SinkRowReader {
  private readonly values: AvroCodec;
  private readonly keys: AvroCodec | null;
  private readonly writers: WriterSchemas<AvroSchema>;

  constructor(
    private readonly sink: SinkNode,
    registry: Pick<SchemaRegistry, 'byId'>,
  ) {
    this.writers = new WriterSchemas(registry, (schema) => schema);
    this.values = codecFor(sink.valueSchema!);
    this.keys = sink.keySchema === null ? null : codecFor(sink.keySchema);
  }

  /** Rejects with RegistryError where a schema cannot be asked for, and with StoreError for what no pipeline wrote. */
  async read({ offset, timestamp, key, value }: LogRecord, partition: number): Promise<SinkRow> {
    const { sink, keys } = this;
    const place = `${sink.topic}-${String(partition)} at offset ${String(offset)}`;
    const keyValue = key === null || keys === null ? null : await this.decode(keys, key, place);
    return {
      partition,
      offset,
      time: timestamp,
      bytes: value?.length ?? 0,
      id: key === null ? null : Buffer.from(key).toString('latin1'),
      key: keyValue === null ? null : sink.key!.length === 1 ? { [sink.key![0]]: keyValue } : (keyValue as Row),
      row: value === null ? null : ((await this.decode(this.values, value, place)) as Row),
    };
  }

  private async decode(codec: AvroCodec, bytes: Uint8Array, place: string): Promise<Value> {
    const framed = unframe(bytes);
    if (framed === null) throw new StoreError(`${place}: a record that no pipeline wrote`, false);
    const writer = await this.writers.of(framed.id);
    if (writer === null) throw new StoreError(`${place}: the registry does not know schema ${String(framed.id)}`, false);
    try {
      return codec.decode(framed.data, writer);
    } catch (cause) {
      throw new StoreError(`${place}: a record that cannot be read: ${(cause as Error).message}`, false, { cause });
    }
  }
}
