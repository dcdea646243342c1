/** Reads a partition onwards from an offset: from memory where it was just appended, else from LevelDB, checking every row. */
import type { Level } from 'level';
import { messageOf } from '@rta/dsl/message-of';
import { type BatchView, parseBatches, prepareBatches } from '../batch/batch-reader.js';
import { LogError } from '../log.js';
import { BATCH_KEY_BYTES, batchKey, batchKeyParts, batchRowIsRight } from './format.js';
import type { Partition } from './partition.js';

export type Database = Level<Uint8Array, Uint8Array>;

/** Rows that one step of an iterator may bring; bytes are limited apart. */
const ROWS_A_STEP = 512;

interface EntryIterator {
  nextv(size: number): Promise<[Uint8Array, Uint8Array][]>;
  close(): Promise<void>;
}

interface OpenIterator {
  readonly source: EntryIterator;
  /** The partition's end when the iterator took its snapshot: everything before must be there. */
  readonly end: number;
}

export class PartitionReader {
  private iterator: OpenIterator | null = null;
  private closed = false;

  /**
   * @param position next offset to read
   * @param diskOnly rows as they are on the disk, also where memory has them (compaction replaces rows by their keys)
   */
  constructor(
    private readonly db: Database,
    private readonly partition: Partition,
    public position: number,
    private readonly chunkBytes: number,
    private readonly diskOnly = false,
  ) {}

  /** Whether `take` can give something without the disk. */
  get inMemory(): boolean {
    return !this.diskOnly && this.position >= this.partition.recentBase && this.position < this.partition.high;
  }

  get atEnd(): boolean {
    return this.position >= this.partition.high;
  }

  /** The next batches from memory, and moves on; empty when there are none in memory. Throws as `Partition.check`. */
  take(): BatchView[] {
    this.partition.check(this.position);
    if (!this.inMemory) return [];
    const batches = this.partition.recentFrom(this.position, this.chunkBytes);
    this.position = batches[batches.length - 1].lastOffset + 1;
    return batches;
  }

  /** The next batches from wherever they are; empty at the end. Throws as `Partition.check`, and LogError `corrupt`. One at a time. */
  async load(): Promise<BatchView[]> {
    this.partition.check(this.position);
    for (;;) {
      if (this.inMemory) {
        await this.closeIterator();
        return this.take();
      }
      if (this.atEnd) {
        await this.closeIterator();
        return [];
      }
      this.iterator ??= this.open();
      const { source, end } = this.iterator;
      const entries = await readStep(source, this.partition.name, this.position);
      if (this.closed) return [];
      this.partition.check(this.position);
      if (entries.length === 0) {
        if (this.position < end) throw missing(this.partition, this.position, end);
        await this.closeIterator();
        continue;
      }
      const batches: BatchView[] = [];
      for (const [key, value] of entries) {
        const batch = checkedBatch(this.partition, key, value);
        const first = this.position;
        if (batch.baseOffset > first) throw missing(this.partition, first, batch.baseOffset);
        this.position = batch.lastOffset + 1;
        batches.push(batch);
      }
      return prepareBatches(batches);
    }
  }

  /** May be called at any time, also while a `load` is under way, which then gives nothing. */
  close(): void {
    this.closed = true;
    void this.closeIterator();
  }

  private open(): OpenIterator {
    const { id, high } = this.partition;
    const source: EntryIterator = this.db.iterator<Uint8Array, Uint8Array>({
      gte: batchKey(id, this.position, 0),
      lt: batchKey(id, high, 0), // not what is being written just now
      highWaterMarkBytes: this.chunkBytes,
    });
    return { source, end: high };
  }

  private async closeIterator(): Promise<void> {
    const iterator = this.iterator;
    this.iterator = null;
    if (iterator !== null) await iterator.source.close();
  }
}

async function readStep(source: EntryIterator, name: string, position: number): Promise<[Uint8Array, Uint8Array][]> {
  try {
    return await source.nextv(ROWS_A_STEP);
  } catch (error) {
    if ((error as { code?: string }).code === 'LEVEL_ITERATOR_NOT_OPEN') return [];
    throw new LogError('corrupt', `the embedded log cannot read ${name} from offset ${position} on: ${messageOf(error)}`, false, {
      cause: error,
    });
  }
}

/** A row as a batch. Throws LogError `corrupt`, naming the offsets, when any bit of key or value is not what was written. */
export function checkedBatch(partition: Partition, key: Uint8Array, value: Uint8Array): BatchView {
  if (key.length !== BATCH_KEY_BYTES) throw damaged(partition, 'a batch has a key that is none', -1, -1);
  const { lastOffset, baseOffset } = batchKeyParts(key);
  if (!batchRowIsRight(key, value)) throw damaged(partition, 'the checksum of key and header is wrong', baseOffset, lastOffset);
  let batches: BatchView[];
  try {
    batches = parseBatches(value, { exact: true });
  } catch (error) {
    throw damaged(partition, messageOf(error), baseOffset, lastOffset);
  }
  if (batches.length !== 1 || batches[0].baseOffset !== baseOffset || batches[0].lastOffset !== lastOffset)
    throw damaged(partition, 'key and batch do not agree', baseOffset, lastOffset);
  return batches[0];
}

function damaged(partition: Partition, what: string, from: number, to: number): LogError {
  const offsets = from < 0 ? 'some offsets' : from === to ? `offset ${from}` : `offsets ${from} to ${to}`;
  return new LogError('corrupt', `the embedded log is damaged: ${offsets} of ${partition.name} cannot be read: ${what}`, false);
}

/** Offsets [from, end) are not there. */
export function missing(partition: Partition, from: number, end: number): LogError {
  return new LogError('corrupt', `the embedded log is damaged: offsets ${from} to ${end - 1} of ${partition.name} are missing`, false);
}
