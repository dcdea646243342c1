/**
 * Compaction of topics with `cleanup.policy=compact`, in the background: when a partition has as many records that were not yet compacted
 * as compacted ones that are left (and at least 10,000), the latest offset of each key in the new part is found, and all batches up to
 * there are rewritten without what is superseded, small batches together. A tombstone goes too once it is older than `delete.retention.ms`
 * (24 hours by default). One partition at a time, a quarter of the time at most.
 */
import type { LogError } from '../log.js';
import type { BatchView } from '../batch/batch-reader.js';
import { BatchMerger, LatestOffsets, type RecordPlace, eachRecord } from './compaction.js';
import { batchKey, stampBatchRow } from './format.js';
import { type Database, PartitionReader } from './partition-reader.js';
import type { Partition } from './partition.js';
import type { Topic } from './recover.js';
import type { Writer } from './writer.js';

const MIN_DIRTY_RECORDS = 10_000;
const CHUNK_BYTES = 1024 * 1024;
/** A batch this big that loses nothing is left as it is. */
const BIG_BATCH_BYTES = 128 * 1024;
const MERGED_BYTES = 512 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Waits this many times as long as it worked. */
const REST = 3;

export class Compactor {
  private readonly timer: NodeJS.Timeout | null;
  private running: Promise<void> | null = null;
  private closed = false;
  /** Partitions whose batches cannot be read: whoever reads them gets the error. */
  private readonly unreadable = new WeakSet<Partition>();

  constructor(
    private readonly db: Database,
    private readonly writer: Writer,
    private readonly topics: () => Iterable<Topic>,
    private readonly now: () => number,
    everyMs: number,
  ) {
    this.timer = everyMs === Infinity ? null : setInterval(() => this.look(), everyMs);
    this.timer?.unref();
  }

  /** Compacts everything that has anything new, without resting. */
  async runNow(): Promise<void> {
    while (this.running !== null) await this.running;
    this.running = this.run(true);
    await this.running;
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== null) clearInterval(this.timer);
    while (this.running !== null) await this.running;
  }

  private look(): void {
    if (this.running === null && !this.closed) this.running = this.run(false);
  }

  private async run(now: boolean): Promise<void> {
    // Never synchronously done: the caller keeps the promise first.
    await Promise.resolve();
    try {
      for (const topic of [...this.topics()]) {
        if (!(topic.config['cleanup.policy'] ?? '').split(',').includes('compact')) continue;
        const retention = Number(topic.config['delete.retention.ms'] ?? DAY_MS);
        for (const partition of topic.partitions) {
          const dirty = partition.high - Math.max(partition.clean, partition.low);
          if (dirty === 0 || (!now && dirty < Math.max(MIN_DIRTY_RECORDS, partition.kept))) continue;
          if (this.unreadable.has(partition)) continue;
          await this.compact(partition, retention, now).catch((error: unknown) => {
            // Deleted meanwhile, or the log is closed, or damaged: whatever was not rewritten is as it was.
            if ((error as LogError).code === 'corrupt') this.unreadable.add(partition);
          });
        }
      }
    } finally {
      this.running = null;
    }
  }

  private async compact(partition: Partition, retentionMs: number, now: boolean): Promise<void> {
    const latest = new LatestOffsets();
    let end = Math.max(partition.clean, partition.low);
    const goal = partition.high;
    await this.walk(partition, end, goal, now, (batch) => {
      if (latest.isFull) return false;
      eachRecord(batch, (place, bytes) => {
        if (place.keyEnd >= place.keyStart) latest.set(bytes, place.keyStart, place.keyEnd, place.offset);
      });
      end = batch.lastOffset + 1;
      return true;
    });
    const dropBefore = this.now() - retentionMs;
    const keep = (place: RecordPlace, bytes: Uint8Array): boolean => {
      if (place.keyEnd < place.keyStart) return true;
      const newest = latest.get(bytes, place.keyStart, place.keyEnd);
      return newest <= place.offset && !(place.isTombstone && place.timestamp < dropBefore);
    };
    const rewriter = new Rewriter(this.writer, partition);
    await this.walk(partition, partition.low, end, now, async (batch) => {
      await rewriter.add(batch, keep);
      return true;
    });
    await rewriter.flush();
    if (this.closed) return;
    await this.writer.write(0, false, (transaction) => {
      partition.clean = end;
      partition.kept = rewriter.kept;
      transaction.touch(partition);
    });
  }

  /** Visits the batches in [from, to) until `visit` says no; rests in between unless `now`. */
  private async walk(
    partition: Partition,
    from: number,
    to: number,
    now: boolean,
    visit: (batch: BatchView) => boolean | Promise<boolean>,
  ): Promise<void> {
    const reader = new PartitionReader(this.db, partition, from, CHUNK_BYTES, true);
    try {
      while (reader.position < to && !this.closed) {
        const batches = await reader.load();
        if (batches.length === 0) return;
        const began = performance.now();
        for (const batch of batches) {
          if (batch.lastOffset >= to) return;
          if (!(await visit(batch))) return;
        }
        const worked = performance.now() - began;
        await new Promise((resolve) => setTimeout(resolve, now ? 0 : worked * REST));
      }
    } finally {
      reader.close();
    }
  }
}

/** Replaces runs of batches by what is kept of them. */
class Rewriter {
  /** Records kept in all. */
  kept = 0;
  private readonly merger = new BatchMerger();
  private replaced: BatchView[] = [];

  constructor(
    private readonly writer: Writer,
    private readonly partition: Partition,
  ) {}

  async add(batch: BatchView, keep: (place: RecordPlace, bytes: Uint8Array) => boolean): Promise<void> {
    if (batch.rawEnd - batch.rawStart >= BIG_BATCH_BYTES) {
      let kept = 0;
      eachRecord(batch, (place, bytes) => {
        if (keep(place, bytes)) kept++;
      });
      if (kept === batch.recordCount) {
        await this.flush();
        this.kept += kept;
        return;
      }
    }
    if (!this.merger.reaches(batch.lastOffset)) await this.flush();
    this.merger.add(batch, keep);
    this.replaced.push(batch);
    if (this.merger.bytes >= MERGED_BYTES || this.replaced.length >= 1000) await this.flush();
  }

  async flush(): Promise<void> {
    const replaced = this.replaced;
    this.replaced = [];
    if (this.merger.isEmpty) return;
    const before = replaced.reduce((sum, batch) => sum + batch.recordCount, 0);
    const { batch, baseOffset, lastOffset, records } = this.merger.take();
    this.kept += records;
    if (replaced.length === 1 && before === records) return;
    const { id } = this.partition;
    const key = batchKey(id, lastOffset, baseOffset);
    stampBatchRow(key, batch);
    await this.writer.write(batch.length, false, (transaction) => {
      if (this.partition.deleted || this.partition.low > lastOffset) return;
      for (const old of replaced)
        if (old.lastOffset !== lastOffset || old.baseOffset !== baseOffset)
          transaction.delBatch(batchKey(id, old.lastOffset, old.baseOffset));
      transaction.putBatch(key, batch);
    });
  }
}
