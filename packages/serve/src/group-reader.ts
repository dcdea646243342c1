/**
 * Reads a topic in read_committed as a consumer group of its own, and hands what it reads on in batches, one at a time, the records of a
 * partition in their order. What was taken is committed for the group: a batch is given at least once. Who takes it may know better where a
 * partition goes on (`begin`), and so make that exactly once. Whoever is slow holds back itself only: it is read no further ahead than has to be.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { holdsRecords, type Log, LogError, type LogRecord, type Member, type MemberEvent, type OutputBatch, records } from '@rta/runtime';

/** Records that are taken together. */
export interface GroupBatch<T> {
  readonly items: readonly T[];
  /** The next offset of each partition that has some of them. */
  readonly next: ReadonlyMap<number, number>;
}

export interface GroupReaderOptions<T> {
  readonly log: Log;
  readonly topic: string;
  readonly group: string;
  /** The same for the same member after a restart. */
  readonly transactionalId: string;
  /** Batches are not larger, about; so much is read ahead, too. */
  readonly mostRecords: number;
  /** How many of those that wait, in their order, are taken together; default: as many as a batch may have. */
  readonly together?: (items: readonly T[]) => number;
  /** How long a record waits for others to come, ms. */
  readonly lingerMs: number;
  /** Where partitions go on: by what the group committed (null: nothing), and by what is known besides. */
  readonly begin?: (committed: ReadonlyMap<number, number | null>) => Promise<ReadonlyMap<number, number>>;
  readonly read: (record: LogRecord, partition: number) => Promise<T>;
  /** Rejects where it cannot be taken; once the signal is aborted it need not be. */
  readonly take: (batch: GroupBatch<T>, signal: AbortSignal) => Promise<void>;
  /** What is to be written with the commit of what was taken, all or nothing. */
  readonly outputs?: () => readonly OutputBatch[];
  /** Called between batches, each `maintainMs` (default: a minute), about. */
  readonly maintain?: () => Promise<void>;
  readonly maintainMs?: number;
}

/** How long what is left may take. */
export interface DrainLimit {
  readonly ms: number;
  /** Counted anew from each time that something was taken: for as long as it goes on. */
  readonly whileItGoes: boolean;
}

const POLL_MS = 200;
const MAINTAIN_MS = 60_000;
/** How long after a lost connection to the log it is tried again, at first and at most, ms. */
const [REJOIN_MS, LONGEST_REJOIN_MS] = [500, 30_000];

interface Waiting<T> {
  readonly partition: number;
  readonly offset: number;
  readonly item: T;
}

interface Round {
  readonly finished: Promise<void>;
  readonly abort: AbortController;
  readonly next: ReadonlyMap<number, number>;
  outcome: 'taken' | { readonly error: unknown } | null;
}

export class GroupReader<T> {
  private readonly stopping = new AbortController();
  private drainsTo: ReadonlyMap<number, number> | null = null;
  private patience: NodeJS.Timeout | null = null;
  private hasDrained = false;
  private epoch = -1;
  /** The next offset to read of each partition that this member has. */
  private readonly next = new Map<number, number>();
  /** The first offset that is not taken, of each that it has, or had when it was a member for the last time. */
  private taken = new Map<number, number>();
  private waiting: Waiting<T>[] = [];
  private waitingSince = 0;
  private paused = false;
  private round: Round | null = null;
  private maintained = 0;

  constructor(private readonly options: GroupReaderOptions<T>) {}

