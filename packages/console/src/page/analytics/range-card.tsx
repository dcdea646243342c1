/** A board over a range of time: a figure, or a chart with the table behind it. */
import type { JSX } from 'preact';
import type { RangeAnswer } from '../../ranges.js';
import type { BoardFacts, BoardRow, Cell } from '../../wire.js';
import { BoardFrame } from '../boards/board-frame.js';
import { cellText, clockText } from '../format.js';
import { useRepeated } from '../use-repeated.js';
import { boundsOf, type Range } from './range-choice.js';

const PERCENT = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' });

/** A board that its reader chooses a range of time for. */
export interface RangeBoard {
  readonly pipeline: string;
  readonly board: BoardFacts;
}

interface RangeProps extends RangeBoard {
  readonly range: Range;
  /** After which it is asked for anew. */
  readonly seconds: number;
}

/** One number, and how much more or less it is than in as long a time before. */
export function RangeFigure(props: RangeProps): JSX.Element {
  const { board } = props;
  const { answer, problem } = useRange(props);
  const value = answer?.rows[0]?.[0] ?? null;
  const before = answer?.before ?? null;
  const change = typeof value === 'number' && before !== null && before !== 0 ? (value - before) / Math.abs(before) : null;
  const text = cellText(rounded(value), 'number');
  return (
    <section class="card figure-card" aria-label={board.name} data-board={board.id}>
      <h2>{board.name}</h2>
      <p class="figure" style={{ '--characters': text.length }}>
        {text}
      </p>
      <p class="soft facts">
        {change !== null && (
          <span class={change < 0 ? 'down' : 'up'} title={`${cellText(rounded(before), 'number')} in as long a time before`}>
            {PERCENT.format(change)}{' '}
          </span>
        )}
        {problem ?? stateText(answer)}
      </p>
    </section>
  );
}

export function RangeCard(props: RangeProps): JSX.Element {
  const { pipeline, board } = props;
  const { answer, problem } = useRange(props);
  return (
    <BoardFrame
      pipeline={pipeline}
      board={shownAs(board, answer)}
      rows={rowsOf(answer)}
      asOf={answer?.asOf ?? null}
      isWide={board.show === 'line' || board.show === 'table'}
    >
      {pipeline} → {board.topic} · {problem ?? stateText(answer)}
    </BoardFrame>
  );
}

function useRange({ pipeline, board, range, seconds }: RangeProps): {
  readonly answer: RangeAnswer | null;
  readonly problem: string | null;
} {
  const about = (): Record<string, string> => {
    const { from, to } = boundsOf(range);
    return { pipeline, board: board.name, from: String(from), to: String(to) };
  };
  const { answer, problem } = useRepeated<RangeAnswer>('/console/ask/range', seconds * 1000, about, JSON.stringify(range));
  return { answer, problem: problem ?? answer?.problem ?? null };
}

function stateText(answer: RangeAnswer | null): string {
  if (answer === null) return 'loading';
  const { asOf, finalUntil, from, to } = answer;
  const finality =
    finalUntil === null || finalUntil <= from ? 'not final' : finalUntil >= to ? 'final' : `final until ${clockText(finalUntil)}`;
  return `as of ${clockText(asOf)} · ${finality}`;
}

/** The board with the columns of the answer. */
function shownAs(board: BoardFacts, answer: RangeAnswer | null): BoardFacts {
  const columns = answer?.columns ?? [];
  const last = columns.at(-1)?.name ?? null;
  switch (board.show) {
    case 'line':
      return {
        ...board,
        columns,
        by: columns[0]?.name ?? null,
        label: board.label === null ? null : (columns[1]?.name ?? null),
        value: last,
      };
    case 'ranking':
      return { ...board, columns, by: null, label: columns[0]?.name ?? null, value: last, places: Math.min(10, answer?.rows.length ?? 5) };
    default:
      return { ...board, columns };
  }
}

function rowsOf(answer: RangeAnswer | null): BoardRow[] {
  const isFinal = (answer?.finalUntil ?? -Infinity) >= (answer?.to ?? Infinity);
  return (answer?.rows ?? []).map((cells) => ({ cells: cells.map(rounded), final: isFinal, moved: null, trend: null }));
}

/** Sums of doubles have digits that nobody means. */
function rounded(cell: Cell): Cell {
  return typeof cell === 'number' && !Number.isInteger(cell) ? Math.round(cell * 100) / 100 : cell;
}
