/** JSON record values, typed by the reader's Avro schema into the values that Avro would give. */
import { Buffer } from 'node:buffer';
import {
  type AvroSchema,
  canonicalLong,
  type Column,
  definite,
  ExactNumber,
  isUnion,
  type Json,
  parseJson,
  type Type,
  unionValue,
  type Value,
} from '@rta/dsl';
import { type AvroField, type AvroNode, type AvroRecord, parseAvro } from './avro-schema.js';
import { MAX_RECURSION, TOO_DEEP } from '../max-recursion.js';
import { BadValue } from './bad-value.js';
import { JsonCells, type JsonField, JsonScanner } from './json-scanner.js';
import { Reason } from './reject.js';
import { wellFormedText } from './strings.js';
import type { TaskState } from './task-state.js';
import { defaultValue } from './default-value.js';

/** Types parsed JSON. Throws BadValue. */
export type Typed = (json: Json) => Value;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads a record at a time into `cells`. */
export class JsonReader {
  readonly out: JsonCells;
  private readonly fields: readonly JsonField[];
  private readonly exact: boolean;
  private readonly scanner: JsonScanner;

  /** @param columns the columns wanted; the others are checked all the same */
  constructor(schema: AvroSchema, columns: readonly Column[]) {
    const root = parseAvro(schema) as AvroRecord;
    this.exact = needsDigits(root, new Set());
    this.fields = root.fields.map((field) => {
      const place = columns.findIndex((column) => column.name === field.name);
      const type = place < 0 ? null : columns[place].type;
      return {
        name: field.name,
        node: field.node,
        text: type !== null && definite(type).kind === 'string',
        place: place < 0 ? null : place,
        read: typed(field.node, type),
        missing: missingValue(field, type),
      };
    });
    this.out = new JsonCells(columns.length);
    this.scanner = new JsonScanner(this.fields, this.out, (bytes, start, end) => this.exact && mayHoldLongNumber(bytes, start, end));
  }

  /** False where the value is bad, with the reason in `K.failure`. */
  read(K: TaskState, bytes: Uint8Array, start: number, end: number): boolean {
    return this.scanner.scan(bytes, start, end) || this.parse(K, bytes, start, end);
  }

  /** The slow way, of all that is out of the ordinary. */
  private parse(K: TaskState, bytes: Uint8Array, start: number, end: number): boolean {
    try {
      const exact = this.exact && mayHoldLongNumber(bytes, start, end);
      const json = parseJson(decoder.decode(bytes.subarray(start, end)), exact);
      if (json === undefined || !isObject(json)) throw notJson();
      for (const { name, place, text, read, missing } of this.fields) {
        let value: Value;
        if (Object.hasOwn(json, name)) value = read(json[name]);
        else if (missing === undefined) throw new BadValue('missing_field', name);
        else value = missing;
        if (place !== null) this.out.set(place, text, value);
      }
      return true;
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      K.failure = error.code === 'missing_field' ? Reason.MISSING_FIELD : Reason.NOT_JSON;
      return false;
    }
  }
}

/** Values of a node from JSON texts in bytes. Throws BadValue. */
export function jsonReader(node: AvroNode, type: Type): (bytes: Uint8Array, start: number, end: number) => Value {
  const read = typed(node, type);
  const exact = needsDigits(node, new Set());
  return (bytes, start, end) => {
    const json = parseJson(decoder.decode(bytes.subarray(start, end)), exact && mayHoldLongNumber(bytes, start, end));
    return json === undefined ? raise() : read(json);
  };
}

/** Digits, or points between them, from which on a number may need more than a double. */
const LONG_RUN = 16;

/**
 * Whether there is a run of so many digits and points that `parseJson` has to look at numbers one by one. A run covers one of the bytes that
 * are this far apart, so few of them are looked at: a regular expression over the text takes as long as parsing it.
 */
export function mayHoldLongNumber(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start + LONG_RUN - 1; at < end; at += LONG_RUN) {
    if (!isDigitOrPoint(bytes[at])) continue;
    let from = at;
    while (from > start && isDigitOrPoint(bytes[from - 1])) from--;
    let to = at + 1;
    while (to < end && isDigitOrPoint(bytes[to])) to++;
    if (to - from >= LONG_RUN) return true;
  }
  return false;
}

function isDigitOrPoint(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2e;
}

