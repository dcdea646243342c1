import { LogError, type Log } from '../log/log.js';
import type { Clock } from './clock.js';
import { PipelineError } from './errors.js';
import type { HeldPartitions } from './held-partitions.js';
import type { Task } from './task.js';
import { topicOf } from './unread.js';

/** More than what the log itself takes to see that a request is lost, and to repeat it. */
const PATIENCE_MS = 30_000;
/** ms of quiet after which the log is asked whether there is nothing, or only nothing that comes. */
const ASK_MS = 5_000;
/** The longest step in which waiting counts, ms: a process that was suspended has not waited. */
const STEP_MS = 1_000;
/** A partition that stays silent under so many members in a row ends the worker. */
const MAX_MEMBERS = 3;

interface Input {
  readonly position: number;
  /** Since when it stands there. */
  readonly since: number;
  /** Since when it is known that the log has more; null: it is not. */
  behindSince: number | null;
}

/**
 * Finds inputs of which the log has records while the member delivers none and says nothing: clients have fallen silent so (KafkaJS #1443,
 * #1299, #659). What is fetched cannot show that, so the log is asked for its ends, which goes another way. The member is replaced then;
 * where that does not help the worker ends.
 */
export class Undelivered {
  private readonly inputs = new Map<string, Input>();
  /** Members that were replaced since the partition went on last, by partition. */
  private readonly replaced = new Map<string, number>();
  /** ms that this worker has been awake. */
  private time = 0;
  private lookedAt: number;
  private askedAt = -Infinity;
  private asking = false;
  private assignment = 0;

  /**
   * @param held partitions that are not read on purpose
   * @param stable last stable offsets by partition: it gets what the log says when asked
   */
  constructor(
    private readonly log: Log,
    private readonly clock: Clock,
    private readonly held: HeldPartitions,
    private readonly stable: Map<string, number>,
    private readonly patienceMs = PATIENCE_MS,
  ) {
    this.lookedAt = clock.now();
  }

  /** Looks at where the inputs stand. @param byInput those that are being read */
  look(byInput: ReadonlyMap<string, Task>): void {
    const now = this.clock.now();
    const step = now - this.lookedAt;
    if (step >= 0 && step < Math.min(STEP_MS, this.patienceMs) / 10) return;
    this.lookedAt = now;
    this.time += Math.min(Math.max(0, step), STEP_MS);
    const quiet = new Set<string>();
    for (const [key, task] of byInput) {
      const position = task.positionOf(topicOf(key));
      const known = this.inputs.get(key);
      if (known === undefined || known.position !== position || this.held.has(key)) {
        this.inputs.set(key, { position, since: this.time, behindSince: null });
        if (known !== undefined && known.position !== position) this.replaced.delete(key);
        continue;
      }
      if ((this.stable.get(key) ?? 0) > position) known.behindSince ??= this.time;
      else if (this.time - known.since >= Math.min(ASK_MS, this.patienceMs)) quiet.add(topicOf(key));
    }
    if (quiet.size > 0 && !this.asking && this.time - this.askedAt >= Math.min(ASK_MS, this.patienceMs)) void this.ask(quiet);
  }

  /** Whether some input has been silent for too long, unless what is buffered of others has kept the worker from it. */
  get suspects(): boolean {
    return this.silent() !== null;
  }

  /**
   * To be called when the member had nothing to give, right away.
   * @throws LogError `unreachable`, retriable, for a partition that is silent; PipelineError `log_failed` where other members did no better
   */
  judge(): void {
    const silent = this.silent();
    if (silent === null) return;
    const [key, { position }] = silent;
    const members = (this.replaced.get(key) ?? 0) + 1;
    this.replaced.set(key, members);
    const what = `${key} has records up to offset ${String(this.stable.get(key))}, and for ${String(this.patienceMs)} ms none came from offset ${String(position)} on, without an error`;
    const cause = new LogError('unreachable', what, true);
    if (members < MAX_MEMBERS) throw cause;
    throw new PipelineError('log_failed', `${what}, nor did any to the ${String(members - 1)} consumers before`, true, { cause });
  }

  /** The assignment is over. */
  clear(): void {
    this.inputs.clear();
    this.assignment++;
  }

  private silent(): readonly [string, Input] | null {
    for (const entry of this.inputs) {
      const { behindSince } = entry[1];
      if (behindSince !== null && this.time - behindSince >= this.patienceMs) return entry;
    }
    return null;
  }

  /** Never rejects: what cannot be told now is asked again. */
  private async ask(topics: ReadonlySet<string>): Promise<void> {
    const { assignment } = this;
    this.asking = true;
    this.askedAt = this.time;
    for (const topic of topics) {
      const ends = await this.log.offsets(topic).catch(() => []);
      if (assignment !== this.assignment) break;
      for (const { partition, stable } of ends) {
        const key = `${topic}-${String(partition)}`;
        if (this.inputs.has(key)) this.stable.set(key, Math.max(stable, this.stable.get(key) ?? 0));
      }
    }
    this.asking = false;
  }
}
