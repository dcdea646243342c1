/** The topics of a pipeline, their partitions, and records of one of them. */
import type { JSX } from 'preact';
import { useAnswer } from '../ask.js';
import { count } from '../format.js';
import { PipelineChoice, useChoice } from '../pipeline-choice.js';
import { Problem } from '../problem.js';
import { SaveCsv, Table, type TableColumn } from '../table.js';
import type { ViewProps } from '../views.js';
import { Records } from './records.js';
import type { TopicFacts, TopicsAnswer } from './answers.js';

/** How often offsets are asked for, ms. */
const LOOK_MS = 5_000;

/** The topic that is open stands in the address: `#topics/user-score`. */
export function Topics({ state, path }: ViewProps): JSX.Element {
  const [pipeline, choose] = useChoice(state);
  const { answer, problem } = useAnswer<TopicsAnswer>(
    `/topics/${encodeURIComponent(pipeline)}`,
    {},
    Math.floor((state.figures?.asOf ?? 0) / LOOK_MS),
  );
  const open = answer?.topics.find(({ topic }) => topic === path);
  return (
    <>
      <PipelineChoice state={state} chosen={pipeline} choose={choose} />
      <Problem says={problem} />
      {answer !== null && <TopicTable answer={answer} open={open?.topic ?? null} />}
      {open?.exists === true && (
        <>
          <Partitions topic={open} />
          <Records key={`${pipeline} ${open.topic}`} pipeline={pipeline} topic={open} />
        </>
      )}
    </>
  );
}

const COLUMNS: readonly TableColumn[] = [
  { name: 'topic', kind: 'text' },
  { name: 'is', kind: 'text' },
  { name: 'partitions', kind: 'number' },
  { name: 'offsets', kind: 'number' },
  { name: 'settings', kind: 'text' },
];

function TopicTable({
  answer: { pipeline, asOf, topics },
  open,
}: {
  readonly answer: TopicsAnswer;
  readonly open: string | null;
}): JSX.Element {
  const rows = topics.map(({ topic, roles, exists, partitions, offsets, config }) => [
    topic,
    exists ? roles.join(', ') : `${roles.join(', ')}; not there yet`,
    partitions.length,
    offsets,
    ['cleanup.policy', 'retention.ms', 'retention.bytes'].flatMap((name) => (name in config ? [`${name}=${config[name]}`] : [])).join(', '),
  ]);
  return (
    <section class="card" aria-labelledby="topics">
      <h2 id="topics">Topics of {pipeline}</h2>
      <p class="soft facts">as of {asOf} · offsets that are kept: there may be fewer records</p>
      <Table
        name={`Topics of ${pipeline}`}
        columns={COLUMNS}
        rows={rows}
        rowClass={(row) => (topics[row].topic === open ? 'chosen' : undefined)}
        content={(row, column) =>
          column === 0 ? (
            <a href={`#topics/${encodeURIComponent(topics[row].topic)}`} aria-current={topics[row].topic === open ? 'true' : undefined}>
              {topics[row].topic}
            </a>
          ) : undefined
        }
      />
      <div class="actions">
        <SaveCsv name={`topics of ${pipeline}`} columns={COLUMNS} rows={rows} />
      </div>
    </section>
  );
}

const PARTITION_COLUMNS: readonly TableColumn[] = [
  { name: 'partition', kind: 'number' },
  { name: 'first', kind: 'number' },
  { name: 'end', kind: 'number' },
  { name: 'in open transactions', kind: 'number' },
];

function Partitions({ topic: { topic, partitions, offsets } }: { readonly topic: TopicFacts }): JSX.Element {
  return (
    <section class="card" aria-labelledby="partitions">
      <h2 id="partitions">Partitions of {topic}</h2>
      <p class="soft facts">{count(offsets)} offsets</p>
      <Table
        name={`Partitions of ${topic}`}
        columns={PARTITION_COLUMNS}
        rows={partitions.map(({ partition, low, stable, high }) => [partition, low, stable, high - stable])}
      />
    </section>
  );
}
