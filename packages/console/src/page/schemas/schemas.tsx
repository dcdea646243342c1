/** The subjects of a pipeline, what a deploy would say of them, and what differs between two versions. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAnswer } from '../ask.js';
import { PipelineChoice, useChoice } from '../pipeline-choice.js';
import { Problem } from '../problem.js';
import { SaveCsv, Table, type TableColumn } from '../table.js';
import type { ViewProps } from '../views.js';
import { Difference } from './difference.js';

/** What `/schemas/PIPELINE` answers. */
interface SchemasAnswer {
  readonly pipeline: string;
  readonly asOf: string;
  readonly registry: string;
  readonly subjects: readonly Subject[];
}

interface Subject {
  readonly subject: string;
  readonly role: 'sink' | 'source';
  readonly level: string;
  readonly versions: readonly number[];
  readonly decision: string;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

const COLUMNS: readonly TableColumn[] = [
  { name: 'subject', kind: 'text' },
  { name: 'is', kind: 'text' },
  { name: 'level', kind: 'text' },
  { name: 'versions', kind: 'text' },
  { name: 'verdict', kind: 'text' },
  { name: 'because', kind: 'text' },
];

const VERDICTS: Readonly<Record<string, string>> = {
  create: 'would be its first version',
  unchanged: 'registered',
  update: 'may follow the latest version',
  readable: 'can be read',
  unknown: 'nothing is registered yet',
  incompatible: 'incompatible',
};

export function Schemas({ state }: ViewProps): JSX.Element {
  const [pipeline, choose] = useChoice(state);
  const [turn, setTurn] = useState(0);
  const { answer, problem } = useAnswer<SchemasAnswer>(`/schemas/${encodeURIComponent(pipeline)}`, {}, turn);
  return (
    <>
      <PipelineChoice state={state} chosen={pipeline} choose={choose} />
      <Problem says={problem} />
      {answer !== null && <Subjects key={pipeline} answer={answer} again={() => setTurn(turn + 1)} />}
    </>
  );
}

function Subjects({ answer: { pipeline, asOf, registry, subjects }, again }: { readonly answer: SchemasAnswer; readonly again: () => void }): JSX.Element {
  const [chosen, setChosen] = useState<string | null>(null);
  const rows = subjects.map(({ subject, role, level, versions, decision, reasons, warnings }) => [
    subject,
    role,
    level,
    versions.join(', '),
    VERDICTS[decision] ?? decision,
    [...reasons, ...warnings].join('; '),
  ]);
  const open = subjects.find(({ subject, versions }) => subject === chosen && versions.length > 0);
  return (
    <>
      <section class="card" aria-labelledby="schemas">
        <h2 id="schemas">Schemas of {pipeline}</h2>
        <p class="soft facts" role="status">
          registry at {registry} · as of {asOf} · the verdict is of the schemas that the pipeline runs with
        </p>
        {subjects.length === 0 ? (
          <p class="empty">It reads and writes no Avro.</p>
        ) : (
          <Table
            name={`Schemas of ${pipeline}`}
            columns={COLUMNS}
            rows={rows}
            rowClass={(row) => (subjects[row].decision === 'incompatible' ? 'holds' : undefined)}
            content={(row, column) =>
              column !== 0 || subjects[row].versions.length === 0 ? undefined : (
                <button
                  type="button"
                  aria-expanded={subjects[row].subject === chosen}
                  onClick={() => setChosen(subjects[row].subject === chosen ? null : subjects[row].subject)}
                >
                  {subjects[row].subject}
                </button>
              )
            }
          />
        )}
        <div class="actions">
          <button type="button" aria-label="Ask the registry again" onClick={again}>
            Again
          </button>
          <SaveCsv name={`schemas of ${pipeline}`} columns={COLUMNS} rows={rows} />
        </div>
      </section>
      {open !== undefined && <Difference key={open.subject} pipeline={pipeline} subject={open.subject} versions={open.versions} />}
    </>
  );
}
