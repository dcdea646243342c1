/** What pipelines do, in base units (seconds, bytes, records); labels are pipelines, their steps and partitions, never values of records. */
import type { Plan } from '@rta/dsl';
import type { StepSnapshot, WorkerSnapshot } from '@rta/runtime';
import type { Family, Labels, MetricSpec, Sample } from './exposition.js';

interface Measured {
  readonly plan: Plan;
  readonly snapshot: WorkerSnapshot;
}

/** One value, or one per labels, of one pipeline. */
type Read = (measured: Measured) => Sample['value'] | readonly Sample[];

/** Labels are those beside `pipeline`, which each has. */
const METRICS: readonly (readonly [name: string, type: MetricSpec['type'], labels: readonly string[], help: string, read: Read])[] = [
  ['rta_pipeline_running', 'gauge', [], 'Whether the pipeline is at work: joined and restored (1) or not (0).', (m) => Number(m.snapshot.status === 'running')],
  ['rta_tasks', 'gauge', [], 'Tasks that this process has at work.', (m) => m.snapshot.tasks],
  ['rta_source_records_total', 'counter', [], 'Records read from sources, again after a failure included.', (m) => m.snapshot.recordsIn],
  ['rta_sink_records_total', 'counter', ['sink', 'topic'], 'Records written to sinks.', (m) => bySink(m)],
  ['rta_step_records_in_total', 'counter', ['step'], 'Rows that came to a step.', (m) => byStep(m, (step) => step.in)],
  ['rta_step_records_out_total', 'counter', ['step'], 'Rows that a step handed on.', (m) => byStep(m, (step) => step.out)],
  ['rta_late_records_total', 'counter', [], 'Records that were late.', (m) => m.snapshot.late],
  ['rta_step_late_records_total', 'counter', ['step'], 'Records that were late for a step.', (m) => byStep(m, (step) => step.late)],
  ['rta_rejected_records_total', 'counter', ['reason'], 'Records that could not be processed, by reason: dead letters where the pipeline has a topic for them.', (m) => byReason(m)],
  ['rta_lag_records', 'gauge', ['topic', 'partition'], 'Records of a source partition that are not read yet.', (m) => byInput(m, ({ lag }) => lag)],
  ['rta_watermark_delay_seconds', 'gauge', [], 'Wall clock minus the least watermark of the tasks.', (m) => seconds(m.snapshot.watermarkDelayMs)],
  ['rta_step_watermark_delay_seconds', 'gauge', ['step'], 'Wall clock minus the least watermark of the tasks that end a step.', (m) => byStep(m, (step) => seconds(step.watermarkDelayMs))],
  ['rta_source_watermark_timestamp_seconds', 'gauge', ['topic', 'partition'], 'Watermark of a source partition, seconds since the epoch.', (m) => byInput(m, ({ watermark }) => seconds(watermark))],
  ['rta_end_to_end_latency_seconds', 'histogram', [], 'From the event time of the newest record that a task gives a sink in a commit to that commit.', (m) => m.snapshot.endToEnd],
  ['rta_commit_duration_seconds', 'histogram', [], 'From the snapshot of what changed until the transaction is certain.', (m) => m.snapshot.commitTime],
  ['rta_last_commit_timestamp_seconds', 'gauge', [], 'When the last commit became certain, seconds since the epoch.', (m) => seconds(m.snapshot.lastCommitAt)],
  ['rta_state_bytes', 'gauge', ['step'], 'Bytes of state in memory, by step, about.', (m) => byStep(m, (step) => (step.stateEntries > 0 ? step.stateBytes : null))],
  ['rta_state_entries', 'gauge', ['step'], 'Entries of state in memory, by step.', (m) => byStep(m, (step) => (step.stateEntries > 0 ? step.stateEntries : null))],
  ['rta_restored_records_total', 'counter', [], 'Changelog records replayed by restores.', (m) => m.snapshot.replayed],
  ['rta_standby_lag_records', 'gauge', ['task'], 'Changelog records that a copy of the state of another worker lacks.', (m) => byStandby(m)],
  ['rta_rejoins', 'gauge', [], 'Times in a row that the workers had to join again without a commit in between.', (m) => m.snapshot.rejoins],
]; // prettier-ignore

export const PIPELINE_METRICS: readonly MetricSpec[] = METRICS.map(([name, type, labels, help]) => ({
  name,
  type,
  labels: ['pipeline', ...labels],
  help,
}));

export function pipelineMetrics(pipelines: readonly Measured[]): Family[] {
  return METRICS.map(([name, type, , help, read]) => ({
    name,
    type,
    help,
    samples: pipelines.flatMap((measured): readonly Sample[] => {
      const found = read(measured);
      const { pipeline } = measured.plan;
      const samples = isSamples(found) ? found : [{ labels: {}, value: found }];
      return samples.map(({ labels, value }) => ({ labels: { pipeline, ...labels }, value }));
    }),
  }));
}

function isSamples(found: ReturnType<Read>): found is readonly Sample[] {
  return Array.isArray(found);
}

function bySink({ plan, snapshot }: Measured): readonly Sample[] {
  return plan.sinks.map(({ id, name, topic }) => {
    const step = snapshot.steps.find((each) => each.id === id);
    return { labels: { sink: name, topic }, value: step?.out ?? null };
  });
}

function byStep({ plan, snapshot }: Measured, read: (step: StepSnapshot) => number | null): readonly Sample[] {
  const sinks = new Set(plan.sinks.map(({ id }) => id));
  return snapshot.steps.filter(({ id }) => !sinks.has(id)).map((step) => ({ labels: { step: step.id }, value: read(step) }));
}

function byReason({ snapshot: { rejectedBy } }: Measured): readonly Sample[] {
  return Object.entries(rejectedBy).map(([reason, value]) => ({ labels: { reason }, value }));
}

type Input = WorkerSnapshot['inputs'][number];

/** Streams of one pipeline may read a partition each for itself: the slowest counts. */
function byInput({ snapshot: { inputs } }: Measured, read: (input: Input) => number | null): readonly Sample[] {
  const slowest = new Map<string, Input>();
  for (const input of inputs) {
    const key = `${input.topic}-${input.partition}`;
    const other = slowest.get(key);
    if (other === undefined || input.lag > other.lag) slowest.set(key, input);
  }
  return [...slowest.values()].map((input) => ({
    labels: { topic: input.topic, partition: input.partition } satisfies Labels,
    value: read(input),
  }));
}

function byStandby({ snapshot: { standbys } }: Measured): readonly Sample[] {
  return standbys.map(({ task, lag }) => ({ labels: { task }, value: lag }));
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
