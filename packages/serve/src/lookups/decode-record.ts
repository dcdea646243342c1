/** Keys and values of records for people: framed Avro by the registry, else JSON, text, or bytes in hex. */
import { codecFor, unframe, AvroValueError, type AvroCodec, type SchemaRegistry } from '@rta/registry';

/** What bytes turned out to be. */
export type Decoded =
  | { readonly format: 'null' }
  | { readonly format: 'avro'; readonly value: unknown; readonly schemaId: number }
  | { readonly format: 'json'; readonly value: unknown }
  | { readonly format: 'string'; readonly value: string }
  /** `problem`: why framed bytes were not decoded; `at`: the byte where reading failed. */
  | { readonly format: 'bytes'; readonly value: string; readonly problem?: string; readonly at?: number };

const utf8 = new TextDecoder('utf-8', { fatal: true });
// eslint-disable-next-line no-control-regex -- texts with control characters are shown as bytes
const UNPRINTABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/;

/** Decodes keys and values; each schema is asked for once. */
export class RecordDecoder {
  /** Null: the registry does not know the id. */
  private readonly codecs = new Map<number, AvroCodec | null>();

  /** @param registry null: nothing is taken for framed, as in topics whose bytes are the engine's own */
  constructor(private readonly registry: SchemaRegistry | null) {}

  /** Rejects with RegistryUnavailable where an id has to be looked up and that cannot be. */
  async decode(bytes: Uint8Array | null): Promise<Decoded> {
    if (bytes === null) return { format: 'null' };
    const framed = this.registry === null ? null : unframe(bytes);
    if (framed === null) return plain(bytes);
    const codec = await this.codecOf(framed.id);
    if (codec === null) return { format: 'bytes', value: hex(bytes), problem: `unknown schema id ${framed.id}` };
    try {
      return { format: 'avro', value: codec.decode(framed.data), schemaId: framed.id };
    } catch (error) {
      if (!(error instanceof AvroValueError)) throw error;
      const at = bytes.length - framed.data.length + (error.at ?? 0);
      return { format: 'bytes', value: hex(bytes), problem: `not of schema ${framed.id}: ${error.message}`, at };
    }
  }

  private async codecOf(id: number): Promise<AvroCodec | null> {
    let codec = this.codecs.get(id);
    if (codec === undefined) {
      const found = await this.registry!.byId(id);
      codec = found === null ? null : codecFor(found.schema);
      // An id that is unknown now may be registered while a topic is followed.
      if (codec !== null) this.codecs.set(id, codec);
    }
    return codec;
  }
}

function plain(bytes: Uint8Array): Decoded {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { format: 'bytes', value: hex(bytes) };
  }
  if (UNPRINTABLE.test(text)) return { format: 'bytes', value: hex(bytes) };
  if (/^\s*[{[]/.test(text)) {
    try {
      return { format: 'json', value: JSON.parse(text) as unknown };
    } catch {
      // Text that begins like JSON.
    }
  }
  return { format: 'string', value: text };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** In one line. */
export function showDecoded(decoded: Decoded): string {
  switch (decoded.format) {
    case 'null':
      return 'null';
    case 'avro':
    case 'json':
      return JSON.stringify(jsonOf(decoded.value));
    case 'string':
      return /[\r\n\t]/.test(decoded.value) ? JSON.stringify(decoded.value) : decoded.value;
    case 'bytes':
      return `0x${decoded.value}${decoded.problem === undefined ? '' : ` (${decoded.problem})`}`;
  }
}

/** For `--json`: the value, and how it was read. */
export function decodedJson(decoded: Decoded): Readonly<Record<string, unknown>> | null {
  return decoded.format === 'null' ? null : { ...decoded, value: jsonOf(decoded.value) };
}

/** Values as JSON has them: bytes in hex, long integers as numbers where those are exact. */
function jsonOf(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(jsonOf);
  const entries: Iterable<[string, unknown]> = value instanceof Map ? (value as Map<string, unknown>) : Object.entries(value);
  return Object.fromEntries([...entries].map(([name, part]) => [name, jsonOf(part)]));
}
