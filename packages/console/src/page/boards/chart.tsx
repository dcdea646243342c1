import type { JSX } from 'preact';
import type { BoardFacts, BoardRow } from '../../wire.js';
import { BoardTable } from './board-table.js';
import { Funnel } from './funnel.js';
import { BoardLines } from './board-lines.js';
import { cellText } from '../format.js';
import { Ranking, type Bar } from './ranking.js';

interface ChartProps {
  readonly board: BoardFacts;
  readonly rows: readonly BoardRow[];
}

/** As the board's file says; the table where that names too few columns. */
export function Chart({ board, rows }: ChartProps): JSX.Element {
  const place = (name: string | null): number => board.columns.findIndex((column) => column.name === name);
  const [label, value, by] = [place(board.label), place(board.value), place(board.by)];
  switch (board.show) {
    case 'ranking':
      return label < 0 || value < 0 ? (
        <BoardTable board={board} rows={rows} />
      ) : (
        <Ranking name={board.name} places={board.places ?? 10} bars={barsOf(board, rows, { label, value, by })} />
      );
    case 'line':
      return value < 0 || by < 0 ? (
        <BoardTable board={board} rows={rows} />
      ) : (
        <BoardLines board={board} rows={rows} at={{ label, value, by }} />
      );
    case 'funnel':
      return <Funnel name={board.name} steps={funnelSteps(board, rows, { label, value })} />;
    case 'number': {
      const column = value < 0 ? board.columns.length - 1 : value;
      return <p class="figure">{cellText(rows[0]?.cells[column], board.columns[column].kind)}</p>;
    }
    case 'table':
      return <BoardTable board={board} rows={rows} />;
  }
}

interface Places {
  readonly label: number;
  readonly value: number;
  readonly by: number;
}

function barsOf({ columns }: BoardFacts, rows: readonly BoardRow[], { label, value, by }: Places): Bar[] {
  const seen = new Map<string, number>();
  return rows.map(({ cells, moved }, i) => {
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
      moved,
    };
  });
}

/** Rows are its steps; without `label` and `value` the columns of its one row are. */
function funnelSteps(
  { columns }: BoardFacts,
  rows: readonly BoardRow[],
  { label, value }: Omit<Places, 'by'>,
): { name: string; count: number }[] {
  if (label >= 0 && value >= 0)
    return rows.map(({ cells }) => ({ name: cellText(cells[label], columns[label].kind), count: Number(cells[value] ?? 0) }));
  return columns.flatMap(({ name, kind }, i) => (kind === 'number' ? [{ name, count: Number(rows[0]?.cells[i] ?? 0) }] : []));
}
