/** Rows of a store or a sink, as `rta query` finds them: of a key, of keys that begin alike, of a range, of windows. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAnswer } from '../ask.js';
import { Field, formText } from '../form.js';
import { tableOf } from '../json-table.js';
import { PipelineChoice, useChoice } from '../pipeline-choice.js';
import { Problem } from '../problem.js';
import { SaveCsv, Table, type TableColumn } from '../table.js';
import type { ViewProps } from '../views.js';

/** What `/query` lists. */
interface Contents {
  readonly pipelines: readonly PipelineContents[];
}

interface PipelineContents {
  readonly pipeline: string;
  readonly stores: readonly Named[];
  readonly sinks: readonly Named[];
}

interface Named {
  readonly name: string;
  readonly kind: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** Of stores. */
  readonly windowed?: boolean;
}

/** What `/query/PIPELINE/NAME` answers. */
interface Answer {
  readonly name: string;
  readonly from: 'store' | 'sink';
  readonly asOf: { readonly time: string; readonly watermark: string | null; readonly finalThrough: string | null };
  readonly final: boolean;
  readonly rows: readonly { readonly row: Readonly<Record<string, unknown>>; readonly final: boolean }[];
  readonly more: boolean;
}

export function Lookup({ state }: ViewProps): JSX.Element {
  const [pipeline, choose] = useChoice(state);
  const { answer, problem } = useAnswer<Contents>('/query');
  const contents = answer?.pipelines.find((each) => each.pipeline === pipeline);
  return (
    <>
      <PipelineChoice state={state} chosen={pipeline} choose={choose} />
      <Problem says={problem} />
      {contents !== undefined && <Question key={pipeline} contents={contents} />}
    </>
  );
}

interface Asked {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The same may be asked again. */
  readonly turn: number;
}

function Question({ contents: { pipeline, stores, sinks } }: { readonly contents: PipelineContents }): JSX.Element {
  const [name, setName] = useState([...stores, ...sinks].at(0)?.name ?? '');
  const [asked, setAsked] = useState<Asked | null>(null);
  const chosen = [...stores, ...sinks].find((each) => each.name === name);
  if (chosen === undefined) return <p class="empty">{pipeline} keeps nothing, and writes to no sink.</p>;
  const isWindowed = chosen.windowed ?? chosen.columns.includes('window_start');
  const ask = (event: SubmitEvent): void => {
    const parameters = formText(event);
    setAsked((before) => ({
      path: `/query/${encodeURIComponent(pipeline)}/${encodeURIComponent(name)}`,
      parameters,
      turn: (before?.turn ?? 0) + 1,
    }));
  };
  const keys = chosen.key.filter((column) => column !== 'window_start' && column !== 'window_end');
  return (
    <section class="card" aria-labelledby="lookup">
      <h2 id="lookup">State of {pipeline}</h2>
      <form class="question" onSubmit={ask}>
        <label>
          Store or sink
          <select value={name} onChange={({ currentTarget }) => setName(currentTarget.value)}>
            <optgroup label="Stores">{stores.map(optionOf)}</optgroup>
            <optgroup label="Sinks">{sinks.map(optionOf)}</optgroup>
          </select>
        </label>
        <Field name="key" label={keys.length === 0 ? 'Key' : `Key: ${keys.join(',')}`} />
        <Field name="prefix" label={`${keys[0] ?? 'Key'} begins with`} />
        <Field name="from" label={isWindowed ? 'Windows from' : 'Keys from'} hint={isWindowed ? TIME : ''} />
        <Field name="to" label={isWindowed ? 'Windows before' : 'Keys before'} hint={isWindowed ? TIME : ''} />
        {isWindowed && <Field name="window" label="Windows with this time" hint={TIME} />}
        <Field name="limit" label="At most" hint="1000" />
        <button type="submit">Look up</button>
      </form>
      {asked !== null && <Rows asked={asked} />}
    </section>
  );
}

const TIME = '2026-01-31T12:00:00Z';

function optionOf({ name, kind }: Named): JSX.Element {
  return (
    <option key={name} value={name}>
      {name} ({kind})
    </option>
  );
}

function Rows({ asked: { path, parameters, turn } }: { readonly asked: Asked }): JSX.Element {
  const { answer, problem, isAsking } = useAnswer<Answer>(path, parameters, turn);
  if (answer === null) return problem === null ? <p class="soft">asking</p> : <Problem says={problem} />;
  const table = tableOf(answer.rows.map(({ row }) => row));
  const columns: readonly TableColumn[] = [...table.columns, { name: 'final', kind: 'flag' }];
  const rows = table.rows.map((cells, i) => [...cells, answer.rows[i].final]);
  const { time, watermark, finalThrough } = answer.asOf;
  return (
    <div aria-busy={isAsking}>
      <p class="soft facts" role="status">
        {answer.rows.length} row{answer.rows.length === 1 ? '' : 's'}
        {answer.more && ', there are more: name a key, a range, or a greater limit'} · as of {time} · watermark {watermark ?? 'not known'} ·{' '}
        {finality(answer)}
        {finalThrough !== null && ` · windows that end by ${finalThrough} are final`}
      </p>
      {answer.rows.length > 0 && (
        <>
          <Table name={`Rows of ${answer.name}`} columns={columns} rows={rows} />
          <p>
            <SaveCsv name={answer.name} columns={columns} rows={rows} />
          </p>
        </>
      )}
    </div>
  );
}

function finality({ from, final, rows }: Answer): string {
  if (rows.length === 0) return 'nothing there';
  if (final) return 'final';
  if (from === 'store') return 'not final: what is kept is still open';
  const settled = rows.filter((row) => row.final).length;
  return settled === 0 ? 'not final' : `${settled} of ${rows.length} rows final`;
}
