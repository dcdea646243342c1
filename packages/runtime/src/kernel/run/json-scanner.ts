/**
 * JSON record values read in place: an object's texts, numbers and literals become columns without an object in between, and what no column
 * needs is only looked through. Where anything is out of the ordinary (a name with an escape or twice, a value that does not fit, a field that
 * is missing, what is no JSON), it says so, and `JSON.parse` decides: results and reasons are those of the slow way.
 */
import { type Json, parseJson, type Value } from '@rta/dsl';
import type { AvroNode } from './avro-schema.js';
import { BadValue } from './bad-value.js';
import { numberOf, skipLiteral, skipNumber, skipSpace, skipString, skipValue } from './json-tokens.js';
import { textOf, wellFormed } from './strings.js';

/** A field of the reader's schema. */
export interface JsonField {
  readonly name: string;
  readonly node: AvroNode;
  /** Its column is a text. */
  readonly text: boolean;
  /** Where its value goes; null: no column needs it. */
  readonly place: number | null;
  readonly read: (json: Json) => Value;
  /** Undefined: it must be there. */
  readonly missing: Value | undefined;
}

/** By column: its value; of texts, where they are, a start of -1 being null. Until the next record. */
export class JsonCells {
  readonly cells: Value[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly bytes: Uint8Array[] = [];

  constructor(columns: number) {
    this.cells = new Array<Value>(columns).fill(null);
    this.starts = new Int32Array(columns);
    this.ends = new Int32Array(columns);
  }

  set(place: number, text: boolean, value: Value): void {
    if (!text) this.cells[place] = value;
    else if (value === null) this.starts[place] = -1;
    else {
      const bytes = encoder.encode(value as string);
      this.setText(place, bytes, 0, bytes.length);
    }
  }

  setText(place: number, bytes: Uint8Array, start: number, end: number): void {
    this.bytes[place] = bytes;
    this.starts[place] = start;
    this.ends[place] = end;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const QUOTE = 0x22;

/** Longer numbers may need all of their digits. */
const MAX_PLAIN = 15;

/** How a field is read; `other`: by what JSON.parse makes of its bytes. */
type Kind = 'text' | 'number' | 'literal' | 'other';

interface ScannedField extends JsonField {
  readonly key: Uint8Array;
  readonly kind: Kind;
  readonly nullable: boolean;
}

export class JsonScanner {
  private readonly fields: readonly ScannedField[];
  /** Number of the record in which each field was seen last. */
  private readonly seen: Float64Array;
  private record = 0;

  /** @param exact whether the digits of a number in these bytes matter */
  constructor(
    fields: readonly JsonField[],
    private readonly out: JsonCells,
    private readonly exact: (bytes: Uint8Array, start: number, end: number) => boolean,
  ) {
    this.fields = fields.map((field) => ({ ...field, key: encoder.encode(field.name), ...kindOfNode(field.node) }));
    this.seen = new Float64Array(fields.length);
  }

  /** Fills the columns; false where the slow way is to decide. */
  scan(b: Uint8Array, start: number, end: number): boolean {
    const { fields, seen } = this;
    const record = ++this.record;
    let p = skipSpace(b, start, end);
    if (p >= end || b[p] !== 0x7b) return false;
    p = skipSpace(b, p + 1, end);
    let expected = 0;
    let count = 0;
    if (p < end && b[p] === 0x7d) p++;
    else
      for (;;) {
        if (p >= end || b[p] !== QUOTE) return false;
        const keyStart = p + 1;
        let found = expected;
        // Mostly names come in the schema's order.
        if (expected < fields.length && isKey(fields[expected].key, b, keyStart)) p = keyStart + fields[expected].key.length;
        else {
          p = keyStart;
          while (p < end && b[p] !== QUOTE) {
            if (b[p] < 0x20 || b[p] === 0x5c || b[p] > 0x7e) return false;
            p++;
          }
          found = this.find(b, keyStart, expected);
        }
        p = skipSpace(b, p + 1, end);
        if (p >= end || b[p] !== 0x3a) return false;
        p = skipSpace(b, p + 1, end);
        if (found < 0) p = skipValue(b, p, end);
        else {
          if (seen[found] === record) return false;
          seen[found] = record;
          count++;
          expected = found + 1;
          p = this.value(fields[found], b, p, end);
        }
        if (p < 0) return false;
        p = skipSpace(b, p, end);
        if (p >= end) return false;
        if (b[p] === 0x7d) {
          p++;
          break;
        }
        if (b[p] !== 0x2c) return false;
        p = skipSpace(b, p + 1, end);
      }
    if (skipSpace(b, p, end) !== end) return false;
    return count === fields.length || this.fill(record);
  }

  /** The field of a name, from the one after `expected` on; -1: none. */
  private find(b: Uint8Array, start: number, expected: number): number {
    const { fields } = this;
    for (let i = expected + 1; i < fields.length; i++) if (isKey(fields[i].key, b, start)) return i;
    for (let i = 0; i < expected; i++) if (isKey(fields[i].key, b, start)) return i;
    return -1;
  }

  /** Reads the value at `p`; the position behind it, or -1 where the slow way is to decide. */
  private value(field: ScannedField, b: Uint8Array, p: number, end: number): number {
    if (p >= end) return -1;
    const { out } = this;
    const { kind, place } = field;
    if (b[p] === 0x6e && kind !== 'other') {
      if (!field.nullable) return -1;
      if (place !== null) out.set(place, field.text, null);
      return skipLiteral(b, p, end);
    }
    switch (kind) {
      case 'text': {
        if (b[p] !== QUOTE) return -1;
        return place === null ? skipString(b, p + 1, end) : this.text(place, b, p + 1, end);
      }
      case 'number': {
        if (b[p] === QUOTE) return this.other(field, b, p, end);
        const to = skipNumber(b, p, end);
        return to < 0 || to - p > MAX_PLAIN ? this.other(field, b, p, end) : this.keep(field, numberOf(b, p, to), to);
      }
      case 'literal': {
        if (b[p] === QUOTE) return this.other(field, b, p, end);
        return b[p] === 0x74 || b[p] === 0x66 ? this.keep(field, b[p] === 0x74, skipLiteral(b, p, end)) : -1;
      }
      case 'other':
        return this.other(field, b, p, end);
    }
  }

  /** A text from behind its opening quote on. */
  private text(place: number, b: Uint8Array, start: number, end: number): number {
    const { out } = this;
    let ascii = true;
    for (let p = start; p < end; p++) {
      const byte = b[p];
      if (byte > 0x7e) ascii = false;
      else if (byte === QUOTE) {
        const bytes = ascii ? b : wellFormed(b, start, p);
        if (bytes === b) out.setText(place, b, start, p);
        else out.setText(place, bytes, 0, bytes.length);
        return p + 1;
      } else if (byte < 0x20) return -1;
      else if (byte === 0x5c) {
        const to = skipString(b, p, end);
        if (to < 0) return -1;
        out.set(place, true, JSON.parse(decoder.decode(b.subarray(start - 1, to))) as string);
        return to;
      }
    }
    return -1;
  }

  private other(field: ScannedField, b: Uint8Array, p: number, end: number): number {
    const to = skipValue(b, p, end);
    if (to < 0) return -1;
    if (b[p] === QUOTE) {
      let plain = p + 1;
      while (plain < to - 1 && b[plain] < 0x80 && b[plain] !== 0x5c) plain++;
      if (plain === to - 1) return this.keep(field, textOf(b, p + 1, to - 1), to);
    }
    const json = parseJson(decoder.decode(b.subarray(p, to)), this.exact(b, p, to));
    return json === undefined ? -1 : this.keep(field, json, to);
  }

  private keep(field: ScannedField, json: Json, to: number): number {
    try {
      const value = field.read(json);
      if (field.place !== null) this.out.set(field.place, field.text, value);
      return to;
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      return -1;
    }
  }

  /** Defaults of the fields that were not there. */
  private fill(record: number): boolean {
    const { fields, seen, out } = this;
    for (let i = 0; i < fields.length; i++) {
      if (seen[i] === record) continue;
      const { place, missing, text } = fields[i];
      if (missing === undefined) return false;
      if (place !== null) out.set(place, text, missing);
    }
    return true;
  }
}

/** Whether the name at `p` is `key`: what is behind the end of the record ends none. */
function isKey(key: Uint8Array, b: Uint8Array, p: number): boolean {
  for (let i = 0; i < key.length; i++) if (key[i] !== b[p + i]) return false;
  return b[p + key.length] === QUOTE;
}

function kindOfNode(node: AvroNode): { readonly kind: Kind; readonly nullable: boolean } {
  const branches = node.kind === 'union' ? node.branches : [node];
  const others = branches.filter((branch) => branch.kind !== 'null');
  const nullable = others.length < branches.length;
  if (others.length !== 1) return { kind: 'other', nullable };
  switch (others[0].kind) {
    case 'string':
      return { kind: 'text', nullable };
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return { kind: 'number', nullable };
    case 'boolean':
      return { kind: 'literal', nullable };
    default:
      return { kind: 'other', nullable };
  }
}
