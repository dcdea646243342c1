/**
 * Tells one target of the incidents of one pipeline: reads the topic of transitions as a group of its own, in read_committed, and commits an
 * offset when all before it was delivered. So each is delivered at least once, those of an incident in their order; a target that is down
 * holds back itself only. Repeats carry the same `dedup_key` and the same idempotency key.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NotifyTarget } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { type Log, LogError, type Member, type MemberEvent, records, tpKey } from '@rta/runtime';
import { deliver, DELIVERY, type DeliverySettings } from './deliver.js';
import { type Incident, IncidentReader } from './incident.js';
import { requestOf } from './request.js';

export interface NotifierOptions {
  readonly log: Log;
  readonly registry: Pick<SchemaRegistry, 'byId'>;
  readonly pipeline: string;
  /** The topic of its incidents. */
  readonly topic: string;
  readonly target: NotifyTarget;
  /** The names of the alerts that the target is told of. */
  readonly alerts: ReadonlySet<string>;
  /** Of this process, the same after a restart. */
  readonly workerId: string;
  /** Told what was not delivered, and why. */
  readonly onWarning: (message: string) => void;
  readonly delivery?: DeliverySettings;
}

/** A transition that was read, and is to be delivered. */
interface Waiting {
  readonly partition: number;
  readonly offset: number;
  /** Null: none that the target is told of. */
  readonly incident: Incident | null;
}

/** So many transitions are read ahead, and so many delivered at a time. */
const [MOST_WAITING, MOST_AT_ONCE] = [1_000, 32];
const POLL_MS = 200;
/** How long after a lost connection to the log it is tried again, at first and at most, ms. */
const [REJOIN_MS, LONGEST_REJOIN_MS] = [500, 30_000];

export class Notifier {
  private readonly reader: IncidentReader;
  private readonly stopping = new AbortController();
  /** Ends by itself when it has told all that the topic holds now. */
  private drainsTo: ReadonlyMap<number, number> | null = null;
  private epoch = -1;
  /** Of each partition that this member has: the next offset to read, and the next to commit. */
  private readonly next = new Map<number, number>();
  private readonly done = new Map<number, number>();
  private waiting: Waiting[] = [];
  private paused = false;
  /** What is being delivered; aborted when the partitions are lost. */
  private round: { readonly finished: Promise<void>; readonly abort: AbortController; over: boolean } | null = null;

  constructor(private readonly options: NotifierOptions) {
    this.reader = new IncidentReader(options.registry);
  }

  /** Resolves after `stop`, or when `drain` is done; rejects with what the log fails with for good. */
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

  /** Delivers what the topic holds now, but takes no longer than `limitMs` for it; then `run` resolves. */
  async drain(limitMs: number): Promise<void> {
    setTimeout(() => {
      this.stop();
    }, limitMs).unref();
    const ends = await this.options.log.offsets(this.options.topic);
    this.drainsTo = new Map(ends.map(({ partition, stable }) => [partition, stable]));
  }

  stop(): void {
    this.stopping.abort();
  }

  private isDrained(): boolean {
    if (this.drainsTo === null || this.epoch < 0 || this.waiting.length > 0 || this.round !== null) return false;
    return [...this.next].every(([partition, offset]) => offset >= (this.drainsTo!.get(partition) ?? 0));
  }

