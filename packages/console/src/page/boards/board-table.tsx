import type { JSX } from 'preact';
import type { BoardFacts, BoardRow } from '../../wire.js';
import { cellText } from '../format.js';

/** All columns of the sink. */
export function BoardTable({ board, rows }: { readonly board: BoardFacts; readonly rows: readonly BoardRow[] }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`Rows of ${board.name}`}>
      <table>
        <thead>
          <tr>
            {board.columns.map(({ name, kind }) => (
              <th key={name} scope="col" class={kind}>
                {name}
              </th>
            ))}
            <th scope="col">final</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ cells, final }, row) => (
            <tr key={row}>
              {board.columns.map(({ name, kind }, i) => (
                <td key={name} class={kind}>
                  {cellText(cells[i], kind)}
                </td>
              ))}
              <td>{final ? 'yes' : 'no'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
