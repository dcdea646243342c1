/** What a query asks for: rows of a key, of a range, of windows. */
import { didYouMean, isNullable, definite, listing, readScalar, type Column, type Row, type Value } from '@rta/dsl';
import { timeOf } from '../options.js';
import { Refused } from '../refused.js';

/** As it stands behind `?`, or on a command line. */
export interface QueryText {
  /** Values of the key columns, separated by commas where there are several. */
  readonly key?: string;
  /** What the first key column begins with, as it is written. */
  readonly prefix?: string;
  /** Of windows: where they begin, `from` included, `to` not; else of the first key column. */
  readonly from?: string;
  readonly to?: string;
  /** A time: windows that it is in. */
  readonly window?: string;
  readonly limit?: string;
  /** Only of this process. */
  readonly here?: string;
}

/** What can be asked: a store or a sink. */
export interface Asked {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Null or empty: its rows have no key. */
  readonly key: readonly string[] | null;
  readonly windowed: boolean;
}

export interface Selection {
  /** Of the key columns without those of the window; null: of all. */
  readonly key: Row | null;
  readonly limit: number;
  /** Whether a row is asked for. */
  matches(row: Row): boolean;
  /** Times at which windows must begin to be asked for, ms since the epoch. */
  readonly windowFrom: number;
  readonly windowTo: number;
}

const LIMIT = { least: 1, usual: 1000, most: 10_000 };

/** Columns that a key is named by: windows are asked for by time. */
function keyColumnsOf({ columns, key, windowed }: Asked): readonly Column[] {
  const named = (key ?? []).filter((name) => !windowed || (name !== 'window_start' && name !== 'window_end'));
  return named.flatMap((name) => columns.find((column) => column.name === name) ?? []);
}

/** @throws Refused for what cannot be meant */
export function selectionOf(text: QueryText, asked: Asked): Selection {
  const keyColumns = keyColumnsOf(asked);
  const key = text.key === undefined ? null : keyOf(text.key, keyColumns, asked.name);
  const limit = text.limit === undefined ? LIMIT.usual : Number(text.limit);
  if (!Number.isInteger(limit) || limit < LIMIT.least || limit > LIMIT.most)
    throw new Refused(400, 'bad_limit', `limit is a whole number from ${LIMIT.least} to ${LIMIT.most}`);
  const tests: ((row: Row) => boolean)[] = [];
  if (key !== null) tests.push((row) => Object.entries(key).every(([name, value]) => equal(row[name] ?? null, value)));
  if (text.prefix !== undefined) tests.push(beginsWith(text.prefix, keyColumns.at(0), asked.name));
  let [windowFrom, windowTo] = [-Infinity, Infinity];
  if (asked.windowed) {
    windowFrom = text.from === undefined ? -Infinity : timeOf('from', text.from);
    windowTo = text.to === undefined ? Infinity : timeOf('to', text.to);
    tests.push(({ window_start: start }) => typeof start !== 'number' || (start >= windowFrom && start < windowTo));
    if (text.window !== undefined) {
      const time = timeOf('window', text.window);
      tests.push(
        ({ window_start: start, window_end: end }) => typeof start === 'number' && typeof end === 'number' && start <= time && time < end,
      );
      windowTo = Math.min(windowTo, time + 1);
    }
  } else {
    if (text.window !== undefined) throw new Refused(400, 'no_windows', `${asked.name} has no windows`);
    if (text.from !== undefined || text.to !== undefined) tests.push(inRange(text, keyColumns.at(0), asked.name));
  }
  return { key, limit, matches: (row) => tests.every((test) => test(row)), windowFrom, windowTo };
}

function keyOf(text: string, columns: readonly Column[], name: string): Row {
  if (columns.length === 0) throw new Refused(400, 'no_key', `the rows of ${name} have no key`);
  const parts = columns.length === 1 ? [text] : text.split(',');
  if (parts.length !== columns.length)
    throw new Refused(400, 'bad_key', `the key of ${name} is ${listing(columns.map((column) => column.name), 'and')}, separated by commas`); // prettier-ignore
  return Object.fromEntries(columns.map((column, i) => [column.name, valueOf(parts[i], column)]));
}

function valueOf(text: string, { name, type }: Column): Value {
  if (text === 'null' && isNullable(type)) return null;
  const value = readScalar(text, definite(type));
  if (value !== undefined) return value;
  const help = type.kind === 'enum' ? didYouMean(text, type.symbols) : null;
  throw new Refused(
    400,
    'bad_key',
    `${JSON.stringify(text)} is no ${definite(type).kind}, which ${name} is${help === null || help === undefined ? '' : `; ${help}`}`,
  );
}

function beginsWith(prefix: string, column: Column | undefined, name: string): (row: Row) => boolean {
  if (column === undefined) throw new Refused(400, 'no_key', `the rows of ${name} have no key that could begin with something`);
  return ({ [column.name]: value }) => (typeof value === 'object' ? false : String(value).startsWith(prefix));
}

function inRange({ from, to }: QueryText, column: Column | undefined, name: string): (row: Row) => boolean {
  if (column === undefined) throw new Refused(400, 'no_key', `the rows of ${name} have no key that could be in a range`);
  const least = from === undefined ? null : valueOf(from, column);
  const end = to === undefined ? null : valueOf(to, column);
  return (row) => {
    const value = row[column.name];
    if (value === null || value === undefined) return false;
    return (least === null || value >= least) && (end === null || value < end);
  };
}

function equal(a: Value, b: Value): boolean {
  return a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0);
}
