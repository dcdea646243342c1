/** Where a number comes from: window, aggregate, offsets of the sources, and the lines of the file that say so. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Provenance, ProvenanceStep } from '../../provenance.js';
import type { BoardFacts, BoardRow } from '../../wire.js';
import { useAnswer } from '../ask.js';
import { cellText, clockText } from '../format.js';
import { Table, type TableColumn } from '../table.js';
import { placesOf } from './board-data.js';
import { FinalMark } from './ranking.js';

/** What somebody wants to know more of, as it was when it was asked for. */
export interface Chosen {
  /** Null: all of them. */
  readonly row: BoardRow | null;
  readonly asOf: number | null;
}

interface OriginProps {
  readonly pipeline: string;
  readonly board: BoardFacts;
  readonly chosen: Chosen;
  readonly close: () => void;
}

export function Origin({ pipeline, board, chosen, close }: OriginProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const { answer: found, problem } = useAnswer<Provenance>('/console/ask/provenance', { pipeline, board: board.name });
  useEffect(() => dialog.current!.showModal(), []);
  const { row, asOf } = chosen;
  const { label, value } = placesOf(board);
  const title = row === null || label < 0 ? board.name : cellText(row.cells[label], board.columns[label].kind);
  return (
    <dialog class="origin" ref={dialog} aria-label={`Where ${title} comes from`} onClose={close} onClick={(event) => onBackdrop(event)}>
      <div class="inside">
        <h2>{title}</h2>
        <button type="button" class="close" aria-label="Close" onClick={() => dialog.current!.close()}>
          ✕
        </button>
        <p class="soft facts">
          {board.name} · {pipeline} → {board.topic} · as of {clockText(asOf)}
        </p>
        {row !== null && value >= 0 && (
          <p class="figure">
            {cellText(row.cells[value], board.columns[value].kind)} <FinalMark final={row.final} />
            <small class="soft"> {row.final ? 'final' : 'not final'}</small>
          </p>
        )}
        {row !== null && <Cells board={board} row={row} />}
        {problem !== null && <p class="lost">{problem}</p>}
        {found !== null && <Parts found={found} board={board} row={row} />}
      </div>
    </dialog>
  );
}

/** The dialog itself is all that is around what is in it. */
function onBackdrop({ target, currentTarget }: MouseEvent): void {
  if (target === currentTarget) (currentTarget as HTMLDialogElement).close();
}

function Cells({ board, row }: { readonly board: BoardFacts; readonly row: BoardRow }): JSX.Element {
  return (
    <dl>
      {board.columns.map(({ name, kind }, i) => (
        <>
          <dt>{name}</dt>
          <dd>{cellText(row.cells[i], kind)}</dd>
        </>
      ))}
    </dl>
  );
}

interface PartsProps {
  readonly found: Provenance;
  readonly board: BoardFacts;
  readonly row: BoardRow | null;
}

const INPUT_COLUMNS = [
  { name: 'topic', kind: 'text' },
  { name: 'partition', kind: 'number' },
  { name: 'from', kind: 'number' },
  { name: 'to', kind: 'number' },
  { name: 'watermark', kind: 'timestamp' },
] as const satisfies readonly TableColumn[];

function Parts({ found, board, row }: PartsProps): JSX.Element {
  const made = madeBy(found.steps, board);
  return (
    <>
      <dl>
        <dt>Window</dt>
        <dd>
          {windowOf(board, row)}
          {found.window !== null && <span class="soft"> {found.window}</span>}
        </dd>
        <dt>Made by</dt>
        <dd>
          {made.map(({ name, says }) => (
            <div key={name}>
              <code>
                {name}: {says}
              </code>
            </div>
          ))}
          {made.length === 0 && 'the steps below'}
        </dd>
      </dl>
      <h3>Read from</h3>
      <Table
        name="Source partitions"
        columns={INPUT_COLUMNS}
        rows={found.inputs.map((input) => INPUT_COLUMNS.map(({ name }) => input[name]))}
      />
      <p class="soft">
        Offsets from the first that the topic still has up to, and not with, the next one to read, as committed at {clockText(found.asOf)}.
      </p>
      <h3>By these lines</h3>
      {found.steps.map((step) => (
        <Lines key={`${step.path} ${step.line} ${step.verb}`} step={step} columns={made.map(({ name }) => name)} />
      ))}
    </>
  );
}

/** Of the value, what says it first and what makes something else of it; where the board names none, of all columns. */
function madeBy(steps: readonly ProvenanceStep[], { value, columns }: BoardFacts): readonly ProvenanceStep['columns'][number][] {
  const wanted = value === null ? columns.map(({ name }) => name) : [value];
  return steps.flatMap((step) => step.columns.filter(({ name }) => wanted.includes(name)));
}

function windowOf(board: BoardFacts, row: BoardRow | null): string {
  const cell = (name: string): string | null => {
    const place = board.columns.findIndex((column) => column.name === name);
    return row === null || place < 0 ? null : cellText(row.cells[place], 'timestamp');
  };
  const [start, end] = [cell('window_start'), cell('window_end')];
  if (start !== null && end !== null) return `${start} – ${end}`;
  return board.columns.some(({ name }) => name === 'window_start') ? 'each row has its own' : 'none: all events so far';
}

function Lines({ step, columns }: { readonly step: ProvenanceStep; readonly columns: readonly string[] }): JSX.Element {
  const marked = new Set(step.columns.filter(({ name }) => columns.includes(name)).map(({ line }) => line));
  const indent = Math.min(...step.lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return (
    <figure class="quote">
      <figcaption class="soft">
        {step.path}:{step.line} · {step.verb}
      </figcaption>
      <pre>
        {step.lines.map((line, i) => (
          <span key={i} class={marked.has(step.line + i) ? 'line marked' : 'line'}>
            <span class="no">{step.line + i}</span>
            {line.slice(indent)}
            {'\n'}
          </span>
        ))}
      </pre>
    </figure>
  );
}