  /** Resolves after `stop`, or when `drain` is done; rejects with what it cannot get over. */
  async run(): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        await this.session();
        return;
      } catch (error) {
        if (!mayPass(error)) throw error;
        if (this.stopping.signal.aborted) return;
        const pause = Math.min(LONGEST_REJOIN_MS, REJOIN_MS * 2 ** Math.min(failures, 10));
        await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  /**
   * Hands on what the topic holds now, in so long at most; then `run` resolves. Partitions that other members have are waited for too: one may
   * have been killed, and what it had comes here when the group has given it up.
   */
  async drain({ ms, whileItGoes }: DrainLimit): Promise<void> {
    const limit = setTimeout(() => {
      this.stop();
    }, ms).unref();
    if (whileItGoes) this.patience = limit;
    const ends = await this.options.log.offsets(this.options.topic);
    this.drainsTo = new Map(ends.map(({ partition, stable }) => [partition, stable]));
  }

  stop(): void {
    this.stopping.abort();
  }

  /** Whether what the topic held when `drain` was called has been taken, by whoever of the group. */
  get drained(): boolean {
    return this.hasDrained;
  }

  /** Records that were read and not taken yet. */
  get backlog(): number {
    return this.waiting.length;
  }

  /** The first offset that is not taken yet, of each partition that it has; of those that it had while it is no member. */
  positions(): ReadonlyMap<number, number> {
    const pending = new Set([...this.waiting.map(({ partition }) => partition), ...(this.round?.next.keys() ?? [])]);
    // What is behind the last record that was taken is markers.
    return new Map([...this.taken].map(([partition, offset]) => [partition, pending.has(partition) ? offset : (this.next.get(partition) ?? offset)])); // prettier-ignore
  }

  private async isDrained(): Promise<boolean> {
    const { drainsTo } = this;
    if (drainsTo === null || this.stopping.signal.aborted || this.epoch < 0 || this.waiting.length > 0 || this.round !== null) return false;
    if (![...this.next].every(([partition, offset]) => offset >= (drainsTo.get(partition) ?? 0))) return false;
    const { log, group, topic } = this.options;
    const others = [...drainsTo.keys()].filter((partition) => !this.next.has(partition)).map((partition) => ({ topic, partition }));
    if (others.length === 0) return true;
    const lows = new Map((await log.offsets(topic)).map(({ partition, low }) => [partition, low]));
    for (const { partition, offset } of await log.groupOffsets(group, others)) {
      const from = Math.max(offset ?? 0, lows.get(partition) ?? 0);
      if (await holdsRecords(log, topic, partition, from, drainsTo.get(partition)!)) return false;
    }
    return true;
  }

  /** As a member of the group, until the end; rejects where it cannot go on as one. */
  private async session(): Promise<void> {
    const { log, group, topic, transactionalId } = this.options;
    const member = await log.join({ group, topics: [topic], transactionalId });
    this.epoch = -1;
    try {
      let event: Promise<MemberEvent | null> | null = null;
      while (!this.stopping.signal.aborted) {
        this.round ??= this.nextRound();
        event ??= member.next(POLL_MS);
        const came = await Promise.race([event, ...(this.round === null ? [] : [this.round.finished.then(() => undefined)])]);
        if (came !== undefined) {
          event = null;
          if (came !== null) await this.handle(came, member);
        }
        await this.endRound(member);
        if (await this.isDrained()) {
          this.hasDrained = true;
          break;
        }
        await this.maintain();
      }
      await event?.catch(() => null);
    } finally {
      await this.forget();
      await member.leave();
    }
  }

  private async handle(event: MemberEvent, member: Member): Promise<void> {
    switch (event.type) {
      case 'assigned':
        await this.forget();
        this.epoch = event.epoch;
        await this.start(
          member,
          event.partitions.map(({ partition }) => partition),
        );
        return;
      case 'revoked':
        await this.forget();
        return;
      case 'failed':
        throw event.error;
      case 'records': {
        const { partition, batches, nextOffset } = event;
        const from = this.next.get(partition);
        if (event.epoch !== this.epoch || from === undefined) return;
        if (this.waiting.length === 0) this.waitingSince = Date.now();
        for (const batch of batches)
          for (const record of records(batch, from))
            this.waiting.push({ partition, offset: record.offset, item: await this.options.read(record, partition) });
        this.next.set(partition, nextOffset);
        this.hold(member);
      }
    }
  }

  private async start(member: Member, partitions: readonly number[]): Promise<void> {
    const { log, topic, begin } = this.options;
    const lows = new Map((await log.offsets(topic)).map(({ partition, low }) => [partition, low]));
    const committed = await member.committed(partitions.map((partition) => ({ topic, partition })));
    const first = (partition: number, offset: number | null): number => Math.max(offset ?? 0, lows.get(partition) ?? 0);
    this.taken = new Map(committed.map(({ partition, offset }) => [partition, first(partition, offset)]));
    const known = await begin?.(new Map(committed.map(({ partition, offset }) => [partition, offset])));
    for (const { partition, offset } of committed) {
      const from = first(partition, known?.get(partition) ?? offset);
      this.taken.set(partition, from);
      this.next.set(partition, from);
      member.start(topic, partition, from);
    }
  }

  /** What is not committed is somebody else's now. */
  private async forget(): Promise<void> {
    const { round } = this;
    round?.abort.abort();
    await round?.finished;
    this.round = null;
    this.waiting = [];
    this.next.clear();
    this.paused = false;
  }

  /** Reads no further ahead than has to be. */
  private hold(member: Member): void {
    const { topic, mostRecords } = this.options;
    const tooMany = this.waiting.length >= mostRecords;
    if (tooMany === this.paused) return;
    this.paused = tooMany;
    const all = [...this.next.keys()].map((partition) => ({ topic, partition }));
    if (tooMany) member.pause(all);
    else member.resume(all);
  }

  private nextRound(): Round | null {
    const { mostRecords, lingerMs, together, take } = this.options;
    const { length } = this.waiting;
    const isDue = length >= mostRecords || this.drainsTo !== null || Date.now() - this.waitingSince >= lingerMs;
    if (length === 0 || !isDue) return null;
    const taken = this.waiting.slice(0, mostRecords);
    if (together !== undefined) taken.length = together(taken.map(({ item }) => item));
    this.waiting.splice(0, taken.length);
    this.waitingSince = Date.now();
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.stopping.signal]);
    const next = new Map(taken.map(({ partition, offset }) => [partition, offset + 1]));
    const batch = { items: taken.map(({ item }) => item), next };
    const round: Round = {
      abort,
      next,
      outcome: null,
      finished: take(batch, signal).then(
        () => {
          round.outcome = 'taken';
        },
        (error: unknown) => {
          round.outcome = { error };
        },
      ),
    };
    return round;
  }

  private async endRound(member: Member): Promise<void> {
    const { round } = this;
    if (round === null || round.outcome === null) return;
    this.round = null;
    if (round.outcome !== 'taken') {
      if (this.stopping.signal.aborted) return;
      throw round.outcome.error;
    }
    this.patience?.refresh();
    for (const [partition, offset] of round.next) this.taken.set(partition, offset);
    const { topic, outputs } = this.options;
    const offsets = [...round.next].map(([partition, offset]) => ({ topic, partition, offset, metadata: '' }));
    await member.commit({ epoch: this.epoch, outputs: outputs?.() ?? [], offsets });
    this.hold(member);
  }

  private async maintain(): Promise<void> {
    const { maintainMs = MAINTAIN_MS } = this.options;
    if (this.round !== null || this.epoch < 0 || Date.now() - this.maintained < maintainMs) return;
    this.maintained = Date.now();
    await this.options.maintain?.();
  }
}

/** Whether a new member may get over it. */
function mayPass(error: unknown): boolean {
  if (error instanceof LogError && ['fenced', 'aborted', 'unknown'].includes(error.code)) return true;
  return error instanceof Error && 'retriable' in error && error.retriable === true;
}
