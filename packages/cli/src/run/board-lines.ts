/** Boards as lines of text: rankings as bars, everything else as a table. Pure. */
import type { Type, Value } from '@rta/dsl';
import { plainJson } from '@rta/runtime';
import type { BoardView } from './board-rows.js';
import { fit, printable, truncate, widthOf } from './text-width.js';

export interface Style {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colour: boolean;
}

const MAX_ROWS = 10;
const MAX_LABEL = 24;
const TO_THE_LEFT: ReadonlySet<Type['kind']> = new Set(['boolean', 'string', 'enum', 'bytes', 'array', 'map', 'record']);
const DAY_MS = 86_400_000;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

const NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** A heading and at most ten rows. */
export function boardLines(view: BoardView, style: Style): string[] {
  const heading = truncate(`${printable(view.board.name)}${view.rows.length === 0 ? ' (no rows yet)' : ''}`, style.width);
  const { show, label, value } = view.board;
  const body = show === 'ranking' && label !== null && value !== null ? ranking(view, label, value, style) : table(view, style.width);
  return [style.colour ? `\u001B[1m${heading}\u001B[0m` : heading, ...body];
}

function ranking(view: BoardView, label: string, value: string, { width, colour }: Style): string[] {
  const rows = view.rows.slice(0, MAX_ROWS).map((row, i) => ({
    rank: view.board.by === null ? String(i + 1) : textOf(row[view.board.by] ?? null),
    label: textOf(row[label] ?? null, view.columns.find(({ name }) => name === label)?.type),
    value: textOf(row[value] ?? null),
    size: Math.max(0, Number(row[value] ?? 0)) || 0,
  }));
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(widthOf));
  const ranks = widest(rows.map((row) => row.rank));
  const values = widest(rows.map((row) => row.value));
  const labels = Math.min(MAX_LABEL, widest(rows.map((row) => row.label)), Math.max(4, width - ranks - values - 5));
  const bars = Math.max(0, width - ranks - labels - values - 5);
  const most = Math.max(...rows.map((row) => row.size), Number.MIN_VALUE);
  return rows.map((row) => {
    const bar = fit(barOf((row.size / most) * bars), bars);
    return truncated(
      [` ${fit(row.rank, ranks, 'right')} ${fit(row.label, labels)} `, bar, ` ${fit(row.value, values, 'right')}`],
      width,
      colour,
    );
  });
}

function barOf(columns: number): string {
  const eighths = Math.round(columns * 8);
  return '█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] ?? '');
}

/** The middle part is coloured; the line is cut before, since escapes have no width. */
function truncated([before, bar, after]: readonly [string, string, string], width: number, colour: boolean): string {
  const line = before + bar + after;
  if (widthOf(line) > width) return truncate(line, width);
  return colour && bar !== '' ? `${before}\u001B[36m${bar}\u001B[0m${after}` : line;
}

function table(view: BoardView, width: number): string[] {
  const rows = view.rows.slice(0, MAX_ROWS);
  if (rows.length === 0) return [];
  const cells = view.columns.map(({ name, type }) => {
    const texts = rows.map((row) => textOf(row[name] ?? null, type));
    const right = !TO_THE_LEFT.has(type.kind === 'nullable' ? type.of.kind : type.kind);
    const size = Math.min(MAX_LABEL, Math.max(widthOf(name), ...texts.map(widthOf)));
    return [name, ...texts].map((text) => fit(text, size, right ? 'right' : 'left'));
  });
  return [0, ...rows.map((_, i) => i + 1)].map((line) => truncate(` ${cells.map((column) => column[line]).join('  ')}`, width).trimEnd());
}

function textOf(value: Value, type?: Type): string {
  const kind = type?.kind === 'nullable' ? type.of.kind : type?.kind;
  if (value === null) return '–';
  if (typeof value === 'number' && kind === 'timestamp') return timeText(value);
  if (typeof value === 'number' && kind === 'date') return timeText(value * DAY_MS).slice(0, 'yyyy-mm-dd'.length);
  if (typeof value === 'string') return printable(value);
  if (typeof value === 'number' || typeof value === 'bigint') return NUMBER.format(value);
  return printable(JSON.stringify(value, plainJson));
}

/** `2026-01-31 12:00:05.123`, UTC; beyond the calendar the number itself. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime())
    ? String(ms)
    : date
        .toISOString()
        .replace('T', ' ')
        .replace(/(\.000)?Z$/, '');
}
