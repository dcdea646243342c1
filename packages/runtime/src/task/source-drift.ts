import { tpKey, type CommittedOffset, type Log, type Member, type TopicPartition } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import type { Clock } from './clock.js';
import type { HeldPartitions } from './held-partitions.js';
import { decodePosition } from './position.js';
import type { Task } from './task.js';

/** How often the positions of other workers are read, ms: while one of their partitions keeps one of ours waiting, and otherwise. */
const ASK_WAITING_MS = 100;
const ASK_MS = 1000;

interface SourcePartition extends TopicPartition {
  readonly key: string;
  /** Index of the input in its stage. */
  readonly input: number;
  readonly latenessMs: number;
  readonly maxDriftMs: number | null;
}

/** What another worker has committed of a partition; it may have read further. */
interface Elsewhere {
  readonly watermark: number;
  readonly atEnd: boolean;
}

/** Nothing is known of it yet. */
const UNHEARD: Elsewhere = { watermark: -Infinity, atEnd: false };

/**
 * `maxDrift`: a source partition whose watermark is further ahead of the slowest one's is not read until that one has followed, so that a
 * replay needs no more state than a live run (SEMANTICS rule 8).
 *
 * The slowest is sought among all source partitions of the pipeline that are not read to their end: those of this worker as they are, those
 * of others as they were last committed. What is not known of a partition yet counts as minus infinity. Watermarks only rise, so what is
 * old is on the safe side: nobody gets further ahead than `maxDrift` and what is fetched at a time. And nobody waits for ever, since the
 * slowest of all is never held, and whoever has moved commits.
 */
export class SourceDrift {
  private readonly sources: readonly SourcePartition[];
  private readonly active: boolean;
  private elsewhere = new Map<string, Elsewhere>();
  /** Last stable offsets, by asking for them. */
  private ends = new Map<string, number>();
  /** Were held until a moment ago, and what was known of them is read: there may be more by now. */
  private readonly doubtful = new Set<string>();
  private asking = false;
  private askedAt = -Infinity;
  /** The last question had no answer. */
  private failed = false;
  /** One of another worker's partitions keeps one of ours waiting. */
  private waitsForOthers = false;
  /** Raised with each assignment: answers to older questions are void. */
  private round = 0;

  constructor(
    plan: PhysicalPlan,
    private readonly context: {
      readonly log: Log;
      readonly applicationId: string;
      readonly clock: Clock;
      readonly partitionsOf: (topic: string) => number;
      readonly onWarning: (message: string) => void;
    },
    private readonly held: HeldPartitions,
  ) {
    this.sources = plan.stages.flatMap((stage) =>
      stage.inputs.flatMap((input, i) =>
        input.kind === 'source'
          ? Array.from({ length: context.partitionsOf(input.topic) }, (_, partition) => ({
              topic: input.topic,
              partition,
              key: tpKey(input.topic, partition),
              input: i,
              latenessMs: input.latenessMs,
              maxDriftMs: input.maxDriftMs,
            }))
          : [],
      ),
    );
    this.active = this.sources.some(({ maxDriftMs }) => maxDriftMs !== null);
  }

  /**
   * Holds what is too far ahead, and lets go what is not any more. Call after each event.
   * @param byInput task of each partition of this worker
   * @param stable last stable offsets as fetched, by partition; of partitions that were held, they are brought up to date
   */
  advance(member: Member, byInput: ReadonlyMap<string, Task>, stable: Map<string, number>): void {
    if (!this.active || byInput.size === 0) return;
    let slowest = Infinity;
    let slowestIsOurs = true;
    let others = false;
    let unknown = false;
    for (const source of this.sources) {
      const task = byInput.get(source.key);
      let watermark: number;
      let atEnd: boolean;
      if (task === undefined) {
        others = true;
        ({ watermark, atEnd } = this.elsewhere.get(source.key) ?? UNHEARD);
      } else {
        watermark = task.sourceWatermark(source.input);
        atEnd = this.seemsRead(source, task, stable);
        if (!atEnd) this.doubtful.delete(source.key);
        else if (this.doubtful.has(source.key)) atEnd = false;
        unknown ||= !stable.has(source.key) && !this.ends.has(source.key);
      }
      if (atEnd || watermark > slowest) continue;
      slowest = watermark;
      slowestIsOurs = task !== undefined;
    }
    this.waitsForOthers = false;
    for (const source of this.sources) {
      const task = byInput.get(source.key);
      if (task === undefined || source.maxDriftMs === null) continue;
      // Where nothing has been read yet both are minus infinity, and nothing is held.
      if (task.sourceWatermark(source.input) - slowest > source.maxDriftMs) {
        this.held.hold(member, source, 'drift');
        if (!slowestIsOurs) this.waitsForOthers = true;
      } else if (this.held.has(source.key, 'drift')) {
        this.held.release(member, source, 'drift');
        task.readAgain(source.input);
        if (this.seemsRead(source, task, stable)) this.doubtful.add(source.key);
      }
    }
    const now = this.context.clock.now();
    const due = now - this.askedAt >= (this.waitsForOthers ? ASK_WAITING_MS : ASK_MS);
    if (!this.asking && ((others && due) || ((unknown || this.doubtful.size > 0) && (due || !this.failed))))
      void this.ask(byInput, stable, others);
  }

