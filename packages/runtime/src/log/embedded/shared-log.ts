/**
 * An embedded log for commands that run no pipelines, however long they go on: whoever has it open serves the others; where that process ends
 * another opens it; and one that has it open gives it up to a process that runs pipelines (`ownEmbeddedLog`), which serves it from then on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordBatch } from '../batch/record-batch.js';
import {
  LogError,
  type CommitResult,
  type CommittedOffset,
  type GroupMemberDescription,
  type IdleCommit,
  type Log,
  type Member,
  type MemberOptions,
  type OutputBatch,
  type PartitionOffsets,
  type TopicChange,
  type TopicDescription,
  type TopicPartition,
  type TopicSpec,
} from '../log.js';
import { wholeOutputs } from './whole-outputs.js';

/** How many processes a call sees end that had the log open; then its error is told. */
const MAX_OWNERS = 10;
/** ms for calls under way before the log is given up. */
const SETTLE_MS = 2_000;
/** ms in which whoever asked for it opens it. */
const GIVEN_UP_MS = 500;

/** Opens the log, or connects to who has it open. @param cede what to do when a process asks for it that runs pipelines */
type Open = (cede: () => Promise<void>) => Promise<Log>;

export class SharedLog implements Log {
  readonly kind = 'embedded';
  private current: Promise<Log>;
  private readonly underWay = new Set<Promise<unknown>>();
  private joined = false;
  private ceding = false;
  private readonly closing = new AbortController();

  private constructor(private readonly open: Open) {
    this.current = this.opened();
  }

  /** Rejects as `open` does. */
  static async open(open: Open): Promise<SharedLog> {
    const log = new SharedLog(open);
    await log.current;
    return log;
  }

  topics(): Promise<readonly TopicDescription[]> {
    return this.call((log) => log.topics());
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    return this.call((log) => log.ensureTopics(specs));
  }

  configureTopics(changes: readonly TopicChange[]): Promise<void> {
    return this.call((log) => log.configureTopics(changes));
  }

  deleteTopics(names: readonly string[]): Promise<void> {
    return this.call((log) => log.deleteTopics(names));
  }

  offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.call((log) => log.offsets(topic));
  }

  async *read(topic: string, partition: number, from: number, to: number): AsyncGenerator<RecordBatch, void, undefined> {
    let position = from;
    for (let owners = 1; ; owners++) {
      const opening = this.current;
      const batches = (await opening).read(topic, partition, position, to)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const step = await this.counted(batches.next());
          if (step.done === true) return;
          position = step.value.lastOffset + 1;
          yield step.value;
        }
      } catch (error) {
        if (owners >= MAX_OWNERS || !this.isGone(error)) throw error;
        this.reopen(opening);
      } finally {
        await batches.return?.().catch(() => undefined);
      }
    }
  }

  append(outputs: readonly OutputBatch[]): Promise<CommitResult> {
    return this.call((log) => log.append(outputs));
  }

  deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    return this.call((log) => log.deleteRecords(topic, partition, offset));
  }

  /** Only where this process has it open; it keeps it then. */
  join(options: MemberOptions): Promise<Member> {
    this.joined = true;
    return this.call((log) => log.join(options));
  }

  groupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    return this.call((log) => log.groupOffsets(group, partitions));
  }

  groupMembers(group: string): Promise<readonly GroupMemberDescription[]> {
    return this.call((log) => log.groupMembers(group));
  }

  async commitIdle({ outputs, ...request }: IdleCommit): Promise<CommitResult> {
    // Where they come one by one they cannot be asked for twice.
    const whole = await wholeOutputs(outputs);
    return this.call((log) => log.commitIdle({ ...request, outputs: whole }));
  }

  async close(): Promise<void> {
    this.closing.abort();
    const log = await this.current.catch(() => null);
    await log?.close();
  }

  private opened(): Promise<Log> {
    return this.open(() => this.cede());
  }

  private async call<T>(work: (log: Log) => Promise<T>): Promise<T> {
    for (let owners = 1; ; owners++) {
      const opening = this.current;
      const log = await opening;
      try {
        return await this.counted(work(log));
      } catch (error) {
        if (owners >= MAX_OWNERS || !this.isGone(error)) throw error;
        this.reopen(opening);
      }
    }
  }

  private async counted<T>(call: Promise<T>): Promise<T> {
    this.underWay.add(call);
    try {
      return await call;
    } finally {
      this.underWay.delete(call);
    }
  }

  /** Whether who had it open has ended before it did anything of the call: one that may have written says `unknown`. */
  private isGone(error: unknown): boolean {
    return (
      !this.closing.signal.aborted &&
      error instanceof LogError &&
      ((error.code === 'unreachable' && error.retriable) || error.code === 'closed')
    );
  }

  /** Unless another call has done so. */
  private reopen(gone: Promise<Log>): void {
    if (this.current === gone)
      void this.replace(gone, async (log) => {
        await log.close();
      });
  }

  /** A process that runs pipelines asks for it. Rejects with LogError `in_use` where this one does. */
  private async cede(): Promise<void> {
    if (this.joined) throw new LogError('in_use', 'pipelines run in the process that has the embedded log open', true);
    // Whoever asks does so until it has it.
    if (this.ceding) return;
    this.ceding = true;
    const done = this.replace(this.current, async (log) => {
      await Promise.race([Promise.allSettled(this.underWay), delay(SETTLE_MS)]);
      await log.close();
      // One that ends meanwhile does not come back.
      await delay(GIVEN_UP_MS, undefined, { signal: this.closing.signal });
    });
    const reset = (): void => {
      this.ceding = false;
    };
    void done.then(reset, reset);
  }

  private replace(before: Promise<Log>, leave: (log: Log) => Promise<void>): Promise<Log> {
    const next = before.then(leave).then(() => this.opened());
    this.current = next;
    // The next call tries again.
    next.catch(() => {
      if (this.current === next) this.current = before;
    });
    return next;
  }
}
