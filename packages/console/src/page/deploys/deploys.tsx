/** What is deployed on the log of this run, and how it came about. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAnswer } from '../ask.js';
import { clockText } from '../format.js';
import { Problem } from '../problem.js';
import { SaveCsv, Table, type TableColumn } from '../table.js';
import type { ViewProps } from '../views.js';

/** What `/deployments` answers. */
interface DeploymentsAnswer {
  readonly asOf: string;
  readonly pipelines: readonly Deployed[];
}

interface Deployed {
  readonly pipeline: string;
  readonly state: string;
  readonly version: number;
  readonly rebuild: { readonly version: number; readonly phase: string } | null;
  readonly since: string;
  readonly by: string;
  readonly workers: number;
  readonly versions: readonly Version[];
}

interface Version {
  readonly version: number;
  readonly state: string;
  readonly deployedAt: string;
  readonly by: string;
  readonly summary: string;
}

const COLUMNS: readonly TableColumn[] = [
  { name: 'pipeline', kind: 'text' },
  { name: 'version', kind: 'number' },
  { name: 'state', kind: 'text' },
  { name: 'rebuild', kind: 'text' },
  { name: 'workers', kind: 'number' },
  { name: 'since', kind: 'timestamp' },
  { name: 'by', kind: 'text' },
];

const VERSION_COLUMNS: readonly TableColumn[] = [
  { name: 'version', kind: 'number' },
  { name: 'state', kind: 'text' },
  { name: 'deployed', kind: 'timestamp' },
  { name: 'by', kind: 'text' },
  { name: 'what', kind: 'text' },
];

export function Deploys({ state }: ViewProps): JSX.Element {
  const [turn, setTurn] = useState(0);
  const { answer, problem } = useAnswer<DeploymentsAnswer>('/deployments', {}, turn);
  if (answer === null) return problem === null ? <p class="soft">asking</p> : <Problem says={problem} />;
  const rows = answer.pipelines.map(({ pipeline, version, state: now, rebuild, workers, since, by }) => [
    pipeline,
    version,
    now,
    rebuild === null ? null : `version ${rebuild.version}: ${rebuild.phase}`,
    workers,
    Date.parse(since),
    by,
  ]);
  return (
    <>
      <section class="card" aria-labelledby="deployed">
        <h2 id="deployed">Deployed on {state.on}</h2>
        <p class="soft facts" role="status">
          as of {clockText(Date.parse(answer.asOf))} UTC
        </p>
        {rows.length === 0 ? (
          <p class="empty">
            Nothing is deployed there: what runs here was started from its files. <code>rta deploy</code> deploys a project, and{' '}
            <code>rta worker</code> runs it.
          </p>
        ) : (
          <Table name="Deployed pipelines" columns={COLUMNS} rows={rows} />
        )}
        <div class="actions">
          <button type="button" aria-label="Read the record of deployments again" onClick={() => setTurn(turn + 1)}>
            Again
          </button>
          <SaveCsv name="deployed pipelines" columns={COLUMNS} rows={rows} />
        </div>
      </section>
      {answer.pipelines.map((deployed) => (
        <History key={deployed.pipeline} deployed={deployed} />
      ))}
    </>
  );
}

function History({ deployed: { pipeline, versions } }: { readonly deployed: Deployed }): JSX.Element {
  const heading = `history of ${pipeline}`;
  const rows = versions.map(({ version, state, deployedAt, by, summary }) => [version, state, Date.parse(deployedAt), by, summary]);
  return (
    <section class="card" aria-labelledby={heading}>
      <h2 id={heading}>Versions of {pipeline}</h2>
      <p class="soft facts">{rows.length} kept, the newest first</p>
      <Table name={`Versions of ${pipeline}`} columns={VERSION_COLUMNS} rows={rows} />
      <div class="actions">
        <SaveCsv name={`versions of ${pipeline}`} columns={VERSION_COLUMNS} rows={rows} />
      </div>
    </section>
  );
}
