/** Rows with a name for each column, as a table and as a file. */
import type { ComponentChildren, JSX } from 'preact';
import type { Cell, ColumnFacts } from '../wire.js';
import { csvOf, save } from './csv.js';
import { cellText } from './format.js';

export interface TableColumn {
  readonly name: string;
  /** `flag`: yes or no. */
  readonly kind: ColumnFacts['kind'] | 'flag';
}

interface TableProps {
  /** For those who do not see it: `Rows of top teams`. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** Cells in the order of the columns. */
  readonly rows: readonly (readonly Cell[])[];
  /** What stands in a cell in place of its text: a button, say; undefined: the text. */
  readonly content?: (row: number, column: number) => ComponentChildren;
  /** Classes of a row. */
  readonly rowClass?: (row: number) => string | undefined;
}

/** Scrolls in itself, by keyboard too. */
export function Table({ name, columns, rows, content, rowClass }: TableProps): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={name}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" class={column.kind}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row} class={rowClass?.(row)}>
              {columns.map((column, i) => (
                <td key={column.name} class={column.kind}>
                  {content?.(row, i) ?? tableText(cells[i], column.kind)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function tableText(cell: Cell | undefined, kind: TableColumn['kind']): string {
  if (kind !== 'flag') return cellText(cell, kind);
  return cell === true ? 'yes' : cell === false ? 'no' : '–';
}

interface SaveCsvProps {
  /** Of the file, without `.csv`. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Saves what the table shows: numbers without grouping, times in UTC, flags as `true` and `false`. */
export function SaveCsv({ name, columns, rows }: SaveCsvProps): JSX.Element {
  return (
    <button
      type="button"
      aria-label={`Save ${name} as CSV`}
      onClick={() => save(`${name}.csv`, 'text/csv;charset=utf-8', csvOf(columns, rows))}
    >
      CSV
    </button>
  );
}
