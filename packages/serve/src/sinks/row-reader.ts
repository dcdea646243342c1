/** Records of a sink's topic as its rows, by the schemas that they were written with. */
import type { AvroSchema, Row, SinkNode } from '@rta/dsl';
import { codecFor, frame, unframe, type SchemaRegistry } from '@rta/registry';
import { sinkReader, type LogRecord } from '@rta/runtime';
import { WriterSchemas } from '../writer-schemas.js';

export class RowReader {
  private readonly reader;
  private readonly codec;
  private readonly writers: WriterSchemas<AvroSchema>;

  constructor(
    private readonly sink: SinkNode,
    registry: SchemaRegistry,
  ) {
    this.writers = new WriterSchemas(registry, (schema) => schema);
    this.reader = sinkReader(sink, { codecFor, frame, unframe });
    this.codec = sink.format === 'avro' && sink.valueSchema !== null ? codecFor(sink.valueSchema) : null;
  }

  /** Makes `read` know the schema of a record. Rejects with RegistryError where it has to be asked for and cannot be. */
  async learn({ value }: LogRecord): Promise<void> {
    const id = value === null || this.codec === null ? undefined : unframe(value)?.id;
    if (id !== undefined) await this.writers.of(id);
  }

  /** A row; of a tombstone its key. Null for what is none of the sink's. */
  read(record: LogRecord): Row | null {
    try {
      const { value } = record;
      const framed = value === null || this.codec === null ? null : unframe(value);
      if (framed === null || this.codec === null) return this.reader.rowOf(record).row;
      const writer = this.writers.known(framed.id);
      if (writer === null) return null;
      const values = this.codec.decode(framed.data, writer) as Row;
      return Object.fromEntries(this.sink.columns.map(({ name }) => [name, values[name] ?? null]));
    } catch {
      return null;
    }
  }
}
