import type { JSX } from 'preact';
import type { BoardFacts, BoardRow, Cell } from '../../wire.js';
import { Table, type TableColumn } from '../table.js';

/** All columns of the sink, and whether the row is final. */
export function boardColumns({ columns }: BoardFacts): readonly TableColumn[] {
  return [...columns, { name: 'final', kind: 'flag' }];
}

export function boardCells(rows: readonly BoardRow[]): readonly (readonly Cell[])[] {
  return rows.map(({ cells, final }) => [...cells, final]);
}

export function BoardTable({ board, rows }: { readonly board: BoardFacts; readonly rows: readonly BoardRow[] }): JSX.Element {
  return <Table name={`Rows of ${board.name}`} columns={boardColumns(board)} rows={boardCells(rows)} />;
}