  /** Whether an input of the task is held, or was until a moment ago, so that it is not known whether it is read to its end. */
  waits(task: Task): boolean {
    const waits = (key: string): boolean => this.held.has(key, 'drift') || this.doubtful.has(key);
    return this.active && task.inputs().some(({ topic, partition }) => waits(tpKey(topic, partition)));
  }

  /** ms that the worker may wait for an event. */
  get patienceMs(): number {
    return this.waitsForOthers ? 20 : Infinity;
  }

  /** The assignment is over: nothing that was known of it counts. */
  clear(): void {
    this.round++;
    this.elsewhere = new Map();
    this.ends = new Map();
    this.doubtful.clear();
    this.asking = false;
    this.failed = false;
    this.askedAt = -Infinity;
    this.waitsForOthers = false;
  }

  /** All that is known to be there has been read. */
  private seemsRead({ key, topic }: SourcePartition, task: Task, stable: ReadonlyMap<string, number>): boolean {
    const end = Math.max(stable.get(key) ?? -1, this.ends.get(key) ?? -1);
    return end >= 0 && task.positionOf(topic) >= end;
  }

  /** Asks how much there is, and what others have committed. Never rejects. */
  private async ask(byInput: ReadonlyMap<string, Task>, stable: Map<string, number>, others: boolean): Promise<void> {
    const { log, applicationId, clock, onWarning } = this.context;
    const { round } = this;
    this.asking = true;
    this.askedAt = clock.now();
    const doubtful = [...this.doubtful];
    const positions = this.sources.map(({ key, topic }) => byInput.get(key)?.positionOf(topic));
    const ends = new Map<string, { readonly low: number; readonly stable: number }>();
    let committed: readonly CommittedOffset[] = [];
    let failure: Error | null = null;
    try {
      for (const topic of new Set(this.sources.map((source) => source.topic)))
        for (const { partition, low, stable: end } of await log.offsets(topic)) ends.set(tpKey(topic, partition), { low, stable: end });
      if (others)
        committed = await log.groupOffsets(
          applicationId,
          this.sources.map(({ topic, partition }) => ({ topic, partition })),
        );
    } catch (error) {
      failure = error as Error;
    }
    if (round !== this.round) return;
    this.asking = false;
    this.failed = failure !== null;
    if (failure !== null) {
      onWarning(`maxDrift: ${failure.message}; asking again`);
      return;
    }
    for (const [key, end] of ends) this.ends.set(key, end.stable);
    for (const key of doubtful) {
      this.doubtful.delete(key);
      stable.set(key, Math.max(stable.get(key) ?? 0, ends.get(key)?.stable ?? 0));
    }
    for (const [i, { offset, metadata }] of committed.entries()) {
      const { key, input, latenessMs, topic } = this.sources[i];
      const end = ends.get(key);
      const time = decodePosition(metadata)?.times[input]?.maxEventTime ?? -Infinity;
      this.elsewhere.set(key, { watermark: time - latenessMs, atEnd: end !== undefined && (offset ?? end.low) >= end.stable });
      // Others wait for what we commit: where offsets went on without a record, or the group has lost them, they are said again.
      const task = byInput.get(key);
      if (task?.positionOf(topic) === positions[i] && task !== undefined && (offset ?? -1) < task.positionOf(topic)) task.touch();
    }
  }
}
