/** A worker without tasks, for tests of logs: it starts what it is assigned at the committed offset, and keeps what it reads. */
import { records } from '../../src/log/batch/records.js';
import { type Log, type Member, type MemberEvent, type TopicPartition, tpKey } from '../../src/log/log.js';

export interface Seen {
  readonly partition: string;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Record<string, string | null>;
}

const decoder = new TextDecoder();
const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : decoder.decode(bytes));

export function values(seen: readonly Seen[]): (string | null)[] {
  return seen.map((record) => record.value);
}

/** All records of a partition in [from, to). */
export async function collect(log: Log, topic: string, partition: number, from?: number, to = Infinity): Promise<Seen[]> {
  const found: Seen[] = [];
  for await (const batch of log.read(topic, partition, from ?? 0, to)) {
    for (const record of records(batch, from ?? 0)) if (record.offset < to) found.push(seen(tpKey(topic, partition), record));
  }
  return found;
}

function seen(partition: string, record: Parameters<typeof plain>[0]): Seen {
  return { partition, ...plain(record) };
}

function plain(record: ReturnType<typeof records> extends Generator<infer R> ? R : never): Omit<Seen, 'partition'> {
  const headers: Record<string, string | null> = {};
  for (const header of record.headers) headers[header.key] = text(header.value);
  return { offset: record.offset, timestamp: record.timestamp, key: text(record.key), value: text(record.value), headers };
}

export class TestWorker {
  epoch = -1;
  assigned: readonly TopicPartition[] = [];
  /** Committed metadata, as of the last assignment. */
  readonly metadata = new Map<string, string>();
  all: Seen[] = [];
  private readonly positions = new Map<string, { next: number; stable: number }>();
  private pending: (MemberEvent & { type: 'records' })[] = [];

  constructor(
    private readonly log: Log,
    readonly member: Member,
    private readonly timeoutMs: number,
  ) {}

  get count(): number {
    return this.all.length;
  }

  of(topic: string, partition: number): Seen[] {
    return this.all.filter((record) => record.partition === tpKey(topic, partition));
  }

  clear(): void {
    this.all = [];
    this.pending = [];
  }

  isAtEnd(topic: string, partition: number): boolean {
    const position = this.positions.get(tpKey(topic, partition));
    return position !== undefined && position.next >= position.stable;
  }

  start(topic: string, partition: number, offset: number): void {
    this.positions.set(tpKey(topic, partition), { next: offset, stable: Infinity });
    this.member.start(topic, partition, offset);
  }

  /** One event, or none within `ms`. */
  async step(ms: number): Promise<void> {
    const event = await this.member.next(ms);
    if (event === null) return;
    switch (event.type) {
      case 'assigned':
        this.epoch = event.epoch;
        this.assigned = event.partitions;
        // What was read and not committed is read again.
        this.clear();
        await this.startAll(event.partitions);
        return;
      case 'revoked':
        this.assigned = [];
        this.pending = [];
        return;
      case 'records':
        this.take(event);
        return;
      case 'failed':
        throw event.error;
    }
  }

  /** Goes on until `done`; throws when that takes too long. */
  async until(done: () => boolean): Promise<void> {
    const deadline = Date.now() + this.timeoutMs;
    while (!done()) {
      if (Date.now() > deadline)
        throw new Error(`waited ${this.timeoutMs} ms; ${this.count} records, assigned ${JSON.stringify(this.assigned)}`);
      await this.step(50);
    }
  }

  /** Goes on for so long whatever comes. */
  async idle(ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (Date.now() < deadline) await this.step(50);
  }

  /** Several at once, until `done`. */
  static async all(workers: readonly TestWorker[], done: () => boolean): Promise<void> {
    await Promise.all(workers.map((worker) => worker.until(done)));
  }

  /** The oldest records event not taken yet, of the current epoch. */
  takeFirst(): { partition: number; records: Seen[]; nextOffset: number } | null {
    const event = this.pending.shift();
    if (event === undefined) return null;
    return { partition: event.partition, records: this.decode(event), nextOffset: event.nextOffset };
  }

  private async startAll(partitions: readonly TopicPartition[]): Promise<void> {
    const committed = await this.member.committed(partitions);
    for (const { topic, partition, offset, metadata } of committed) {
      this.metadata.set(tpKey(topic, partition), metadata);
      const low = (await this.log.offsets(topic)).find((o) => o.partition === partition)!.low;
      this.start(topic, partition, offset ?? low);
    }
  }

  private take(event: MemberEvent & { type: 'records' }): void {
    if (event.epoch !== this.epoch) throw new Error(`records of epoch ${event.epoch} while ${this.epoch} holds`);
    this.all.push(...this.decode(event));
    this.pending.push(event);
    this.positions.set(tpKey(event.topic, event.partition), { next: event.nextOffset, stable: event.stable });
  }

  private decode(event: MemberEvent & { type: 'records' }): Seen[] {
    const name = tpKey(event.topic, event.partition);
    const position = this.positions.get(name)!.next;
    const from = this.starts.get(event) ?? position;
    this.starts.set(event, from);
    return event.batches.flatMap((batch) => [...records(batch, from)].map((record) => seen(name, record)));
  }

  /** Where an event's records begin for us: batches may begin earlier. */
  private readonly starts = new WeakMap<MemberEvent, number>();
}
