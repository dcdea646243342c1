/** The boards of the pipelines' files, each with the table behind it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BoardFacts, BoardRow, ConsoleState } from '../../wire.js';
import { clockText } from '../format.js';
import { save } from '../csv.js';
import { SaveCsv } from '../table.js';
import { boardPng } from './board-picture.js';
import { boardCells, boardColumns, BoardTable } from './board-table.js';
import { Chart } from './chart.js';
import { Origin, type Chosen } from './origin.js';

export function Boards({ state }: { readonly state: ConsoleState }): JSX.Element {
  const boards = state.pipelines.flatMap(({ pipeline, path, boards: own }) => own.map((board) => ({ pipeline, path, board })));
  if (boards.length === 0)
    return (
      <p class="empty">
        No pipeline here has boards. Say which in its file:{' '}
        <code>{'boards: { top teams: { show: ranking, label: team_name, value: total_score } }'}</code>
      </p>
    );
  return (
    <div class="boards">
      {boards.map(({ pipeline, path, board }) => {
        const known = state.boards.find(({ id }) => id === board.id);
        return (
          <BoardCard key={board.id} board={board} pipeline={pipeline} path={path} rows={known?.rows ?? []} asOf={known?.asOf ?? null} />
        );
      })}
    </div>
  );
}

interface CardProps {
  readonly board: BoardFacts;
  readonly pipeline: string;
  readonly path: string;
  readonly rows: readonly BoardRow[];
  readonly asOf: number | null;
}

function BoardCard({ board, pipeline, path, rows, asOf }: CardProps): JSX.Element {
  const hasChart = board.show !== 'table';
  const [isTable, setTable] = useState(!hasChart);
  const [chosen, choose] = useState<Chosen | null>(null);
  const heading = `board ${board.id}`;
  return (
    <section class="card" aria-labelledby={heading} data-board={board.id}>
      <h2 id={heading}>{board.name}</h2>
      <p class="soft facts">
        <span title={path}>{pipeline}</span> → {board.topic} · as of {clockText(asOf)} · <Finality rows={rows} />
      </p>
      <div class="body">
        {isTable ? <BoardTable board={board} rows={rows} /> : <Chart board={board} rows={rows} choose={(row) => choose({ row, asOf })} />}
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

/** Whether more events could still change what is shown. */
function Finality({ rows }: { readonly rows: readonly BoardRow[] }): JSX.Element {
  const final = rows.filter((row) => row.final).length;
  if (rows.length === 0) return <span>no rows yet</span>;
  if (final === rows.length) return <span title="No event can change these rows any more">final</span>;
  return <span title="Events that come may change these rows">{final === 0 ? 'not final' : `${final} of ${rows.length} rows final`}</span>;
}
