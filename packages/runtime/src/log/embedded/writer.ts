/**
 * The one writer of the embedded log. Requests that come while a write is under way go into the next one together: one LevelDB batch, one
 * sync. What a write changes in memory happens when it is durable, so that nobody reads what a crash could take back.
 */
import { messageOf } from '@rta/dsl/message-of';
import { type BatchView, parseBatches } from '../batch/batch-reader.js';
import { CRC, readInt32 } from '../batch/layout.js';
import { sealBatch } from '../batch/seal.js';
import { LogError, type OutputBatch } from '../log.js';
import {
  type BookRow,
  FORMAT,
  HEAD_KEY,
  type HeadRow,
  type PartitionRow,
  batchKey,
  encodeRow,
  partitionKey,
  rowCrc,
  stampBatchRow,
} from './format.js';
import type { Database } from './partition-reader.js';
import type { Partition, RecentBatches } from './partition.js';
import type { Witness, WitnessLine } from './witness.js';

type Operation = { type: 'put'; key: Uint8Array; value: Uint8Array } | { type: 'del'; key: Uint8Array };

/** Bytes of batches that one write takes together. */
const MAX_WRITE_BYTES = 32 * 1024 * 1024;

/** The bookkeeping rows' count and sum, as the head row has them. */
export class Ledger {
  private readonly crcs = new Map<string, number>();
  sum = 0;

  get rows(): number {
    return this.crcs.size;
  }

  put(key: Uint8Array, crc: number): void {
    this.del(key);
    this.crcs.set(latin(key), crc);
    this.sum = (this.sum + crc) >>> 0;
  }

  del(key: Uint8Array): void {
    const name = latin(key);
    const old = this.crcs.get(name);
    if (old === undefined) return;
    this.crcs.delete(name);
    this.sum = (this.sum - old) >>> 0;
  }
}

