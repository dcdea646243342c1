/** Questions in SQL to the OLAP store of this run. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../ask.js';
import { clockText, count, span } from '../format.js';
import { cellOf } from '../json-table.js';
import { Problem } from '../problem.js';
import { SaveCsv, Table, type TableColumn } from '../table.js';

/** What `POST /sql` answers. */
interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  /** There are more rows. */
  readonly truncated: boolean;
  readonly ms: number;
}

const LIMIT = 1000;
/** What is asked first, of a store that nobody knows. */
const FIRST = 'SHOW ALL TABLES';
/** What was asked last, from one visit of the view to the next. */
let last = FIRST;

export function Sql(): JSX.Element {
  const [answered, setAnswered] = useState<{ readonly answer: SqlAnswer; readonly at: number } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const run = async (): Promise<void> => {
    setAsking(true);
    const at = Date.now();
    try {
      setAnswered({ answer: await ask<SqlAnswer>('/sql', {}, { body: { sql: last, limit: LIMIT } }), at });
      setProblem(null);
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setAsking(false);
    }
  };
  return (
    <section class="card" aria-labelledby="sql" aria-busy={isAsking}>
      <h2 id="sql">SQL</h2>
      <form
        class="question"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <label class="wide-field">
          Read only, of the tables that sinks with <code>table:</code> write; Ctrl and Enter ask
          <textarea
            rows={6}
            spellcheck={false}
            aria-label="Question"
            defaultValue={last}
            onInput={({ currentTarget }) => (last = currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run();
            }}
          />
        </label>
        <button type="submit" disabled={isAsking}>
          Ask
        </button>
      </form>
      <Problem says={problem} />
      {answered !== null && <Result {...answered} />}
    </section>
  );
}

function Result({ answer: { columns, rows, truncated, ms }, at }: { readonly answer: SqlAnswer; readonly at: number }): JSX.Element {
  const shown = columns.map(({ name, type }): TableColumn => ({ name, kind: /INT|DOUBLE|FLOAT|DECIMAL/.test(type) ? 'number' : 'text' }));
  const cells = rows.map((row) => row.map(cellOf));
  return (
    <>
      <p class="soft facts" role="status">
        {count(rows.length)} row{rows.length === 1 ? '' : 's'}
        {truncated && ', there are more'} · {span(ms)} · as of {clockText(at)} UTC · what was written to the store by then; tables may still
        change
      </p>
      {columns.length > 0 && <Table name="Rows of the answer" columns={shown} rows={cells} />}
      <p>
        <SaveCsv name="answer" columns={shown} rows={cells} />
      </p>
    </>
  );
}