  /** As a member of the group, until the end; rejects where it cannot go on as one. */
  private async session(): Promise<void> {
    const { log, pipeline, topic, target, workerId } = this.options;
    const group = `rta.${pipeline}.notify.${target.name}`;
    const member = await log.join({ group, topics: [topic], transactionalId: `${group}.${workerId}` });
    this.epoch = -1;
    try {
      let event: Promise<MemberEvent | null> | null = null;
      while (!this.stopping.signal.aborted) {
        this.round ??= this.begin();
        event ??= member.next(POLL_MS);
        const came = await Promise.race([event, ...(this.round === null ? [] : [this.round.finished.then(() => undefined)])]);
        if (came !== undefined) {
          event = null;
          if (came !== null) await this.handle(came, member);
        }
        if (this.round?.over === true) {
          this.round = null;
          await this.commit(member);
        }
        if (this.isDrained()) break;
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
        for (const batch of batches)
          for (const { offset, value } of records(batch, from)) {
            const incident = await this.reader.read(value);
            const isTold = incident !== null && this.options.alerts.has(incident.alert);
            this.waiting.push({ partition, offset, incident: isTold ? incident : null });
          }
        this.next.set(partition, nextOffset);
        this.hold(member);
      }
    }
  }

  private async start(member: Member, partitions: readonly number[]): Promise<void> {
    const { log, topic } = this.options;
    const lows = new Map((await log.offsets(topic)).map(({ partition, low }) => [partition, low]));
    const committed = await member.committed(partitions.map((partition) => ({ topic, partition })));
    for (const { partition, offset } of committed) {
      const from = Math.max(offset ?? 0, lows.get(partition) ?? 0);
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
    this.done.clear();
    this.paused = false;
  }

  /** Reads no further ahead than has to be. */
  private hold(member: Member): void {
    const { topic } = this.options;
    const all = [...this.next.keys()].map((partition) => ({ topic, partition }));
    const tooMany = this.waiting.length > MOST_WAITING;
    if (tooMany === this.paused) return;
    this.paused = tooMany;
    if (tooMany) member.pause(all);
    else member.resume(all);
  }

  /** Delivers the first that wait, one of an incident at a time; null: none waits. */
  private begin(): Notifier['round'] {
    const keys = new Set<string>();
    const first = this.waiting.findIndex(({ incident }, i) => {
      if (i >= MOST_WAITING || keys.size >= MOST_AT_ONCE) return true;
      if (incident === null) return false;
      const isNew = !keys.has(incident.dedupKey);
      keys.add(incident.dedupKey);
      return !isNew;
    });
    const taken = this.waiting.splice(0, first < 0 ? this.waiting.length : first);
    if (taken.length === 0) return null;
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.stopping.signal]);
    const delivered = Promise.all(taken.map((one) => this.tell(one, signal)));
    const round = {
      abort,
      over: false,
      finished: delivered.then((all) => {
        round.over = true;
        if (all.every((done) => done)) for (const { partition, offset } of taken) this.done.set(partition, offset + 1);
      }),
    };
    return round;
  }

  /** Whether it is done with. */
  private async tell({ partition, offset, incident }: Waiting, signal: AbortSignal): Promise<boolean> {
    if (incident === null) return true;
    const { pipeline, target, topic, delivery = DELIVERY, onWarning } = this.options;
    const what = `${target.name} is not told that ${incident.dedupKey} has a ${incident.action}`;
    const request = requestOf(target, pipeline, incident, tpKey(topic, partition) + `-${String(offset)}`);
    const outcome = await deliver(request, delivery, signal, (why) => {
      onWarning(`${what}: ${why}; it is tried again`);
    });
    if (outcome.result === 'refused' || outcome.result === 'given-up') onWarning(`${what}: ${outcome.why}`);
    return outcome.result !== 'aborted';
  }

  private async commit(member: Member): Promise<void> {
    const { topic } = this.options;
    const offsets = [...this.done].map(([partition, offset]) => ({ topic, partition, offset, metadata: '' }));
    if (offsets.length === 0) return;
    await member.commit({ epoch: this.epoch, outputs: [], offsets });
    this.done.clear();
    this.hold(member);
  }
}

/** Whether a new member may get over it. */
function mayPass(error: unknown): boolean {
  if (error instanceof LogError && ['fenced', 'aborted', 'unknown'].includes(error.code)) return true;
  return error instanceof Error && 'retriable' in error && error.retriable === true;
}
