import type { JSX } from 'preact';
import type { BoardFacts, BoardRow } from '../../wire.js';
import { cellText } from '../format.js';
import { LineChart } from '../line-chart.js';
import { barsOf, funnelSteps, linesOf, numberPlace, placesOf } from './board-data.js';
import { BoardTable } from './board-table.js';
import { Funnel } from './funnel.js';
import { Ranking } from './ranking.js';

const NUMBER = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 });

interface ChartProps {
  readonly board: BoardFacts;
  readonly rows: readonly BoardRow[];
  /** Told which row somebody wants to know more of. */
  readonly choose: (row: BoardRow) => void;
}

/** As the board's file says; the table where that names too few columns. */
export function Chart({ board, rows, choose }: ChartProps): JSX.Element {
  const at = placesOf(board);
  switch (drawnAs(board)) {
    case 'ranking':
      return <Ranking name={board.name} places={board.places ?? 10} bars={barsOf(board, rows, at)} choose={({ row }) => choose(row)} />;
    case 'line':
      return <LineChart name={board.name} {...linesOf(board, rows, at)} height={260} show={(value) => NUMBER.format(value)} />;
    case 'funnel':
      return <Funnel name={board.name} steps={funnelSteps(board, rows, at)} />;
    case 'number': {
      const column = numberPlace(board, at);
      return <p class="figure">{cellText(rows[0]?.cells[column], board.columns[column].kind)}</p>;
    }
    case 'table':
      return <BoardTable board={board} rows={rows} />;
  }
}

/** As it says, or as a table where that lacks a column. */
export function drawnAs(board: BoardFacts): BoardFacts['show'] {
  const { label, value, by } = placesOf(board);
  if (board.show === 'ranking' && (label < 0 || value < 0)) return 'table';
  if (board.show === 'line' && (value < 0 || by < 0)) return 'table';
  return board.show;
}
