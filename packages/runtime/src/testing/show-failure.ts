/** A failed expectation as text: rows under their columns, the expected above the actual, carets under the cells that differ. */
import {
  branchOf,
  isUnion,
  parseTime,
  place,
  showDate,
  showDecimal,
  showTimestamp,
  type Column,
  type TestRow,
  type Type,
  type Value,
} from '@rta/dsl';
import type { RowPair } from './compare-rows.js';
import type { TestFailure } from './judge.js';

const DAY = parseTime('00:00')!;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What failed and where:
 *
 *     pipelines/top-teams.yaml:24:11: top-teams: 2 rows expected, 2 found: 1 wrong
 *         rnk  team_id  total_score
 *           1  t1                17
 *       -   2  t2                16
 *       +   2  t2                15
 *                                ^^
 *
 * `-` is what the test expects, `+` what is there.
 */
export function showFailure(failure: TestFailure): string {
  const where = `${place(failure.span)}: ${failure.step === null ? '' : `step ${failure.step}: `}`;
  if (failure.kind === 'error') return `${where}${failure.message}`;
  const { topic, section, expectedCount, actualCount } = failure;
  const name = section === 'state' ? `state of ${topic}` : topic;
  if (failure.kind === 'count') return `${where}${name}: ${expectedCount} expected, ${actualCount} found`;
  const { pairs } = failure;
  const counts: [number, string][] = [
    [pairs.filter(({ differing }) => differing.length > 0).length, 'wrong'],
    [pairs.filter(({ actual }) => actual === null).length, 'missing'],
    [pairs.filter(({ expected }) => expected === null).length, 'unexpected'],
  ];
  const wrong = counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(', ');
  const what = `${section === 'expect' || section === 'state' ? 'row' : 'record'}${expectedCount === 1 ? '' : 's'}`;
  const title = `${where}${name}: ${expectedCount} ${what} expected, ${actualCount} found: ${wrong}`;
  return [title, ...table(failure.columns, pairs).map((line) => `  ${line}`.trimEnd())].join('\n');
}

function isEqual({ expected, actual, differing }: RowPair): boolean {
  return expected !== null && actual !== null && differing.length === 0;
}

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly cells: readonly string[];
  /** Columns to point at. */
  readonly differing: ReadonlySet<number>;
}

/** Equal rows shown before and after wrong ones; the others are counted. */
const CONTEXT_ROWS = 5;

/** Rows other than expected that are shown, half of them the first ones, half the last; those between are counted. */
const WRONG_ROWS = 40;

function table(columns: readonly Column[], pairs: readonly RowPair[]): string[] {
  const lines: (Line | { hidden: number; wrong: number })[] = [];
  const hide = (wrong: boolean): void => {
    const before = lines.at(-1);
    const line = before !== undefined && 'hidden' in before ? before : { hidden: 0, wrong: 0 };
    if (line !== before) lines.push(line);
    if (wrong) line.wrong++;
    else line.hidden++;
  };
  const wrong = pairs.flatMap((pair, i) => (isEqual(pair) ? [] : [i]));
  const cut = wrong.length > WRONG_ROWS ? [wrong[WRONG_ROWS / 2], wrong[wrong.length - WRONG_ROWS / 2]] : null;
  for (const [i, pair] of pairs.entries()) {
    const around = pairs.slice(Math.max(0, i - CONTEXT_ROWS), i + CONTEXT_ROWS + 1);
    const isCut = cut !== null && i >= cut[0] && i < cut[1];
    if (isCut || around.every(isEqual)) hide(!isEqual(pair));
    else lines.push(...linesOf(columns, pair));
  }
  const widths = columns.map(({ name }, i) => Math.max(name.length, ...lines.map((line) => ('hidden' in line ? 0 : line.cells[i].length))));
  const right = columns.map(({ type }) => isNumber(type));
  const pad = (text: string, i: number): string => (right[i] ? text.padStart(widths[i]) : text.padEnd(widths[i]));
  const shown = [`  ${columns.map(({ name }, i) => pad(name, i)).join('  ')}`];
  for (const line of lines) {
    if ('hidden' in line) {
      const counts: [number, string][] = [
        [line.wrong, 'more that are not as expected'],
        [line.hidden, 'more as expected'],
      ];
      shown.push(`  … ${counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(', ')}`);
      continue;
    }
    const { mark, cells, differing } = line;
    shown.push(`${mark} ${cells.map(pad).join('  ')}`);
    if (differing.size > 0)
      shown.push(`  ${cells.map((cell, i) => pad(differing.has(i) ? '^'.repeat(Math.max(1, cell.length)) : '', i)).join('  ')}`);
  }
  return shown;
}

