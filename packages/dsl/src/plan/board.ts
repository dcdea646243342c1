/** Boards as a plan has them. */

/** A board of the console over the rows of one sink. */
export interface Board {
  readonly name: string;
  /** The id of the sink. */
  readonly sink: string;
  readonly show: 'ranking' | 'line' | 'funnel' | 'table' | 'number';
  /** Columns of the sink. */
  readonly label: string | null;
  readonly value: string | null;
  readonly by: string | null;
  /** It is over a range of time that its reader chooses, of what the sink's table keeps; not there: of the rows as they are now. */
  readonly range?: BoardRange;
}

export interface BoardRange {
  /** The column, a timestamp, that a range is of. */
  readonly time: string;
  /** How the values of rows become one number. */
  readonly total: BoardTotal;
}

export type BoardTotal = (typeof BOARD_TOTALS)[number];

/** `distinct`: how many different values. */
export const BOARD_TOTALS = ['sum', 'count', 'max', 'avg', 'distinct'] as const;
