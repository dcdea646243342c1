/**
 * A reset, step by step. Each step can be done again, so that a reset that was cut short anywhere is finished by another one:
 *
 * ```
 *   marker at the group ─▶ internal topics made anew ─▶ output taken away ─▶ new offsets at the group
 * ```
 * From the first commit to the last no worker starts: it finds the marker. Both are commits of a group without members, which fence every
 * worker of before: its epoch is void. With kept state there is only the last one.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BatchBuilder } from '../log/batch/batch-builder.js';
import { records } from '../log/batch/records.js';
import { LogError, type CommittedOffset, type IdleCommit, type Log, type OutputBatch } from '../log/log.js';
import { decodePosition, encodePosition, type TaskPosition } from '../task/position.js';
import { encodeMarker } from './marker.js';
import type { OutputReset, ResetPlan } from './plan-reset.js';

export type ResetStep = 'marked' | 'state' | 'output' | 'done';

/** Tombstones of one append. */
const TOMBSTONES_AT_A_TIME = 10_000;
const MAX_TRIES = 10;

/**
 * Does what was planned; `onStep` is told after each step. Rejects with LogError: `in_use` where a worker runs, `fenced` where one has
 * committed since it was planned; nothing is changed then.
 */
export async function performReset(log: Log, plan: ResetPlan, onStep: (step: ResetStep) => void = () => undefined): Promise<void> {
  if (plan.keepState) {
    await commit(log, plan, plan.committed, keptOffsets(plan));
    onStep('done');
    return;
  }
  const marked = markedOffsets(plan);
  await commit(log, plan, plan.committed, marked);
  onStep('marked');
  await log.deleteTopics(plan.internal.map(({ topic }) => topic));
  await log.ensureTopics(plan.internalSpecs);
  onStep('state');
  for (const output of plan.outputs) await takeAway(log, output);
  onStep('output');
  const sources = new Set(plan.sources.map(({ topic }) => topic));
  // What the group had in repartition topics went with them, on some brokers a moment later.
  const expected = marked.filter(({ topic }) => sources.has(topic));
  for (let tries = 1; ; tries++) {
    try {
      await commit(log, plan, expected, freshOffsets(plan));
      break;
    } catch (error) {
      // A worker that has just been started, and will find the marker and go, is not worth to give up for.
      if (!(error instanceof LogError) || error.code !== 'in_use' || tries >= MAX_TRIES) throw error;
      await delay(200 * tries);
    }
  }
  onStep('done');
}

function commit(log: Log, plan: ResetPlan, expected: readonly CommittedOffset[], offsets: IdleCommit['offsets']): Promise<unknown> {
  return log.commitIdle({ group: plan.group, transactionalId: `${plan.group}-reset`, expected, outputs: [], offsets });
}

type Offset = IdleCommit['offsets'][number];

function markedOffsets({ sources, committed, generation, outputs }: ResetPlan): Offset[] {
  return committed.map(({ topic, partition, offset }) => {
    const to = sources.find((each) => each.topic === topic && each.partition === partition)?.to ?? 0;
    return { topic, partition, offset: offset ?? to, metadata: encodeMarker({ generation, to, output: outputs.length > 0 }) };
  });
}

/** The beginning of a history: nothing has been heard of yet. */
function freshOffsets({ sources, internalSpecs, committed, generation }: ResetPlan): Offset[] {
  const metadata = encodePosition({ offsets: {}, times: [], watermark: -Infinity, generation });
  const inputs = new Set(committed.map(({ topic }) => topic));
  const repartitions = internalSpecs.filter(({ name }) => inputs.has(name));
  return [
    ...sources.map(({ topic, partition, to }) => ({ topic, partition, offset: to, metadata })),
    ...repartitions.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition, offset: 0, metadata })),
    ),
  ];
}

/** The same history at other offsets: watermarks stay, so windows that were closed are not opened again. */
function keptOffsets({ sources, committed, generation }: ResetPlan): Offset[] {
  return committed.flatMap(({ topic, partition, offset, metadata }) => {
    const to = sources.find((each) => each.topic === topic && each.partition === partition)?.to ?? offset;
    const position: TaskPosition = decodePosition(metadata) ?? { offsets: {}, times: [], watermark: -Infinity, generation };
    return to === null ? [] : [{ topic, partition, offset: to, metadata: encodePosition({ ...position, generation }) }];
  });
}

async function takeAway(log: Log, { topic, how, partitions }: OutputReset): Promise<void> {
  for (const { partition, low, high } of partitions) {
    if (how !== 'deleted') for await (const tombstones of tombstonesFor(log, topic, partition, low, high)) await log.append(tombstones);
    if (how !== 'tombstones') await log.deleteRecords(topic, partition, high);
  }
}

/** For each key whose last record in the range is a row. */
async function* tombstonesFor(log: Log, topic: string, partition: number, low: number, high: number): AsyncGenerator<OutputBatch[]> {
  const rows = new Set<string>();
  for await (const batch of log.read(topic, partition, low, high))
    for (const { key, value } of records(batch, low)) {
      if (key === null) continue;
      const id = Buffer.from(key).toString('latin1');
      if (value === null) rows.delete(id);
      else rows.add(id);
    }
  const builder = new BatchBuilder(topic, partition, 1_000_000);
  for (const id of rows) {
    const key = Buffer.from(id, 'latin1');
    builder.append(Date.now(), key, 0, key.length, null, 0, 0, null);
    if (builder.count >= TOMBSTONES_AT_A_TIME) yield builder.take();
  }
  if (builder.count > 0) yield builder.take();
}
