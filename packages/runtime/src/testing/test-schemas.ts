import type { AvroSchema, Value } from '@rta/dsl';
import type { SchemaSource } from '../task/writer-schema.js';

/** Avro as the registry package does it; the runtime is handed it in. */
export interface AvroSupport {
  codecFor(schema: AvroSchema): { encode(value: Value): Uint8Array; decode(bytes: Uint8Array): Value };
  /** Confluent's frame around Avro data. */
  frame(id: number, data: Uint8Array): Uint8Array;
  unframe(bytes: Uint8Array): { readonly id: number; readonly data: Uint8Array } | null;
}

/** The ids of the schemas that one pipeline's tests write with: numbers from 1, by subject. */
export class TestSchemas implements SchemaSource {
  private readonly ids = new Map<string, number>();
  private readonly schemas: AvroSchema[] = [];

  /** The id of a subject's schema; a subject has one. */
  idOf(subject: string, schema: AvroSchema): number {
    let id = this.ids.get(subject);
    if (id === undefined) {
      id = this.schemas.push(schema);
      this.ids.set(subject, id);
    }
    return id;
  }

  byId(id: number): Promise<{ readonly schema: AvroSchema } | null> {
    const schema = this.schemas.at(id - 1);
    return Promise.resolve(schema === undefined ? null : { schema });
  }
}
