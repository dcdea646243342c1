/** JSON sources: exact numbers, then typed by the reader's Avro schema into the same data that Avro bytes give. */
import { Buffer } from 'node:buffer';
import { MAX_RECURSION, TOO_DEEP } from '../max-recursion.js';
import type { AvroNode, AvroRecord } from './avro-schema.js';
import { type Datum, defaultOf, inUnion, Rejected } from './avro-read.js';
import { bytesOfBigint } from './avro-codec.js';
import { canonicalLong } from './values.js';

/** A number as it was written. */
export class NumberText {
  constructor(readonly text: string) {}
}

/** What JSON.parse gives, but for numbers. */
export type Json = null | boolean | string | NumberText | Json[] | { readonly [key: string]: Json };

const notJson = (message: string): Rejected => new Rejected('not_json', message);

/** Parses and types a record value. */
export function readJson(reader: AvroNode, bytes: Uint8Array): Datum {
  return typed(reader, parseExactly(Buffer.from(bytes).toString('utf8')), 'the value');
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
/** Marks a wrapped number; no key of real data is likely to be this. */
const MARK = '\u0000number';

/** JSON.parse, but numbers keep their text, since a long may be longer than a double's 53 bits. */
function parseExactly(text: string): Json {
  try {
    JSON.parse(text); // what is no JSON fails here, before numbers are wrapped
    const wrapped = text.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') ? token : `{"\\u0000number":"${token}"}`));
    return JSON.parse(wrapped, (_key, value: unknown) =>
      typeof value === 'object' && value !== null && MARK in value ? new NumberText(value[MARK] as string) : value,
    ) as Json;
  } catch (error) {
    throw notJson((error as Error).message);
  }
}

/** Types parsed JSON; `path` is for messages. */
export function typed(node: AvroNode, json: Json, path: string): Datum {
  const wrong = (): Rejected => notJson(`${path} is not ${node.kind === 'enum' ? 'a symbol of the enum' : `a valid ${node.kind}`}`);
  switch (node.kind) {
    case 'null':
      if (json !== null) throw wrong();
      return null;
    case 'boolean':
      if (typeof json !== 'boolean') throw wrong();
      return json;
    case 'int': {
      if (node.logical === 'date' && typeof json === 'string') return daysOf(json) ?? raise(wrong());
      const value = integerOf(json);
      if (value === null || value !== BigInt.asIntN(32, value)) throw wrong();
      return Number(value);
    }
    case 'long': {
      if (typeof json === 'string' && node.logical?.includes('timestamp')) return timeOf(json, node.logical) ?? raise(wrong());
      const value = integerOf(json);
      if (value === null || value !== BigInt.asIntN(64, value)) throw wrong();
      return canonicalLong(value);
    }
    case 'float':
    case 'double':
      if (!(json instanceof NumberText)) throw wrong();
      return node.kind === 'float' ? Math.fround(Number(json.text)) : Number(json.text);
    case 'string':
      if (typeof json !== 'string') throw wrong();
      // Halves of characters are none in UTF-8.
      return Buffer.from(json).toString();
    case 'bytes':
    case 'fixed':
      if (node.logical === 'decimal') return bytesOfBigint(decimalOf(json, node.scale) ?? raise(wrong()));
      if (typeof json !== 'string' || !isBase64(json)) throw wrong();
      if (node.kind === 'fixed' && Buffer.from(json, 'base64').length !== node.size) throw wrong();
      return Uint8Array.from(Buffer.from(json, 'base64'));
    case 'enum':
      if (typeof json !== 'string' || !node.symbols.includes(json)) throw wrong();
      return json;
    case 'array':
      if (!Array.isArray(json)) throw wrong();
      return json.map((item, i) => typed(node.items, item, `${path}[${i}]`));
    case 'map':
      if (!isObject(json)) throw wrong();
      return new Map(Object.entries(json).map(([key, value]) => [key, typed(node.values, value, `${path}.${key}`)]));
    case 'union':
      return (
        typedUnion(node.branches, json, path) ?? (json === null && node.branches.some((b) => b.kind === 'null') ? null : raise(wrong()))
      );
    case 'record':
      if (!isObject(json)) throw wrong();
      return node.again ? again(() => typedRecord(node, json, path)) : typedRecord(node, json, path);
  }
}

/** In how many records that stand in themselves reading is. */
let depth = 0;

function again(read: () => Datum): Datum {
  if (depth >= MAX_RECURSION) throw notJson(TOO_DEEP);
  depth++;
  try {
    return read();
  } finally {
    depth--;
  }
}

function typedRecord(node: AvroRecord, json: { readonly [key: string]: Json }, path: string): Datum {
  return new Map(
    node.fields.map((field): [string, Datum] => {
      if (Object.hasOwn(json, field.name)) return [field.name, typed(field.node, json[field.name], `${path}.${field.name}`)];
      const nullable = field.node.kind === 'union' && field.node.branches.some((b) => b.kind === 'null');
      return [field.name, field.default === undefined && nullable ? null : defaultOf(field)];
    }),
  );
}

/** The first branch that the value fits. A lone branch beside null says itself what is wrong. */
function typedUnion(branches: readonly AvroNode[], json: Json, path: string): Datum | undefined {
  const others = branches.filter((b) => b.kind !== 'null');
  if (json === null) return undefined;
  if (others.length === 1) return typed(others[0], json, path);
  for (const branch of others) {
    try {
      return inUnion(branches, branch, typed(branch, json, path));
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
    }
  }
  return undefined;
}

function integerOf(json: Json): bigint | null {
  if (!(json instanceof NumberText)) return null;
  if (/^-?\d+$/.test(json.text)) return BigInt(json.text);
  const value = Number(json.text);
  return Number.isSafeInteger(value) ? BigInt(value) : null;
}

/** Unscaled value of a number or text such as `12.50`; null where it has more digits than the scale holds. */
function decimalOf(json: Json, scale: number): bigint | null {
  const text = json instanceof NumberText ? json.text : typeof json === 'string' ? json : '';
  // Only numbers may have an exponent.
  const match = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (!match || (match[4] !== undefined && typeof json === 'string')) return null;
  const fraction = match[3] ?? '';
  let magnitude = BigInt(match[2] + fraction);
  let places = fraction.length - Number(match[4] ?? 0);
  for (; places > scale; places--) {
    if (magnitude % 10n !== 0n) return null;
    magnitude /= 10n;
  }
  magnitude *= 10n ** BigInt(scale - places);
  return match[1] === '-' ? -magnitude : magnitude;
}

function daysOf(text: string): number | null {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? null : time / 86_400_000;
}

function timeOf(text: string, logical: string): number | null {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : logical.endsWith('micros') ? time * 1000 : time;
}

function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
}

function isObject(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof NumberText);
}

function raise(error: Error): never {
  throw error;
}
