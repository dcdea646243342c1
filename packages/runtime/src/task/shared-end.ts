/**
 * Where `--until-end` ends when several members of the group have a pipeline's tasks. None of them sees all of it, so each asks the log:
 * everything is done when the group's committed offsets have reached the ends of all inputs. A commit carries what it wrote downstream, so
 * nothing is on its way then.
 */
import { holdsRecords } from '../log/holds-records.js';
import { tpKey, type CommittedOffset, type Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { inputPartitions } from './assignment.js';
import { closingSpan } from './end-of-inputs.js';
import { decodePosition } from './position.js';
import { toError } from './recovery.js';

/** How often the group's offsets are looked at, ms. */
const LOOK_EVERY_MS = 50;

/** How the workers of one process end together: a worker that left before the others would only have its tasks restored by them. */
export interface SharedRun {
  /** All of the group has reached the end, as far as this worker can see. Called again and again until it may leave. */
  reached(): void;
  mayLeave(): boolean;
}

/** What `drain` needs of the worker. */
interface DrainedWorker {
  /** Works until `done`, or until the worker is stopped. */
  readonly loop: (done: () => boolean) => Promise<void>;
  /** Whether it has done its part: before that nobody need look at the others'. */
  readonly reached: () => boolean;
  /** Moves the watermarks of its sources there, of those too that it gets later. */
  readonly close: (watermark: number) => void;
}

interface SharedEndOptions {
  readonly plan: PhysicalPlan;
  readonly log: Log;
  readonly group: string;
  /** By stage. */
  readonly stagePartitions: readonly number[];
  /** Ends of the sources when the run began, by `topic-partition`. Those of repartition topics are asked for again each time. */
  readonly targets: ReadonlyMap<string, number>;
}

export class SharedEnd {
  private done = false;
  private looking = false;
  private lookedAt = -Infinity;
  private failure: Error | null = null;
  private watermark = -Infinity;

  constructor(private readonly options: SharedEndOptions) {}

  /**
   * Runs a worker until all of the group is done and it may leave, or until it is stopped.
   * @param close whether the windows that are open then are closed
   */
  async drain(shared: SharedRun, close: boolean, worker: DrainedWorker): Promise<void> {
    const done = (): boolean => this.done || (worker.reached() && this.reached());
    if (close) {
      await worker.loop(done);
      // Asked to end in between: what is open stays open.
      if (!done()) return;
      worker.close(await this.close());
    }
    await worker.loop(() => {
      if (done()) shared.reached();
      return shared.mayLeave();
    });
  }

  /**
   * Whether all of the group is there; what is known of it, which a look in the background brings up to date. Once true it stays so.
   * Asked when this worker has done its part: before that nobody need look. Throws what a look failed with.
   */
  reached(): boolean {
    const failure = this.failure;
    this.failure = null;
    if (failure !== null) throw failure;
    const now = performance.now();
    if (!this.done && !this.looking && now - this.lookedAt > LOOK_EVERY_MS) {
      this.looking = true;
      void this.look()
        .then(
          (done) => {
            this.done ||= done;
          },
          (error: unknown) => {
            this.failure = toError(error);
          },
        )
        .finally(() => {
          this.looking = false;
          this.lookedAt = performance.now();
        });
    }
    return this.done;
  }

  /**
   * The same for all workers: event time (ms) by which every window that holds a record has ended. From here on the end is reached when the
   * sources' watermarks are committed to be there.
   */
  async close(): Promise<number> {
    const { plan } = this.options;
    let latest = -Infinity;
    for (const { metadata } of await this.committed())
      for (const time of decodePosition(metadata)?.times ?? []) latest = Math.max(latest, time.maxEventTime);
    this.watermark = latest + closingSpan(plan);
    this.done = false;
    return this.watermark;
  }

  private async look(): Promise<boolean> {
    const { plan, log, stagePartitions, targets } = this.options;
    const committed = new Map((await this.committed()).map((offset) => [tpKey(offset.topic, offset.partition), offset]));
    for (const stage of plan.stages) {
      const closes = stage.inputs.every((input) => input.kind === 'source') && this.watermark > -Infinity;
      for (const input of stage.inputs) {
        const ends = await log.offsets(input.topic);
        for (let partition = 0; partition < stagePartitions[stage.id]; partition++) {
          const key = tpKey(input.topic, partition);
          const { offset, metadata } = committed.get(key) ?? { offset: null, metadata: '' };
          const range = ends.find((o) => o.partition === partition);
          const end = input.kind === 'source' ? targets.get(key) : range?.high;
          if (end !== undefined && range !== undefined && (await holdsRecords(log, input.topic, partition, offset ?? range.low, end)))
            return false;
          if (closes && (decodePosition(metadata)?.watermark ?? -Infinity) < this.watermark) return false;
        }
      }
    }
    return true;
  }

  private committed(): Promise<readonly CommittedOffset[]> {
    const { plan, log, group, stagePartitions } = this.options;
    return log.groupOffsets(group, inputPartitions(plan, stagePartitions));
  }
}
