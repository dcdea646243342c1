/** How far a pipeline has come in its inputs, from what it committed: nothing has to run. */
import { LogError, type Log, type PartitionOffsets } from '../log/log.js';
import type { PhysicalPlan, Stage } from '../plan/physical.js';
import { decodePosition } from '../task/position.js';

/** One partition of an input of a stage. */
export interface InputLag {
  readonly stage: number;
  readonly topic: string;
  /** `table`: a source of versions, which nobody waits for once it is read to its end. */
  readonly kind: 'source' | 'table' | 'repartition';
  readonly partition: number;
  /** First offset kept. */
  readonly low: number;
  /** Next offset to read; null where nothing was committed yet. */
  readonly committed: number | null;
  /** Last stable offset. */
  readonly end: number;
  /** Offsets between them: transaction markers, and what compaction has left out, count too. */
  readonly lag: number;
  /** Of a source: the greatest event time read, ms; null: none yet, or not known. */
  readonly maxEventTime: number | null;
  /** Up to where this input lets the task's windows close, ms; null: not at all yet. */
  readonly watermark: number | null;
  /** Of a repartition: the partition of the stage before that holds `watermark`; null where it is not known. */
  readonly heldBy: number | null;
}

export interface PipelineLag {
  readonly pipeline: string;
  readonly group: string;
  readonly inputs: readonly InputLag[];
  /** Over all source partitions. */
  readonly lag: number;
  /** The least watermark of the source partitions that have one; null: none has. */
  readonly watermark: number | null;
  /** The source partition whose it is; null where all stand at the same time, or nowhere. */
  readonly holder: { readonly topic: string; readonly partition: number } | null;
  /** Input topics that do not exist: the pipeline has not run here. */
  readonly missing: readonly string[];
}

/** Rejects with LogError. */
export async function pipelineLag(log: Log, plan: PhysicalPlan): Promise<PipelineLag> {
  const inputs: InputLag[] = [];
  const missing = new Set<string>();
  for (const stage of plan.stages)
    for (const index of stage.inputs.keys()) {
      const found = await inputLags(log, plan.applicationId, stage, index);
      if (found === null) missing.add(stage.inputs[index].topic);
      else inputs.push(...found);
    }
  const sources = inputs.filter(({ kind }) => kind !== 'repartition');
  const waited = sources.filter(({ kind, lag }) => kind === 'source' || lag > 0);
  const times = waited.flatMap(({ watermark }) => (watermark === null ? [] : [watermark]));
  const watermark = times.length === 0 ? null : Math.min(...times);
  // A partition without a record holds it more than any other.
  const holder =
    waited.find((input) => input.watermark === null && input.committed !== null && times.length > 0) ??
    (times.some((time) => time !== watermark) ? waited.find((input) => input.watermark === watermark) : undefined);
  return {
    pipeline: plan.pipeline,
    group: plan.applicationId,
    inputs,
    // Inputs that several stages read are each read on their own.
    lag: sources.reduce((sum, { lag }) => sum + lag, 0),
    watermark,
    holder: holder === undefined ? null : { topic: holder.topic, partition: holder.partition },
    missing: [...missing],
  };
}

/** Null where there is no such topic. */
async function offsetsOf(log: Log, topic: string): Promise<readonly PartitionOffsets[] | null> {
  return log.offsets(topic).catch((error: unknown) => {
    if (error instanceof LogError && error.code === 'unknown_topic') return null;
    throw error;
  });
}

/** Null where there is no such topic. */
async function inputLags(log: Log, group: string, stage: Stage, index: number): Promise<InputLag[] | null> {
  const input = stage.inputs[index];
  const { topic } = input;
  const partitions = await offsetsOf(log, topic);
  if (partitions === null) return null;
  const committed = await log.groupOffsets(
    group,
    partitions.map(({ partition }) => ({ topic, partition })),
  );
  // After what is committed: a pipeline that runs would else be ahead of the end.
  const offsets = await offsetsOf(log, topic);
  if (offsets === null) return null;
  return offsets.slice(0, committed.length).map(({ partition, low, stable }, i) => {
    const { offset, metadata } = committed[i];
    const time = decodePosition(metadata)?.times?.[index];
    const maxEventTime = time === undefined ? null : known(time.maxEventTime);
    const from = offset ?? (input.kind === 'source' && input.start === 'latest' ? stable : low);
    return {
      stage: stage.id,
      topic,
      kind: input.kind === 'source' && input.table ? 'table' : input.kind,
      partition,
      low,
      committed: offset,
      end: stable,
      lag: Math.max(0, stable - Math.max(low, from)),
      maxEventTime,
      ...(input.kind === 'source'
        ? { watermark: maxEventTime === null ? null : maxEventTime - input.latenessMs, heldBy: null }
        : heldBy(time?.upstream ?? [])),
    };
  });
}

/** The least of the upstream watermarks; idle ones (NaN) hold nothing. */
function heldBy(upstream: readonly number[]): Pick<InputLag, 'watermark' | 'heldBy'> {
  const least = upstream.reduce((min, time) => (time < min ? time : min), Infinity);
  if (least === Infinity) return { watermark: null, heldBy: null };
  return { watermark: known(least), heldBy: upstream.every((time) => time === least) ? null : upstream.indexOf(least) };
}

function known(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}