function notJson(): BadValue {
  return new BadValue('not_json', '');
}

/** Longs and decimals do not fit doubles. */
function needsDigits(node: AvroNode, seen: Set<AvroNode>): boolean {
  if (seen.has(node)) return false;
  seen.add(node);
  switch (node.kind) {
    case 'long':
      return true;
    case 'bytes':
    case 'fixed':
      return node.logical === 'decimal';
    case 'array':
      return needsDigits(node.items, seen);
    case 'map':
      return needsDigits(node.values, seen);
    case 'union':
      return node.branches.some((branch) => needsDigits(branch, seen));
    case 'record':
      return node.fields.some((field) => needsDigits(field.node, seen));
    default:
      return false;
  }
}

function isNullableNode(node: AvroNode): boolean {
  return node.kind === 'union' && node.branches.some((branch) => branch.kind === 'null');
}

/** What stands for a field that is not there; undefined: it must be there. */
export function missingValue(field: AvroField, type: Type | null): Value | undefined {
  if (field.default !== undefined) return type === null ? null : defaultValue(field.node, field.default, type);
  return isNullableNode(field.node) ? null : undefined;
}

/** Values of a node. @param type null: the value is only checked */
export function typed(node: AvroNode, type: Type | null, seen: ReadonlyMap<AvroNode, () => Typed> = new Map()): Typed {
  const inner = type?.kind === 'nullable' ? type.of : type;
  const known = seen.get(node);
  if (known && node.kind === 'record') return (json) => known()(json);
  switch (node.kind) {
    case 'null':
      return (json) => (json === null ? null : raise());
    case 'boolean':
      return (json) => (typeof json === 'boolean' ? json : raise());
    case 'int':
      return (json) => intOf(json, node.logical);
    case 'long': {
      const { logical } = node;
      const micros = inner?.kind === 'timestamp' && inner.unit === 'micros';
      const time = inner?.kind === 'timestamp';
      const double = inner?.kind === 'double';
      return (json) => {
        const value = longOf(json, logical);
        return micros ? Number(value) / 1000 : time || double ? Number(value) : value;
      };
    }
    case 'float':
      return (json) => Math.fround(doubleOf(json));
    case 'double':
      return doubleOf;
    case 'string':
      return (json) => (typeof json === 'string' ? wellFormedText(json) : raise());
    case 'bytes':
    case 'fixed':
      if (node.logical === 'decimal') return (json) => decimalOf(json, node.scale);
      return node.kind === 'fixed' ? (json) => sized(bytesOf(json), node.size) : bytesOf;
    case 'enum': {
      const symbols = new Set(node.symbols);
      return (json) => (typeof json === 'string' && symbols.has(json) ? json : raise());
    }
    case 'array': {
      const item = typed(node.items, inner?.kind === 'array' ? inner.items : null, seen);
      return (json) => (Array.isArray(json) ? json.map(item) : raise());
    }
    case 'map': {
      const item = typed(node.values, inner?.kind === 'map' ? inner.values : null, seen);
      return (json) => {
        if (!isObject(json)) throw notJson();
        return new Map(Object.entries(json).map(([key, value]) => [key, item(value)]));
      };
    }
    case 'union':
      return typedUnion(node.branches, inner, seen);
    case 'record':
      return typedRecord(node, inner, seen);
  }
}

function typedRecord(node: AvroRecord, type: Type | null, seen: ReadonlyMap<AvroNode, () => Typed>): Typed {
  let self: Typed | null = null;
  const inside = new Map([...seen, [node, () => self!] as const]);
  const fields = node.fields.map((field) => {
    const fieldType = type?.kind === 'record' ? (type.fields.find((f) => f.name === field.name)?.type ?? null) : null;
    return {
      name: field.name,
      wanted: fieldType !== null,
      read: typed(field.node, fieldType, inside),
      missing: missingValue(field, fieldType),
    };
  });
  const read: Typed = (json) => {
    if (!isObject(json)) throw notJson();
    const record: Record<string, Value> = {};
    for (const { name, wanted, read, missing } of fields) {
      if (!Object.hasOwn(json, name) && missing === undefined) throw new BadValue('missing_field', name);
      const value = Object.hasOwn(json, name) ? read(json[name]) : missing!;
      if (wanted) record[name] = value;
    }
    return record;
  };
  self = node.again ? (json) => again(read, json) : read;
  return self;
}

