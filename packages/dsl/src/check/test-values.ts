import { didYouMean } from '../expression/suggest.js';
import { definite, isNullable } from '../types/lattice.js';
import type { Type, Value } from '../types/type.js';
import { RecursiveRecord } from '../types/recursive.js';
import { isUnion, unionValue } from '../types/union.js';
import { yamlMessages } from '../yaml/messages.js';
import { describe, isNull, type YamlNode, type YamlScalar } from '../yaml/node.js';
import { testMessages as messages } from './test-messages.js';
import type { Session } from './session.js';

/** A value of a test, and for floats and doubles how many digits stand behind the point. */
export interface TestValue {
  readonly value: Value;
  readonly digits: number | null;
}

/** Reads a YAML node as a value of a type, from its source text: `no` is a text to a string column, `007` too. Null with a report. */
export function readTestValue(node: YamlNode, name: string, type: Type, session: Session): TestValue | null {
  if (isNull(node)) {
    if (isNullable(type)) return { value: null, digits: null };
    session.report(messages.nullTestValue(node.span, name, type));
    return null;
  }
  const inner = definite(type);
  if (inner.kind === 'array' || inner.kind === 'map' || inner.kind === 'record') {
    const value = readNested(node, name, inner, session);
    return value === undefined ? null : { value, digits: null };
  }
  if (node.kind !== 'scalar') {
    session.report(yamlMessages.wrongShape(node.span, `\`${name}\``, 'a single value', describe(node)));
    return null;
  }
  const value = readScalar(node.text, inner);
  if (value === undefined) {
    session.report(messages.badTestValue(node.span, node.text, inner, helpFor(node, inner)));
    return null;
  }
  return { value, digits: inner.kind === 'double' || inner.kind === 'float' ? decimals(node.text) : null };
}

function readNested(node: YamlNode, name: string, type: Type & { kind: 'array' | 'map' | 'record' }, session: Session): Value | undefined {
  const wanted = type.kind === 'array' ? 'seq' : 'map';
  if (node.kind !== wanted) {
    session.report(yamlMessages.wrongShape(node.span, `\`${name}\``, wanted === 'seq' ? 'a list' : 'a map', describe(node)));
    return undefined;
  }
  if (node.kind === 'seq') {
    const items = type.kind === 'array' ? node.items.map((item) => readTestValue(item, name, type.items, session)) : [];
    return items.some((item) => item === null) ? undefined : items.map((item) => item!.value);
  }
  if (type.kind === 'map') {
    const values = node.entries.map((entry) => [entry.key, readTestValue(entry.value, entry.key, type.values, session)] as const);
    return values.some(([, value]) => value === null) ? undefined : new Map(values.map(([key, value]) => [key, value!.value]));
  }
  if (type.kind !== 'record' || node.kind !== 'map') return undefined;
  if (isUnion(type) && node.entries.length !== 1) {
    session.report(messages.oneBranch(node.span, name, type));
    return undefined;
  }
  const record: Record<string, Value> = Object.fromEntries(type.fields.map((field) => [field.name, zeroValue(field.type)]));
  let complete = true;
  for (const entry of node.entries) {
    const field = type.fields.find((candidate) => candidate.name === entry.key);
    const value = field === undefined ? null : readTestValue(entry.value, entry.key, field.type, session);
    if (field === undefined) {
      const names = type.fields.map((candidate) => candidate.name);
      session.report(messages.unknownTestColumn(entry.keySpan, entry.key, name, names));
    }
    if (value === null) complete = false;
    else record[entry.key] = value.value;
  }
  return complete ? record : undefined;
}

/** A scalar's text as a value of a type; undefined when it is none. */
export function readScalar(text: string, type: Type): Value | undefined {
  switch (type.kind) {
    case 'string':
      return text;
    case 'bytes':
      return new TextEncoder().encode(text);
    case 'enum':
      return type.symbols.includes(text) ? text : undefined;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'int': {
      const value = /^[-+]?\d+$/.test(text) ? Number(text) : NaN;
      return value >= -(2 ** 31) && value < 2 ** 31 ? value + 0 : undefined;
    }
    case 'long':
      return /^[-+]?\d{1,19}$/.test(text) ? canonicalLong(BigInt(text.replace('+', ''))) : undefined;
    case 'float':
    case 'double':
      return readDouble(text);
    case 'decimal':
      return readDecimal(text, type.precision, type.scale);
    case 'timestamp':
      return parseTime(text) ?? undefined;
    case 'date': {
      const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseTime(text) : null;
      return time === null ? undefined : Math.floor(time / 86_400_000);
    }
    default:
      return undefined;
  }
}

