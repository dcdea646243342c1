/** A partition in memory: where it begins and ends, who waits for it to grow, and the batches appended last. */
import type { BatchView } from '../batch/batch-reader.js';
import { LogError, tpKey } from '../log.js';

export class Partition {
  readonly name: string;
  /** First offset kept. */
  low: number;
  /** End of what is durable, and so of what is read. */
  high: number;
  /** End including what is being written. */
  next: number;
  /** Batches below have been compacted. */
  clean: number;
  /** Records that compaction left of them. */
  kept: number;
  /** Records below may still be on the disk although deleted. */
  purged: number;
  deleted = false;
  /** The last batches, contiguous up to `high`, from `recentHead` on; empty after a start. */
  private recent: BatchView[] = [];
  private recentHead = 0;
  private readonly listeners = new Set<() => void>();

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly id: number,
    low: number,
    high: number,
    clean: number,
    kept: number,
  ) {
    this.name = tpKey(topic, partition);
    this.low = low;
    this.high = high;
    this.next = high;
    this.clean = clean;
    this.kept = kept;
    this.purged = 0;
  }

  /** Called after each growth, deletion of records, and deletion of the topic. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  /** Keeps a batch that is durable now. */
  remember(batch: BatchView): void {
    this.recent.push(batch);
  }

  /** Drops the oldest batch kept; the bytes that frees. */
  forget(): number {
    if (this.recentHead >= this.recent.length) return 0;
    const batch = this.recent[this.recentHead++];
    if (this.recentHead > 64 && this.recentHead * 2 > this.recent.length) {
      this.recent = this.recent.slice(this.recentHead);
      this.recentHead = 0;
    }
    return batch.rawEnd - batch.rawStart;
  }

  /** First offset of the batches kept in memory that compaction has not overtaken; `high` when there are none. */
  get recentBase(): number {
    return this.recentHead < this.recent.length ? Math.max(this.recent[this.recentHead].baseOffset, this.clean) : this.high;
  }

  /** Batches in memory from the one that holds `from` on, up to `maxBytes` but one at least. `from` must not be below `recentBase`. */
  recentFrom(from: number, maxBytes: number): BatchView[] {
    const found: BatchView[] = [];
    let low = this.recentHead;
    let high = this.recent.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.recent[middle].lastOffset < from) low = middle + 1;
      else high = middle;
    }
    for (let i = low, bytes = 0; i < this.recent.length && (found.length === 0 || bytes < maxBytes); i++) {
      const batch = this.recent[i];
      found.push(batch);
      bytes += batch.rawEnd - batch.rawStart;
    }
    return found;
  }

  /** Throws LogError when `offset` cannot be read: `unknown_topic` when the topic is gone, `offset_out_of_range`. */
  check(offset: number): void {
    if (this.deleted) throw new LogError('unknown_topic', `topic ${this.topic} has been deleted`, false);
    if (offset < this.low || offset > this.high)
      throw new LogError(
        'offset_out_of_range',
        `offset ${offset} of ${this.name} cannot be read: the partition holds [${this.low}, ${this.high})`,
        false,
      );
  }
}

/** Keeps the batches appended last in memory, over all partitions, so that whoever follows a partition is served without the disk. */
export class RecentBatches {
  private readonly order: Partition[] = [];
  private head = 0;
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  add(partition: Partition, batch: BatchView): void {
    partition.remember(batch);
    this.order.push(partition);
    this.bytes += batch.rawEnd - batch.rawStart;
    while (this.bytes > this.maxBytes && this.head < this.order.length) this.bytes -= this.order[this.head++].forget();
    if (this.head > 1024 && this.head * 2 > this.order.length) {
      this.order.splice(0, this.head);
      this.head = 0;
    }
  }
}
