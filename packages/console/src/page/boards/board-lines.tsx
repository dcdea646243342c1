import type { JSX } from 'preact';
import type { BoardFacts, BoardRow } from '../../wire.js';
import { cellText } from '../format.js';
import { LineChart } from '../line-chart.js';

const MOST = 6;
const NUMBER = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 });

interface BoardLinesProps {
  readonly board: BoardFacts;
  readonly rows: readonly BoardRow[];
  /** Places of columns; `label` -1: one line. */
  readonly at: { readonly label: number; readonly value: number; readonly by: number };
}

/** A line per label, of those that have the most rows. */
export function BoardLines({ board, rows, at }: BoardLinesProps): JSX.Element {
  const xs = [...new Set(rows.map(({ cells }) => Number(cells[at.by])))].filter(Number.isFinite).sort((a, b) => a - b);
  const byLabel = new Map<string, BoardRow[]>();
  for (const row of rows) {
    const name = at.label < 0 ? board.name : cellText(row.cells[at.label], board.columns[at.label].kind);
    byLabel.set(name, [...(byLabel.get(name) ?? []), row]);
  }
  const labels = [...byLabel].sort(([a, most], [b, fewer]) => fewer.length - most.length || (a < b ? -1 : 1)).slice(0, MOST);
  const lines = labels.map(([name, own]) => {
    const values = new Map(own.map(({ cells }) => [Number(cells[at.by]), cells[at.value] === null ? null : Number(cells[at.value])]));
    return { name, values: xs.map((x) => values.get(x) ?? null) };
  });
  return (
    <LineChart
      name={board.name}
      xs={xs}
      isTime={board.columns[at.by].kind === 'timestamp'}
      lines={lines.length === 0 ? [{ name: board.name, values: [] }] : lines}
      height={260}
      show={(value) => NUMBER.format(value)}
    />
  );
}