function linesOf(columns: readonly Column[], pair: RowPair): Line[] {
  const none: ReadonlySet<number> = new Set();
  const { expected, actual, differing } = pair;
  const wanted =
    expected === null
      ? null
      : columns.map(({ name, type }) =>
          Object.hasOwn(expected.values, name)
            ? showExpected(type, expected.values[name].value, expected.values[name].digits)
            : name === '$deleted' && expected.deleted
              ? 'true'
              : '',
        );
  const found =
    actual === null
      ? null
      : columns.map(({ name, type }) =>
          Object.hasOwn(actual.row, name)
            ? showActual(type, actual.row[name], expected?.values[name])
            : name === '$deleted' && actual.deleted
              ? 'true'
              : '',
        );
  if (wanted !== null && found !== null) {
    if (differing.length === 0) return [{ mark: ' ', cells: found, differing: none }];
    const at = new Set(columns.flatMap(({ name }, i) => (differing.includes(name) ? [i] : [])));
    return [
      { mark: '-', cells: wanted, differing: none },
      { mark: '+', cells: found, differing: at },
    ];
  }
  return wanted !== null ? [{ mark: '-', cells: wanted, differing: none }] : [{ mark: '+', cells: found ?? [], differing: none }];
}

function isNumber(type: Type): boolean {
  return type.kind === 'nullable' ? isNumber(type.of) : ['int', 'long', 'float', 'double', 'decimal'].includes(type.kind);
}

/** To the digits that the test writes, unless they do not tell the two apart. */
function showActual(type: Type, value: Value, expected: TestRow['values'][string] | undefined): string {
  const digits = expected?.digits ?? null;
  const text = showExpected(type, value, digits);
  const isSame = expected !== undefined && text === showExpected(type, expected.value, digits);
  return isSame && expected.value !== value && digits !== null && Math.abs(Number(expected.value) - Number(value)) > 0.5 * 10 ** -digits
    ? showValue(type, value)
    : text;
}

function showExpected(type: Type, value: Value, digits: number | null): string {
  if (typeof value !== 'number' || digits === null || digits > 20 || !Number.isFinite(value)) return showValue(type, value);
  return value.toFixed(digits);
}

/** A value as a test writes it. */
export function showValue(type: Type, value: Value): string {
  if (value === null) return 'null';
  switch (type.kind) {
    case 'nullable':
      return showValue(type.of, value);
    case 'string':
      return showText(value as string);
    case 'decimal':
      return showDecimal(value as bigint, type.scale);
    case 'timestamp':
      return showTime(value as number);
    case 'date':
      return showDate(value as number);
    case 'bytes':
      return showText(Buffer.from(value as Uint8Array).toString('utf8'));
    case 'array':
      return `[${(value as readonly Value[]).map((item) => showValue(type.items, item)).join(', ')}]`;
    case 'map':
      return `{ ${[...(value as ReadonlyMap<string, Value>)].map(([key, item]) => `${showText(key)}: ${showValue(type.values, item)}`).join(', ')} }`;
    case 'record': {
      if (isUnion(type)) {
        const held = branchOf(type, value);
        return `{ ${type.fields[held.branch].name}: ${showValue(held.type, held.value)} }`;
      }
      const row = value as Readonly<Record<string, Value>>;
      return `{ ${type.fields.map((field) => `${field.name}: ${showValue(field.type, row[field.name])}`).join(', ')} }`;
    }
    default:
      return typeof value === 'object' ? '' : String(value);
  }
}

/** Bare where YAML reads it as the same text. */
function showText(text: string): string {
  return /^[A-Za-z_][\w .@/+-]*$/.test(text) && !text.endsWith(' ') && !/^(true|false|null)$/i.test(text) ? text : JSON.stringify(text);
}

/** `12:00:10` on the day of bare times, else ISO 8601. */
function showTime(ms: number): string {
  const iso = showTimestamp(ms);
  const text = iso.replace(/\.000Z$/, 'Z');
  return ms >= DAY && ms < DAY + DAY_MS ? text.slice(text.indexOf('T') + 1, -1) : text;
}
