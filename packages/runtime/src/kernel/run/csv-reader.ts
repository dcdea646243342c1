/**
 * CSV record values: one row without a header (RFC 4180), its cells typed by the fields of the reader's schema, in order.
 *
 * ```
 * row    := cell ("," cell)* [LF | CRLF]
 * cell   := plain | '"' (any byte but '"' | '""')* '"'        plain := any bytes but '"' "," CR LF; empty: null
 * ```
 * Cells that are missing at the end take their field's default.
 */
import { type AvroSchema, type Column, jsonNumber, type Type, type Value } from '@rta/dsl';
import { type AvroField, type AvroNode, type AvroRecord, parseAvro } from './avro-schema.js';
import { BadValue } from './bad-value.js';
import { missingValue, type Typed, typed } from './json-reader.js';
import { Reason } from './reject.js';
import { textOf, wellFormed } from './strings.js';
import type { TaskState } from './task-state.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;
const ZERO = 0x30;

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const NOT_FINITE = /^(?:NaN|-?Infinity)$/;

interface CsvField {
  readonly name: string;
  /** A text, whose bytes are its value. */
  readonly text: boolean;
  /** A whole number of up to 15 digits is its value. */
  readonly whole: boolean;
  readonly int: boolean;
  readonly nullable: boolean;
  readonly read: (text: string) => Value;
  /** Of a row that ends before it; undefined: it must not. */
  readonly missing: Value | undefined;
}

/** Reads a row at a time; what it was is in `cells`, or for texts in `bytes`, `starts` and `ends`, until the next. */
export class CsvReader {
  /** By column wanted: its value; of texts that are not null anything. */
  readonly cells: Value[];
  /** By column wanted, for texts: where they are; a start of -1 is null. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly bytes: Uint8Array[] = [];

  private readonly fields: readonly CsvField[];
  /** Of each field: the place of its column; fields that are not wanted have places behind those. */
  private readonly places: readonly number[];
  /** The cell that was found last. */
  private quoted = false;
  private from: Uint8Array = new Uint8Array(0);
  private start = 0;
  private end = 0;

  /** @param columns the columns wanted; the others are checked all the same */
  constructor(schema: AvroSchema, columns: readonly Column[]) {
    const { fields } = parseAvro(schema) as AvroRecord;
    let next = columns.length;
    this.places = fields.map((field) => {
      const place = columns.findIndex((column) => column.name === field.name);
      return place < 0 ? next++ : place;
    });
    this.fields = fields.map((field, i) => fieldOf(field, this.places[i] < columns.length ? columns[this.places[i]].type : null));
    this.cells = new Array<Value>(next).fill(null);
    this.starts = new Int32Array(next);
    this.ends = new Int32Array(next);
  }

  /** False where the row is bad, with the reason in `K.failure` and `K.problem`. */
  read(K: TaskState, bytes: Uint8Array, start: number, end: number): boolean {
    let p = start;
    let last = false;
    for (let i = 0; i < this.fields.length; i++) {
      if (last) {
        if (!this.fill(i, K)) return false;
        continue;
      }
      p = this.cell(bytes, p, end);
      if (p < 0) return bad(K, `column ${i + 1} (${this.fields[i].name}) is not closed, or has a quote where none may be`);
      const problem = this.keep(i);
      if (problem !== null) return bad(K, `column ${i + 1} (${this.fields[i].name}) ${problem}`);
      if (p < end && bytes[p] === COMMA) p++;
      else {
        last = true;
        if (!endsAt(bytes, p, end)) return bad(K, 'there is more than one row, or a carriage return without a line feed');
      }
    }
    return last || bad(K, `there are more columns than the ${this.fields.length} of the schema`);
  }

  /** Finds the cell at `p`; the position behind it, or -1 where it is none. */
  private cell(bytes: Uint8Array, p: number, end: number): number {
    this.from = bytes;
    this.quoted = p < end && bytes[p] === QUOTE;
    if (!this.quoted) {
      this.start = p;
      for (; p < end; p++) {
        const byte = bytes[p];
        if (byte === QUOTE) return -1;
        if (byte === COMMA || byte === LF || byte === CR) break;
      }
      this.end = p;
      return p;
    }
    this.start = ++p;
    let doubled = 0;
    for (; p < end; p++) {
      if (bytes[p] !== QUOTE) continue;
      if (p + 1 >= end || bytes[p + 1] !== QUOTE) break;
      doubled++;
      p++;
    }
    if (p >= end) return -1;
    this.end = p;
    if (doubled > 0) this.undouble(doubled);
    p++;
    return p === end || bytes[p] === COMMA || bytes[p] === LF || bytes[p] === CR ? p : -1;
  }

