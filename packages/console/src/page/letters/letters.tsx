/** Late records and dead letters of a pipeline: how many and why, each in full, and back to where it came from. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAnswer } from '../ask.js';
import { valueText } from '../decoded.js';
import { count } from '../format.js';
import { PipelineChoice, useChoice } from '../pipeline-choice.js';
import { Problem } from '../problem.js';
import { SaveCsv, Table, type TableColumn } from '../table.js';
import type { ViewProps } from '../views.js';
import { placeOf, type LettersAnswer, type Letter, type LetterCount } from './answers.js';
import { Replay } from './replay.js';
import { LetterText } from './letter-text.js';

export function Letters({ state }: ViewProps): JSX.Element {
  const [pipeline, choose] = useChoice(state);
  return (
    <>
      <PipelineChoice state={state} chosen={pipeline} choose={choose} />
      <LettersOf key={pipeline} pipeline={pipeline} />
    </>
  );
}

/** Null: all of them. */
interface Wanted {
  readonly reason: string;
  readonly step: string;
}

function LettersOf({ pipeline }: { readonly pipeline: string }): JSX.Element {
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [turn, setTurn] = useState(0);
  const path = `/letters/${encodeURIComponent(pipeline)}`;
  const { answer, problem } = useAnswer<LettersAnswer>(path, { ...wanted }, turn);
  if (answer === null) return problem === null ? <p class="soft">asking</p> : <Problem says={problem} />;
  const again = (): void => setTurn(turn + 1);
  return (
    <>
      <Counts answer={answer} wanted={wanted} choose={setWanted} again={again} />
      {answer.letters.length > 0 && <List key={JSON.stringify(wanted)} answer={answer} again={again} />}
    </>
  );
}

const COUNT_COLUMNS: readonly TableColumn[] = [
  { name: 'reason', kind: 'text' },
  { name: 'step', kind: 'text' },
  { name: 'from', kind: 'text' },
  { name: 'in', kind: 'text' },
  { name: 'records', kind: 'number' },
  { name: 'replayed', kind: 'number' },
  { name: 'first', kind: 'text' },
  { name: 'last', kind: 'text' },
  { name: 'the last one', kind: 'text' },
];

interface CountsProps {
  readonly answer: LettersAnswer;
  readonly wanted: Wanted | null;
  readonly choose: (wanted: Wanted | null) => void;
  readonly again: () => void;
}

function Counts({ answer: { pipeline, asOf, complete, topics, counts }, wanted, choose, again }: CountsProps): JSX.Element {
  const rows = counts.map((each) => [
    each.reason,
    each.step,
    each.source,
    each.topic,
    each.count,
    each.replayed,
    each.first,
    each.last,
    each.message,
  ]);
  const isWanted = ({ reason, step }: LetterCount): boolean => wanted?.reason === reason && wanted.step === step;
  return (
    <section class="card" aria-labelledby="letter-counts">
      <h2 id="letter-counts">Late and refused records of {pipeline}</h2>
      <p class="soft facts" role="status">
        {topics.length === 0 ? 'its file names no topic for them: they are counted only, or stop it' : `in ${topics.join(', ')}`} · as of{' '}
        {asOf} · {complete ? 'all that are kept; more may come' : 'of the newest only: there was no time for all'}
      </p>
      {counts.length === 0 ? (
        <p class="empty">None.</p>
      ) : (
        <Table
          name={`Reasons of ${pipeline}`}
          columns={COUNT_COLUMNS}
          rows={rows}
          content={(row, column) =>
            column !== 0 ? undefined : (
              <button
                type="button"
                aria-pressed={isWanted(counts[row])}
                aria-label={`Only ${counts[row].reason} of ${counts[row].step}`}
                onClick={() => choose(isWanted(counts[row]) ? null : { reason: counts[row].reason, step: counts[row].step })}
              >
                {counts[row].reason}
              </button>
            )
          }
        />
      )}
      <div class="actions">
        <button type="button" aria-label="Read late and refused records again" onClick={again}>
          Again
        </button>
        <SaveCsv name={`reasons of ${pipeline}`} columns={COUNT_COLUMNS} rows={rows} />
      </div>
    </section>
  );
}

const COLUMNS: readonly TableColumn[] = [
  { name: 'letter', kind: 'text' },
  { name: 'replay', kind: 'flag' },
  { name: 'reason', kind: 'text' },
  { name: 'written', kind: 'text' },
  { name: 'stood at', kind: 'text' },
  { name: 'key', kind: 'text' },
  { name: 'value', kind: 'text' },
  { name: 'says', kind: 'text' },
  { name: 'replayed', kind: 'flag' },
];

function List({ answer: { pipeline, letters }, again }: { readonly answer: LettersAnswer; readonly again: () => void }): JSX.Element {
  const [shown, setShown] = useState<string | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const open = letters.find((each) => placeOf(each) === shown);
  const rows = letters.map((each) => [
    placeOf(each),
    chosen.has(placeOf(each)),
    each.reason,
    each.at,
    `${each.source.topic} ${each.source.partition}@${each.source.offset}`,
    valueText(each.key),
    valueText(each.value),
    each.message,
    each.replayed,
  ]);
  const isReplayable = ({ replayed }: Letter): boolean => !replayed;
  const toggle = (place: string): void => {
    const next = new Set(chosen);
    if (!next.delete(place)) next.add(place);
    setChosen(next);
  };
  return (
    <>
      <section class="card" aria-labelledby="letter-list">
        <h2 id="letter-list">The newest {count(letters.length)}</h2>
        <p class="soft facts">
          <button type="button" onClick={() => setChosen(new Set(chosen.size > 0 ? [] : letters.filter(isReplayable).map(placeOf)))}>
            {chosen.size > 0 ? 'Choose none' : 'Choose all for a replay'}
          </button>
        </p>
        <Table
          name={`Records of ${pipeline}`}
          columns={COLUMNS}
          rows={rows}
          content={(row, column) => {
            const place = placeOf(letters[row]);
            if (column === 0)
              return (
                <button type="button" aria-expanded={place === shown} onClick={() => setShown(place === shown ? null : place)}>
                  {place}
                </button>
              );
            if (column !== 1) return undefined;
            return (
              <input
                type="checkbox"
                aria-label={`Replay ${place}`}
                checked={chosen.has(place)}
                disabled={letters[row].replayed}
                onChange={() => toggle(place)}
              />
            );
          }}
        />
        <div class="actions">
          <SaveCsv name={`records of ${pipeline}`} columns={COLUMNS} rows={rows} />
        </div>
      </section>
      {open !== undefined && <LetterText letter={open} />}
      {chosen.size > 0 && (
        <Replay
          key={[...chosen].join()}
          pipeline={pipeline}
          letters={letters.filter((each) => chosen.has(placeOf(each)))}
          replayed={again}
        />
      )}
    </>
  );
}