function canonicalLong(value: bigint): Value | undefined {
  if (BigInt.asIntN(64, value) !== value) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function readDouble(text: string): number | undefined {
  if (/^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Number(text);
  if (/^\.?nan$/i.test(text)) return NaN;
  const infinity = /^([-+]?)\.?inf(inity)?$/i.exec(text);
  return infinity === null ? undefined : infinity[1] === '-' ? -Infinity : Infinity;
}

function readDecimal(text: string, precision: number, scale: number): bigint | undefined {
  const match = /^([-+]?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > scale) return undefined;
  const unscaled = BigInt(match[2] + fraction.padEnd(scale, '0'));
  return unscaled.toString().length > precision ? undefined : match[1] === '-' ? -unscaled : unscaled;
}

/** How many digits stand behind the point: 6 of `1.333333`, 0 of `20`, 8 of `1.5e-7`. */
function decimals(text: string): number | null {
  const match = /^[-+]?\d*(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/.exec(text);
  return match === null ? null : Math.max(0, (match[1] ?? '').length - Number(match[2] ?? 0));
}

function helpFor(node: YamlScalar, type: Type): string | undefined {
  switch (type.kind) {
    case 'enum':
      return didYouMean(node.text, type.symbols) ?? `it is one of ${type.symbols.join(', ')}`;
    case 'boolean':
      return 'write true or false';
    case 'timestamp':
      return 'write `12:00:10` (of 2000-01-01 UTC), `2026-07-01T12:00:10Z`, or milliseconds';
    case 'date':
      return 'write `2026-07-01`';
    case 'int':
      return /^[-+]?\d+$/.test(node.text) ? 'an int has 32 bits' : undefined;
    case 'long':
      return /^[-+]?\d+$/.test(node.text) ? 'a long has 64 bits' : undefined;
    default:
      return undefined;
  }
}

/** 2000-01-01 UTC, the day of times without one. */
const TEST_DAY = Date.UTC(2000, 0, 1);
const TIME = /^(?:(\d{4})-(\d{2})-(\d{2}))?(?:(?:^|[T ])(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?(Z|[-+]\d{2}:?\d{2})?$/;

/** Milliseconds of `12:00:10` (of 2000-01-01 UTC), `11:56`, `2026-07-01`, `2026-07-01T12:00:10.5+02:00`, or of whole milliseconds; else null. */
export function parseTime(text: string): number | null {
  if (/^-?\d{1,16}$/.test(text)) return Number(text);
  const match = TIME.exec(text);
  if (match === null || text === '') return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match as (string | undefined)[];
  if (year === undefined && hour === undefined) return null;
  const [h, m, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)];
  if (h > 23 || m > 59 || s > 59) return null;
  let date = TEST_DAY;
  if (year !== undefined) {
    date = Date.UTC(Number(year), Number(month) - 1, Number(day));
    if (new Date(date).toISOString().slice(0, 10) !== `${year}-${month}-${day}`) return null;
  }
  const millis = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1000;
  return date + h * 3_600_000 + m * 60_000 + s * 1000 + millis - zoneOffset(zone);
}

function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.replace(/\D/g, '');
  return sign * (Number(digits.slice(0, 2)) * 3_600_000 + Number(digits.slice(2)) * 60_000);
}

/** What a column holds that a test does not name: null where it can, else the zero of its type. */
export function zeroValue(type: Type): Value {
  switch (type.kind) {
    case 'nullable':
    case 'null':
      return null;
    case 'boolean':
      return false;
    case 'decimal':
      return 0n;
    case 'string':
      return '';
    case 'enum':
      return type.symbols[0] ?? '';
    case 'bytes':
      return new Uint8Array();
    case 'array':
      return [];
    case 'map':
      return new Map();
    case 'record':
      if (isUnion(type)) {
        // Of branches that contain what they stand in, none has an end by itself.
        const ends = type.fields.findIndex((branch) => !(definite(branch.type) instanceof RecursiveRecord));
        const branch = Math.max(0, ends);
        return unionValue(type, branch, zeroValue(definite(type.fields[branch].type)));
      }
      return Object.fromEntries(type.fields.map((field) => [field.name, zeroValue(field.type)]));
    default:
      return 0;
  }
}
