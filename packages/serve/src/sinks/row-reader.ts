/** Records of a sink's topic as its rows, by the schemas that they were written with. */
import type { Row, SinkNode } from '@rta/dsl';
import { codecFor, frame, unframe, type SchemaRegistry } from '@rta/registry';
import { sinkReader, type LogRecord } from '@rta/runtime';

export class RowReader {
  private readonly reader;
  private readonly codec;
  /** By id; null: the registry does not know it. */
  private readonly writers = new Map<number, Awaited<ReturnType<SchemaRegistry['byId']>>>();

  constructor(
    private readonly sink: SinkNode,
    private readonly registry: SchemaRegistry,
  ) {
    this.reader = sinkReader(sink, { codecFor, frame, unframe });
    this.codec = sink.format === 'avro' && sink.valueSchema !== null ? codecFor(sink.valueSchema) : null;
  }

  /** Makes `read` know the schema of a record. Rejects with RegistryError where it has to be asked for and cannot be. */
  async learn({ value }: LogRecord): Promise<void> {
    const id = value === null || this.codec === null ? undefined : unframe(value)?.id;
    if (id !== undefined && !this.writers.has(id)) this.writers.set(id, await this.registry.byId(id));
  }

  /** A row; of a tombstone its key. Null for what is none of the sink's. */
  read(record: LogRecord): Row | null {
    try {
      const { value } = record;
      const framed = value === null || this.codec === null ? null : unframe(value);
      if (framed === null || this.codec === null) return this.reader.rowOf(record).row;
      const writer = this.writers.get(framed.id);
      if (!writer) return null;
      const values = this.codec.decode(framed.data, writer.schema) as Row;
      return Object.fromEntries(this.sink.columns.map(({ name }) => [name, values[name] ?? null]));
    } catch {
      return null;
    }
  }
}
