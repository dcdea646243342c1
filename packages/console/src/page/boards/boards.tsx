/** The boards of the pipelines' files, each with the table behind it. */
import type { JSX } from 'preact';
import type { BoardRow, ConsoleState } from '../../wire.js';
import { clockText } from '../format.js';
import { BoardFrame } from './board-frame.js';

export function Boards({ state }: { readonly state: ConsoleState }): JSX.Element {
  const boards = state.pipelines.flatMap(({ pipeline, path, boards: own }) =>
    own.flatMap((board) => (board.range === null ? [{ pipeline, path, board }] : [])),
  );
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
        const { rows, asOf } = state.boards.find(({ id }) => id === board.id) ?? { rows: [], asOf: null };
        return (
          <BoardFrame key={board.id} pipeline={pipeline} board={board} rows={rows} asOf={asOf}>
            <span title={path}>{pipeline}</span> → {board.topic} · as of {clockText(asOf)} · <Finality rows={rows} />
          </BoardFrame>
        );
      })}
    </div>
  );
}

/** Whether more events could still change what is shown. */
function Finality({ rows }: { readonly rows: readonly BoardRow[] }): JSX.Element {
  const final = rows.filter((row) => row.final).length;
  if (rows.length === 0) return <span>no rows yet</span>;
  if (final === rows.length) return <span title="No event can change these rows any more">final</span>;
  return <span title="Events that come may change these rows">{final === 0 ? 'not final' : `${final} of ${rows.length} rows final`}</span>;
}
