import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAnswer } from '../ask.js';
import { valueText } from '../decoded.js';
import { Field, formText } from '../form.js';
import { count } from '../format.js';
import { Problem } from '../problem.js';
import { SaveCsv, Table, type TableColumn } from '../table.js';
import type { RecordsAnswer, TopicFacts } from './answers.js';

const COLUMNS: readonly TableColumn[] = [
  { name: 'partition', kind: 'number' },
  { name: 'offset', kind: 'number' },
  { name: 'time', kind: 'text' },
  { name: 'key', kind: 'text' },
  { name: 'value', kind: 'text' },
  { name: 'headers', kind: 'text' },
  { name: 'bytes', kind: 'number' },
];

/** The newest first, or from an offset or a time on. */
export function Records({
  pipeline,
  topic: { topic, partitions },
}: {
  readonly pipeline: string;
  readonly topic: TopicFacts;
}): JSX.Element {
  const [asked, setAsked] = useState<{ readonly parameters: Readonly<Record<string, string>>; readonly turn: number }>({
    parameters: {},
    turn: 0,
  });
  const path = `/topics/${encodeURIComponent(pipeline)}/${encodeURIComponent(topic)}`;
  const { answer, problem, isAsking } = useAnswer<RecordsAnswer>(path, asked.parameters, asked.turn);
  const isNewest = (asked.parameters['offset'] ?? '') === '' && (asked.parameters['since'] ?? '') === '';
  const rows = (answer?.records ?? []).map(({ partition, offset, time, key, value, headers, bytes }) => [
    partition,
    offset,
    time,
    valueText(key),
    value === null ? 'tombstone' : valueText(value),
    headers
      .map(({ key: name, format, value: text }) => `${name}: ${format === undefined ? 'null' : valueText({ format, value: text })}`)
      .join(', '),
    bytes,
  ]);
  return (
    <section class="card" aria-labelledby="records" aria-busy={isAsking}>
      <h2 id="records">Records of {topic}</h2>
      <form class="question" onSubmit={(event) => setAsked({ parameters: formText(event), turn: asked.turn + 1 })}>
        <label>
          Partition
          <select name="partition">
            <option value="">all</option>
            {partitions.map(({ partition }) => (
              <option key={partition} value={partition}>
                {partition}
              </option>
            ))}
          </select>
        </label>
        <Field name="offset" label="From offset" />
        <Field name="since" label="From time" hint="2026-01-31T12:00:00Z" />
        <Field name="limit" label="At most" hint="50" />
        <button type="submit">Read</button>
      </form>
      <Problem says={problem} />
      {answer !== null && (
        <p class="soft facts" role="status">
          {count(rows.length)} record{rows.length === 1 ? '' : 's'}, {isNewest ? 'the newest first' : 'the oldest first'} · as of{' '}
          {answer.asOf} · {answer.complete ? 'committed' : 'committed; there was no time for more'}
        </p>
      )}
      {rows.length > 0 && <Table name={`Records of ${topic}`} columns={COLUMNS} rows={rows} />}
      <div class="actions">
        <SaveCsv name={`records of ${topic}`} columns={COLUMNS} rows={rows} />
      </div>
    </section>
  );
}