  private undouble(doubled: number): void {
    const { from, start, end } = this;
    const copy = new Uint8Array(end - start - doubled);
    for (let i = start, to = 0; i < end; i++) {
      copy[to++] = from[i];
      if (from[i] === QUOTE) i++;
    }
    this.from = copy;
    this.start = 0;
    this.end = copy.length;
  }

  /** Types the cell that was found as field `i`; what is wrong with it, or null. */
  private keep(i: number): string | null {
    const field = this.fields[i];
    const place = this.places[i];
    const { start, end } = this;
    if (start === end && !this.quoted) {
      if (!field.nullable) return 'is empty, and its field is not nullable; an empty text is ""';
      this.starts[place] = -1;
      this.cells[place] = null;
      return null;
    }
    if (field.text) {
      this.keepText(place);
      return null;
    }
    if (field.whole) {
      const whole = wholeNumber(this.from, start, end);
      if (whole === whole && (!field.int || whole === (whole | 0))) {
        this.cells[place] = whole;
        return null;
      }
    }
    const text = textOf(this.from, start, end);
    try {
      this.cells[place] = field.read(text);
      return null;
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      return `cannot be ${JSON.stringify(text.length > 50 ? `${text.slice(0, 50)}…` : text)}`;
    }
  }

  private keepText(place: number): void {
    const { from, start, end } = this;
    let p = start;
    while (p < end && from[p] < 128) p++;
    const bytes = p === end ? from : wellFormed(from, start, end);
    this.bytes[place] = bytes;
    this.starts[place] = bytes === from ? start : 0;
    this.ends[place] = bytes === from ? end : bytes.length;
    // Any value that is not null.
    this.cells[place] = true;
  }

  private fill(i: number, K: TaskState): boolean {
    const { missing, name, text } = this.fields[i];
    if (missing === undefined) {
      K.failure = Reason.MISSING_FIELD;
      K.problem = `the row ends before column ${i + 1} (${name}), which has no default`;
      return false;
    }
    const place = this.places[i];
    if (text && missing !== null) {
      this.from = new TextEncoder().encode(missing as string);
      this.start = 0;
      this.end = this.from.length;
      this.keepText(place);
    } else {
      this.starts[place] = -1;
      this.cells[place] = missing;
    }
    return true;
  }
}

/** Whether nothing but the end of the row stands at `p`. */
function endsAt(bytes: Uint8Array, p: number, end: number): boolean {
  if (p === end) return true;
  if (bytes[p] === CR) p++;
  return p === end - 1 && bytes[p] === LF;
}

function bad(K: TaskState, problem: string): false {
  K.failure = Reason.NOT_CSV;
  K.problem = problem;
  return false;
}

function fieldOf(field: AvroField, type: Type | null): CsvField {
  const branches = field.node.kind === 'union' ? field.node.branches : [field.node];
  const nullable = branches.some((branch) => branch.kind === 'null');
  const others = branches.filter((branch) => branch.kind !== 'null');
  const node = others.find((branch) => branch.kind === 'string') ?? others[0] ?? branches[0];
  const inner = type?.kind === 'nullable' ? type.of : type;
  const plainType = inner?.kind !== 'timestamp';
  return {
    name: field.name,
    text: node.kind === 'string',
    whole: others.length === 1 && ['int', 'long', 'double'].includes(node.kind) && plainType,
    int: node.kind === 'int',
    nullable,
    read: others.length > 1 ? firstOf(others.map((branch) => textReader(branch, type))) : textReader(node, type),
    // Of a field that is not wanted it only matters whether there is one.
    missing: missingValue(field, type),
  };
}

/** What the first of the readers that takes a text makes of it. */
function firstOf(readers: readonly ((text: string) => Value)[]): (text: string) => Value {
  return (text) => {
    for (const read of readers) {
      try {
        return read(text);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
      }
    }
    throw new BadValue('not_csv', '');
  };
}

/** A value of a (not null) node from its text. Throws BadValue. */
export function textReader(node: AvroNode, type: Type | null): (text: string) => Value {
  const read: Typed = typed(node, type);
  switch (node.kind) {
    case 'boolean':
      return (text) => read(text === 'true' ? true : text === 'false' ? false : text);
    case 'float':
    case 'double':
      return (text) => read(NUMBER.test(text) ? jsonNumber(text) : NOT_FINITE.test(text) ? Number(text) : text);
    case 'int':
    case 'long':
      return (text) => read(NUMBER.test(text) ? jsonNumber(text) : text);
    default:
      return read;
  }
}

/** The number that `-?[0-9]{1,15}` says; NaN for any other text. */
function wholeNumber(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === 0x2d;
  const first = negative ? start + 1 : start;
  if (first === end || end - first > 15) return NaN;
  let value = 0;
  for (let p = first; p < end; p++) {
    const digit = bytes[p] - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  // "-0" is for the slow way: of doubles it is another number than 0.
  return negative ? (value === 0 ? NaN : -value) : value;
}
