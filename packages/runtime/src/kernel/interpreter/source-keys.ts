/** Record keys: what columns they are, and how columns are written as keys. */
import { Buffer } from 'node:buffer';
import { type Column, type KeyFormat, type Row, typeToAvro, type Type } from '@rta/dsl';
import type { LogRecord } from '../../log/batch/records.js';
import type { SourceInput } from '../../plan/physical.js';
import { AvroCodec, toRaw, toValue } from './avro-codec.js';
import { type Datum, readDatum, Rejected, resolveDatum } from './avro-read.js';
import { type AvroNode, parseSchema } from './avro-schema.js';
import { textDatum } from './csv.js';
import { readJson } from './json-read.js';
import { jsonOf, jsonOfRow, textOf } from './json-write.js';
import { canonicalLong, definite } from './values.js';

const FRAME_BYTES = 5;

/** The keys of one source's records. */
export class SourceKeys {
  private readonly columns: readonly Column[];

  /** @param writerOf the schema of an id; null: the registry does not know it. Throws UnknownSchema */
  constructor(
    private readonly input: SourceInput,
    private readonly writerOf: (id: number, offset: number) => AvroNode | null,
  ) {
    this.columns = (input.key ?? []).map((name) => input.columns.find((column) => column.name === name)!);
  }

  /** The columns that the record's key is. Throws Rejected. */
  read({ key, offset }: LogRecord): Row {
    if (key === null) throw new Rejected('null_key', 'the record has no key');
    try {
      const data = this.data(Buffer.from(key), offset);
      return Object.fromEntries(this.columns.map(({ name, type }, i) => [name, toValue(type, data[i])]));
    } catch (error) {
      throw error instanceof Rejected ? new Rejected('bad_key', error.message) : error;
    }
  }

  private data(key: Buffer, offset: number): readonly Datum[] {
    const { keyFormat } = this.input;
    const size = keyFormat === 'int' ? 4 : 8;
    switch (keyFormat) {
      case 'string':
        return [textDatum(this.node(), key.toString('utf8'))];
      case 'json':
        return this.fields(readJson(this.node(), key), this.columns.length > 1);
      case 'int':
      case 'long':
        if (key.length !== size) throw new Rejected('bad_key', `the key has ${key.length} bytes, not ${size}`);
        return [size === 4 ? key.readInt32BE() : canonicalLong(key.readBigInt64BE())];
      case 'avro': {
        if (key.length < FRAME_BYTES || key[0] !== 0) throw new Rejected('bad_key', 'the key is not framed');
        const writer = this.writerOf(key.readInt32BE(1), offset);
        if (writer === null) throw new Rejected('bad_key', 'the registry does not know the schema of the key');
        const record = writer.kind === 'record' || this.columns.length > 1;
        return this.fields(resolveDatum(writer, this.node(record), readDatum(writer, key.subarray(FRAME_BYTES))), record);
      }
      case 'none':
        throw new Error('keys of which nothing is known are not read');
    }
  }

  private fields(datum: Datum, record: boolean): readonly Datum[] {
    return record ? this.columns.map(({ name }) => (datum as ReadonlyMap<string, Datum>).get(name)!) : [datum];
  }

  /** The schema of the key: of one column its own, unless it is in a record. */
  private node(record = this.columns.length > 1): AvroNode {
    const type: Type = record ? { kind: 'record', name: 'Key', fields: this.columns } : this.columns[0].type;
    return parseSchema(typeToAvro(type));
  }

  /** Whether the key is, byte for byte, what its columns say. Throws Rejected. */
  check(row: Row, { key }: LogRecord): void {
    if (this.columns.length === 0 || this.input.keyFormat === 'none') return;
    if (key === null || this.columns.some(({ name }) => row[name] === null))
      throw new Rejected('key_mismatch', 'the record key or a column of it is null');
    if (!this.equal(row, Buffer.from(key)))
      throw new Rejected('key_mismatch', `the record key is not what ${this.columns.map(({ name }) => name).join(', ')} say`);
  }

  private equal(row: Row, key: Buffer): boolean {
    const columns = this.columns.map(({ name, type }): Column => ({ name, type: definite(type) }));
    if (this.input.keyFormat !== 'avro') return key.equals(plainKey(this.input.keyFormat, columns, row));
    const avro = columns.map(({ name, type }) => new AvroCodec(typeToAvro(type)).encode(toRaw(type, row[name])));
    return key.length >= FRAME_BYTES && key[0] === 0 && key.subarray(FRAME_BYTES).equals(Buffer.concat(avro));
  }
}

/** A key that is no Avro: one column, or in JSON several. */
export function plainKey(format: KeyFormat, columns: readonly Column[], row: Row): Buffer {
  if (columns.length !== 1) return Buffer.from(jsonOfRow(columns, row));
  const [{ name, type }] = columns;
  const value = row[name];
  switch (format) {
    case 'int': {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(value as number);
      return bytes;
    }
    case 'long': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(BigInt(type.kind === 'timestamp' ? Math.round(value as number) : (value as number | bigint)));
      return bytes;
    }
    case 'json':
      return Buffer.from(jsonOf(type, value));
    default:
      return Buffer.from(textOf(type, value));
  }
}
