import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAnswer } from '../ask.js';
import { Problem } from '../problem.js';
import { Table } from '../table.js';

/** What `/schemas/PIPELINE/SUBJECT` answers. */
interface DiffAnswer {
  readonly subject: string;
  readonly asOf: string;
  readonly level: string;
  readonly from: Version;
  readonly to: Version;
  readonly changes: readonly { readonly path: string; readonly kind: string; readonly what: string }[];
  readonly backward: Direction;
  readonly forward: Direction;
  /** Under the level. */
  readonly verdict: { readonly compatible: boolean; readonly messages: readonly string[] };
}

interface Version {
  readonly version: number;
  readonly id: number;
  readonly schema: unknown;
}

interface Direction {
  readonly compatible: boolean;
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

interface DifferenceProps {
  readonly pipeline: string;
  readonly subject: string;
  /** Ascending. */
  readonly versions: readonly number[];
}

export function Difference({ pipeline, subject, versions }: DifferenceProps): JSX.Element {
  const [from, setFrom] = useState(String(versions.at(-2) ?? versions.at(-1)));
  const [to, setTo] = useState(String(versions.at(-1)));
  const { answer, problem } = useAnswer<DiffAnswer>(`/schemas/${encodeURIComponent(pipeline)}/${encodeURIComponent(subject)}`, { from, to });
  return (
    <section class="card" aria-labelledby="difference">
      <h2 id="difference">Versions of {subject}</h2>
      <p class="question">
        <VersionChoice label="From version" versions={versions} chosen={from} choose={setFrom} />
        <VersionChoice label="To version" versions={versions} chosen={to} choose={setTo} />
      </p>
      <Problem says={problem} />
      {answer !== null && <Compared answer={answer} />}
    </section>
  );
}

interface VersionChoiceProps {
  readonly label: string;
  readonly versions: readonly number[];
  readonly chosen: string;
  readonly choose: (version: string) => void;
}

function VersionChoice({ label, versions, chosen, choose }: VersionChoiceProps): JSX.Element {
  return (
    <label>
      {label}
      <select value={chosen} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {versions.map((version) => (
          <option key={version} value={String(version)}>
            {version}
          </option>
        ))}
      </select>
    </label>
  );
}

function Compared({ answer: { asOf, level, from, to, changes, backward, forward, verdict } }: { readonly answer: DiffAnswer }): JSX.Element {
  return (
    <>
      <p class="facts" role="status">
        {from.version === to.version ? 'one version' : `${from.version} → ${to.version}: ${verdict.compatible ? 'allowed' : 'forbidden'} under ${level}`} · as of {asOf}
      </p>
      {verdict.messages.map((message) => (
        <p key={message} class="problem">
          {message}
        </p>
      ))}
      {changes.length === 0 ? (
        <p class="empty">No difference.</p>
      ) : (
        <Table
          name={`Changes from ${from.version} to ${to.version}`}
          columns={(['change', 'field', 'what'] as const).map((name) => ({ name, kind: 'text' }))}
          rows={changes.map(({ kind, path, what }) => [kind, path === '' ? '(schema)' : path, what])}
        />
      )}
      <dl>
        <dt>BACKWARD</dt>
        <dd>{sentenceOf(backward, 'the new one reads data of the old one', 'the new one cannot read data of the old one')}</dd>
        <dt>FORWARD</dt>
        <dd>{sentenceOf(forward, 'the old one reads data of the new one', 'the old one cannot read data of the new one')}</dd>
      </dl>
      <pre class="scroll" tabIndex={0} aria-label={`Schema of version ${to.version}, id ${to.id}`}>
        {JSON.stringify(to.schema, null, 2)}
      </pre>
    </>
  );
}

function sentenceOf({ compatible, problems }: Direction, yes: string, no: string): string {
  return compatible ? yes : `${no}: ${problems.map(({ message }) => message).join('; ')}`;
}
