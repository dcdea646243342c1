/** What charts of a board draw, from its rows. */
import type { BoardFacts, BoardRow } from '../../wire.js';
import { cellText } from '../format.js';
import type { Line } from '../line-chart.js';

/** Columns that the board's file names, by their places; -1: it names none. */
export interface Places {
  readonly label: number;
  readonly value: number;
  readonly by: number;
}

export interface Bar {
  /** Who it is, whatever the rank. */
  readonly key: string;
  readonly rank: string;
  readonly label: string;
  readonly value: string;
  readonly size: number;
  readonly row: BoardRow;
}

export interface FunnelStep {
  readonly name: string;
  readonly count: number;
}

/** Lines that are drawn at most. */
const MOST_LINES = 6;

export function placesOf({ columns, label, value, by }: BoardFacts): Places {
  const place = (name: string | null): number => columns.findIndex((column) => column.name === name);
  return { label: place(label), value: place(value), by: place(by) };
}

export function barsOf({ columns }: BoardFacts, rows: readonly BoardRow[], { label, value, by }: Places): Bar[] {
  const seen = new Map<string, number>();
  return rows.map((row, i) => {
    const { cells } = row;
    const text = cellText(cells[label], columns[label].kind);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    return {
      // Two may be called the same.
      key: `${text} ${times}`,
      rank: by < 0 ? String(i + 1) : cellText(cells[by], columns[by].kind),
      label: text,
      value: cellText(cells[value], columns[value].kind),
      size: Math.max(0, Number(cells[value] ?? 0)) || 0,
      row,
    };
  });
}

/** Rows are its steps; without `label` and `value` the columns of its one row are. */
export function funnelSteps({ columns }: BoardFacts, rows: readonly BoardRow[], { label, value }: Places): FunnelStep[] {
  if (label >= 0 && value >= 0)
    return rows.map(({ cells }) => ({ name: cellText(cells[label], columns[label].kind), count: Number(cells[value] ?? 0) }));
  return columns.flatMap(({ name, kind }, i) => (kind === 'number' ? [{ name, count: Number(rows[0]?.cells[i] ?? 0) }] : []));
}

export interface Lines {
  readonly xs: readonly number[];
  readonly isTime: boolean;
  readonly lines: readonly Line[];
}

/** A line per label, of those that have the most rows. */
export function linesOf({ name, columns }: BoardFacts, rows: readonly BoardRow[], at: Places): Lines {
  const xs = [...new Set(rows.map(({ cells }) => Number(cells[at.by])))].filter(Number.isFinite).sort((a, b) => a - b);
  const byLabel = new Map<string, BoardRow[]>();
  for (const row of rows) {
    const label = at.label < 0 ? name : cellText(row.cells[at.label], columns[at.label].kind);
    byLabel.set(label, [...(byLabel.get(label) ?? []), row]);
  }
  const labels = [...byLabel].sort(([a, most], [b, fewer]) => fewer.length - most.length || (a < b ? -1 : 1)).slice(0, MOST_LINES);
  const lines = labels.map(([label, own]) => {
    const values = new Map(own.map(({ cells }) => [Number(cells[at.by]), cells[at.value] === null ? null : Number(cells[at.value])]));
    return { name: label, values: xs.map((x) => values.get(x) ?? null) };
  });
  return { xs, isTime: columns[at.by].kind === 'timestamp', lines: lines.length === 0 ? [{ name, values: [] }] : lines };
}

/** What a board that is one number shows: `value`, else its last column. */
export function numberPlace({ columns }: BoardFacts, { value }: Places): number {
  return value < 0 ? columns.length - 1 : value;
}
