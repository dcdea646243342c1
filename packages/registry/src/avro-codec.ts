import type { AvroSchema, Value } from '@rta/dsl';
import { AvroInput, AvroOutput, AvroValueError } from './avro/bytes.js';
import type { AvroNode } from './avro/node.js';
import { parseSchema } from './avro/parse.js';
import { readerOf, type ReadValue } from './avro/read.js';
import { writerOf, type WriteValue } from './avro/write.js';

export { AvroValueError } from './avro/bytes.js';

/**
 * Values of one schema to and from Avro's binary form (without a frame), for everything that is not the hot path. Values are as in `@rta/dsl`
 * types/type.ts: logical types included, maps as Map, records as objects. A union's value is bare; written, it goes to the first
 * branch that takes it. Types without a place in the language (time-millis, timestamp-nanos, fixed, …) are what they are underneath.
 */
export interface AvroCodec {
  readonly schema: AvroSchema;
  /** Missing fields take their default, or null where that is allowed. Throws AvroValueError with the path of what is wrong. */
  encode(value: Value): Buffer;
  /**
   * All of `bytes`, as this schema sees data of `writerSchema` (default: itself). Throws AvroValueError for bytes that are no
   * such value, and for data that does not resolve.
   */
  decode(bytes: Uint8Array, writerSchema?: AvroSchema): Value;
}

/** Throws RegistryError `invalid_schema`. Costs some microseconds per field: keep it. */
export function codecFor(schema: AvroSchema): AvroCodec {
  return new CompiledCodec(schema);
}

class CompiledCodec implements AvroCodec {
  readonly #node: AvroNode;
  readonly #out = new AvroOutput();
  readonly #own: ReadValue;
  /** By writer schema, of which there are a few versions; objects by identity, since registries give the same one each time. */
  readonly #readers = new Map<AvroSchema, ReadValue>();
  #write: WriteValue | null = null;

  constructor(readonly schema: AvroSchema) {
    this.#node = parseSchema(schema);
    this.#own = readerOf(this.#node, this.#node);
  }

  encode(value: Value): Buffer {
    this.#write ??= writerOf(this.#node);
    this.#out.reset();
    this.#write(this.#out, value);
    return this.#out.take();
  }

  decode(bytes: Uint8Array, writerSchema?: AvroSchema): Value {
    const from = new AvroInput(bytes);
    try {
      const value = this.#reader(writerSchema)(from);
      if (from.left > 0) throw new AvroValueError(`${from.left} bytes are left over`);
      return value;
    } catch (error) {
      if (error instanceof AvroValueError) error.at = bytes.length - from.left;
      throw error;
    }
  }

  #reader(writerSchema: AvroSchema | undefined): ReadValue {
    if (writerSchema === undefined || writerSchema === this.schema) return this.#own;
    let read = this.#readers.get(writerSchema);
    if (read === undefined) {
      read = readerOf(this.#node, parseSchema(writerSchema));
      if (this.#readers.size >= MAX_WRITERS) this.#readers.clear();
      this.#readers.set(writerSchema, read);
    }
    return read;
  }
}

const MAX_WRITERS = 1_000;