/** In how many records that stand in themselves reading is. */
let depth = 0;

function again(read: Typed, json: Json): Value {
  if (depth >= MAX_RECURSION) throw new BadValue('not_json', TOO_DEEP);
  depth++;
  try {
    return read(json);
  } finally {
    depth--;
  }
}

function typedUnion(branches: readonly AvroNode[], type: Type | null, seen: ReadonlyMap<AvroNode, () => Typed>): Typed {
  const nullable = branches.some((branch) => branch.kind === 'null');
  const others = branches
    .filter((branch) => branch.kind !== 'null')
    .map((branch, i): Typed => {
      if (type === null || !isUnion(type)) return typed(branch, type, seen);
      const read = typed(branch, type.fields[i].type, seen);
      return (json) => unionValue(type, i, read(json));
    });
  return (json) => {
    if (json === null) return nullable ? null : raise();
    if (others.length === 1) return others[0](json);
    for (const other of others) {
      try {
        return other(json);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
      }
    }
    throw notJson();
  };
}

function raise(): never {
  throw notJson();
}

function intOf(json: Json, logical: string | null): number {
  if (logical === 'date' && typeof json === 'string') {
    const time = /^\d{4}-\d\d-\d\d$/.test(json) ? Date.parse(json) : NaN;
    return Number.isNaN(time) ? raise() : time / 86_400_000;
  }
  const value = json instanceof ExactNumber ? Number(json.text) : json;
  return typeof value === 'number' && value === (value | 0) ? value + 0 : raise();
}

/** As `Date.parse`; the form that `toISOString` gives (`2026-01-31T12:00:00.123Z`, ms or none) is read at once. */
export function timeOf(text: string): number {
  const { length } = text;
  if ((length !== 24 && length !== 20) || !ISO_TIME.test(text)) return Date.parse(text);
  const ms = length === 24 ? twoDigits(text, 20) * 10 + text.charCodeAt(22) - 48 : 0;
  return Date.UTC(
    twoDigits(text, 0) * 100 + twoDigits(text, 2),
    twoDigits(text, 5) - 1,
    twoDigits(text, 8),
    twoDigits(text, 11),
    twoDigits(text, 14),
    twoDigits(text, 17),
    ms,
  );
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

/** Days and years that exist in every month and century: of the others `Date.parse` knows more. */
const ISO_TIME = /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z$/;

function longOf(json: Json, logical: string | null): number | bigint {
  if (typeof json === 'string' && logical?.includes('timestamp')) {
    const time = timeOf(json);
    return Number.isNaN(time) ? raise() : logical.endsWith('micros') ? time * 1000 : time;
  }
  if (typeof json === 'number') return Number.isSafeInteger(json) ? json + 0 : raise();
  if (!(json instanceof ExactNumber) || !/^-?\d+$/.test(json.text)) {
    const value = json instanceof ExactNumber ? Number(json.text) : NaN;
    return Number.isSafeInteger(value) ? value : raise();
  }
  const value = BigInt(json.text);
  return value === BigInt.asIntN(64, value) ? canonicalLong(value) : raise();
}

function doubleOf(json: Json): number {
  if (typeof json === 'number') return json;
  return json instanceof ExactNumber ? Number(json.text) : raise();
}

/** Of a text without an exponent, or of a number, which may have one. */
function decimalOf(json: Json, scale: number): bigint {
  const isText = typeof json === 'string';
  const text = isText ? json : typeof json === 'number' ? String(json) : json instanceof ExactNumber ? json.text : '';
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    (isText ? /^(-?)(\d+)(?:\.(\d*))?$/ : /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/).exec(text) ?? [];
  if (whole === '') throw notJson();
  const shift = scale - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  const unit = 10n ** BigInt(Math.abs(shift));
  if (shift < 0 && digits % unit !== 0n) throw notJson();
  const magnitude = shift < 0 ? digits / unit : digits * unit;
  return sign === '-' ? -magnitude : magnitude;
}

function bytesOf(json: Json): Uint8Array {
  if (typeof json !== 'string') throw notJson();
  const bytes = Buffer.from(json, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== json.replace(/=+$/, '')) throw notJson();
  return Uint8Array.from(bytes);
}

function sized(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.length === size ? bytes : raise();
}

function isObject(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof ExactNumber);
}