function latin(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

/** One write being put together. */
export class Transaction {
  readonly operations: Operation[] = [];
  readonly applied: (() => void)[] = [];
  readonly batches: WitnessLine['batches'][number][] = [];
  readonly groups: WitnessLine['groups'][number][] = [];
  private readonly touched = new Set<Partition>();
  nextId: number;
  durable = false;

  constructor(
    readonly commit: number,
    nextId: number,
    private readonly ledger: Ledger,
    private readonly recent: RecentBatches,
  ) {
    this.nextId = nextId;
  }

  put(key: Uint8Array, row: BookRow): void {
    const value = encodeRow(key, row);
    this.ledger.put(key, rowCrc(value));
    this.operations.push({ type: 'put', key, value });
  }

  del(key: Uint8Array): void {
    this.ledger.del(key);
    this.operations.push({ type: 'del', key });
  }

  /** A batch row as it is, no bookkeeping. */
  putBatch(key: Uint8Array, batch: Uint8Array): void {
    this.operations.push({ type: 'put', key, value: batch });
  }

  delBatch(key: Uint8Array): void {
    this.operations.push({ type: 'del', key });
  }

  /** Appends a batch that `checkOutput` has passed; the offset of its first record. */
  append(partition: Partition, output: OutputBatch): number {
    const base = partition.next;
    const last = base + output.recordCount - 1;
    // Sealed before: somebody appends the same batch again, and readers may still have the first.
    const batch = readInt32(output.batch, CRC) === 0 ? output.batch : output.batch.slice();
    sealBatch(batch, { baseOffset: base });
    const key = batchKey(partition.id, last, base);
    stampBatchRow(key, batch);
    this.operations.push({ type: 'put', key, value: batch });
    this.batches.push([partition.topic, partition.partition, base, last]);
    partition.next = last + 1;
    this.touched.add(partition);
    const [view] = parseBatches(batch, { verifyCrc: false });
    this.applied.push(() => {
      this.keep(partition, view);
    });
    return base;
  }

  /** Writes the partition's row anew, with the rest of the transaction. */
  touch(partition: Partition): void {
    this.touched.add(partition);
  }

  /** Called once, before writing. */
  finish(head: Omit<HeadRow, 'rows' | 'sum' | 'nextId'>): void {
    for (const partition of this.touched) {
      if (partition.deleted) continue;
      const row: PartitionRow = {
        low: partition.low,
        high: partition.next,
        clean: partition.clean,
        kept: partition.kept,
        commit: this.commit,
      };
      this.put(partitionKey(partition.id), row);
    }
    const headRow: HeadRow = { ...head, nextId: this.nextId, rows: this.ledger.rows, sum: this.ledger.sum };
    this.operations.push({ type: 'put', key: HEAD_KEY, value: encodeRow(HEAD_KEY, headRow) });
  }

  /** The write is done: readers may see it. */
  apply(): void {
    for (const apply of this.applied) apply();
    for (const partition of this.touched) partition.changed();
  }

  private keep(partition: Partition, view: BatchView): void {
    partition.high = view.lastOffset + 1;
    this.recent.add(partition, view);
  }
}

/** Throws LogError `corrupt` unless the output is one uncompressed batch of `recordCount` records, as `BatchBuilder` makes them. */
export function checkOutput(output: OutputBatch): void {
  const [batch, more] = parseBatches(output.batch, { verifyCrc: false, exact: true });
  // A function call may have given an empty array: the types cannot say.
  if ((batch as BatchView | undefined) === undefined || (more as BatchView | undefined) !== undefined)
    throw new LogError('corrupt', `an output for ${output.topic}-${output.partition} is not one record batch`, false);
  const delta = batch.lastOffset - batch.baseOffset;
  if (batch.attributes !== 0 || batch.recordCount !== output.recordCount || delta !== output.recordCount - 1 || output.recordCount < 1)
    throw new LogError(
      'corrupt',
      `an output for ${output.topic}-${output.partition} is not a plain batch of ${output.recordCount} records`,
      false,
    );
}

interface Request {
  readonly prepare: (transaction: Transaction) => unknown;
  readonly durable: boolean;
  readonly bytes: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Writer {
  private queue: Request[] = [];
  private running: Promise<void> | null = null;
  private lastRequest: Promise<unknown> = Promise.resolve();
  private failure: LogError | null = null;
  private closed = false;

  constructor(
    private readonly db: Database,
    private readonly witness: Witness,
    private readonly ledger: Ledger,
    private readonly recent: RecentBatches,
    private readonly sync: boolean,
    private commit: number,
    private nextId: number,
  ) {}

  /**
   * Adds `prepare` to the next write. It runs synchronously when that write is put together, must throw before it has changed anything
   * or not at all, and its result is given when the write is durable. Rejects with what `prepare` threw; LogError `unknown` when the write
   * failed, `aborted` when an earlier one did, `closed`.
   * @param durable false: the write may wait for a later one's sync
   */
  write<T>(bytes: number, durable: boolean, prepare: (transaction: Transaction) => T): Promise<T> {
    if (this.closed) return Promise.reject(new LogError('closed', 'the embedded log has been closed', false));
    if (this.failure !== null) return Promise.reject(this.stopped(this.failure));
    const done = new Promise<T>((resolve, reject) => {
      this.queue.push({ prepare, durable, bytes, resolve: resolve as (value: unknown) => void, reject });
      this.running ??= this.run();
    });
    this.lastRequest = done;
    return done;
  }

  /** Resolves when everything asked for so far is written, or has failed. */
  async settled(): Promise<void> {
    await this.lastRequest.catch(() => undefined);
  }

  async close(): Promise<void> {
    this.closed = true;
    while (this.running !== null) await this.running;
  }

  private async run(): Promise<void> {
    // Whoever asks in this same turn of the event loop goes along.
    await Promise.resolve();
    while (this.queue.length > 0) {
      if (this.failure === null) await this.writeOnce();
      else for (const request of this.queue.splice(0)) request.reject(this.stopped(this.failure));
    }
    // In the same turn as the look at the queue, so that no request falls in between.
    this.running = null;
  }

  private async writeOnce(): Promise<void> {
    const transaction = new Transaction(this.commit + 1, this.nextId, this.ledger, this.recent);
    const done: (() => void)[] = [];
    const failed: ((error: LogError) => void)[] = [];
    const refused: (() => void)[] = [];
    let bytes = 0;
    let taken = 0;
    for (; taken < this.queue.length && (taken === 0 || bytes + this.queue[taken].bytes <= MAX_WRITE_BYTES); taken++) {
      const request = this.queue[taken];
      bytes += request.bytes;
      try {
        const result = request.prepare(transaction);
        if (request.durable) transaction.durable = true;
        done.push(() => request.resolve(result));
        failed.push(request.reject);
      } catch (error) {
        refused.push(() => request.reject(error));
      }
    }
    this.queue = this.queue.slice(taken);
    if (done.length > 0) await this.writeDown(transaction, done, failed);
    // Not before those that were asked for earlier, which `settled` goes by.
    for (const reject of refused) reject();
  }

  private async writeDown(
    transaction: Transaction,
    done: readonly (() => void)[],
    failed: readonly ((error: LogError) => void)[],
  ): Promise<void> {
    transaction.finish({ format: FORMAT, commit: transaction.commit });
    try {
      await this.db.batch(transaction.operations, { sync: this.sync && transaction.durable });
    } catch (error) {
      this.failure = new LogError('unknown', `the embedded log could not be written: ${messageOf(error)}`, false, { cause: error });
      for (const reject of failed) reject(this.failure);
      return;
    }
    this.commit = transaction.commit;
    this.nextId = transaction.nextId;
    if (transaction.durable) this.witness.write({ commit: transaction.commit, batches: transaction.batches, groups: transaction.groups });
    transaction.apply();
    for (const resolve of done) resolve();
  }

  private stopped(failure: LogError): LogError {
    const message = `the embedded log takes no writes any more, since one has failed (${failure.message}); open it again`;
    return new LogError('aborted', message, false, { cause: failure });
  }
}
