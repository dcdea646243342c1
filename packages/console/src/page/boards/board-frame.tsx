/** A board: its chart with the table behind it, files of both, and where it comes from. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BoardFacts, BoardRow } from '../../wire.js';
import { save } from '../csv.js';
import { SaveCsv } from '../table.js';
import { boardPng } from './board-picture.js';
import { boardCells, boardColumns, BoardTable } from './board-table.js';
import { Chart, drawnAs } from './chart.js';
import { Origin, type Chosen } from './origin.js';

interface BoardFrameProps {
  readonly pipeline: string;
  readonly board: BoardFacts;
  readonly rows: readonly BoardRow[];
  readonly asOf: number | null;
  readonly isWide?: boolean;
  /** What stands below its name. */
  readonly children: ComponentChildren;
}

export function BoardFrame({ pipeline, board, rows, asOf, isWide = false, children }: BoardFrameProps): JSX.Element {
  const hasChart = board.columns.length > 0 && drawnAs(board) !== 'table';
  const [isTable, setTable] = useState(false);
  const [chosen, choose] = useState<Chosen | null>(null);
  const heading = `board ${board.id}`;
  return (
    <section class={isWide ? 'card wide' : 'card'} aria-labelledby={heading} data-board={board.id}>
      <h2 id={heading}>{board.name}</h2>
      <p class="soft facts">{children}</p>
      <div class="body">
        {board.columns.length === 0 ? (
          <p class="soft">Nothing to draw yet.</p>
        ) : isTable ? (
          <BoardTable board={board} rows={rows} />
        ) : (
          <Chart board={board} rows={rows} choose={(row) => choose({ row, asOf })} />
        )}
      </div>
      <div class="actions">
        {hasChart && (
          <button type="button" aria-pressed={isTable} aria-label={`Table of ${board.name}`} onClick={() => setTable(!isTable)}>
            Table
          </button>
        )}
        <SaveCsv name={board.name} columns={boardColumns(board)} rows={boardCells(rows)} />
        <button
          type="button"
          aria-label={`Save ${board.name} as PNG`}
          onClick={() => {
            void boardPng({ board, rows, pipeline, asOf }).then((png) => save(`${board.name}.png`, 'image/png', png));
          }}
        >
          PNG
        </button>
        <button type="button" aria-label={`Where ${board.name} comes from`} onClick={() => choose({ row: onlyRow(board, rows), asOf })}>
          Origin
        </button>
      </div>
      {chosen !== null && <Origin pipeline={pipeline} board={board} chosen={chosen} close={() => choose(null)} />}
    </section>
  );
}

/** The row that a board shows alone. */
function onlyRow({ show }: BoardFacts, rows: readonly BoardRow[]): BoardRow | null {
  return show === 'number' ? (rows[0] ?? null) : null;
}
