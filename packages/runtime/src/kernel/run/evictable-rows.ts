/**
 * Rows of a join in one task, whose bytes may be in the store only: what is changed is dirty until it is written, and once the store has what was
 * written, the bytes can go where memory is short.
 */
import type { TaskState } from './task-state.js';

export interface EvictableRow {
  /** Null: only in the store. */
  row: Uint8Array | null;
  readonly length: number;
  dirty: boolean;
  gone: boolean;
  /** The flush that wrote it last. */
  flush: number;
}

export abstract class EvictableRows<Row extends EvictableRow> {
  protected dirty: Row[] = [];
  protected count = 0;
  protected heldBytes = 0;
  /** Written and not yet known to be stored, by flush; then those that may be evicted. */
  private written: Row[] = [];
  private evictable: Row[] = [];
  private flushNumber = 1;
  private storedFlush = -1;

  /** @param overhead bytes that a row takes beside its own, about */
  constructor(
    protected readonly K: TaskState,
    private readonly overhead: number,
  ) {}

  /** The row is in the changelog, or was there before this task. */
  protected noteWritten(row: Row): void {
    if (this.K.env.store !== null) this.written.push(row);
  }

  protected noteLogged(row: Row): void {
    row.flush = this.flushNumber;
    this.noteWritten(row);
  }

  /** All that is dirty was written. */
  protected flushed(): void {
    this.flushNumber++;
  }

  /** What was written by flush `commit` at the latest is in the store. */
  stored(commit: number): void {
    this.storedFlush = commit;
    const still: Row[] = [];
    for (const row of this.written) (row.flush <= commit ? this.evictable : still).push(row);
    this.written = still;
    if (this.evictable.length > 2 * this.count + 1000) this.evictable = this.evictable.filter(({ gone, row }) => !gone && row !== null);
  }

  /** Evicts rows where `total` bytes of the task's state are more than the limit. */
  relieve(total: number, limit: number): void {
    if (total <= limit) return;
    for (const kept of this.evictable) {
      if (kept.gone || kept.dirty || kept.row === null || kept.flush > this.storedFlush) continue;
      kept.row = null;
      this.heldBytes -= kept.length;
    }
    this.evictable = [];
  }

  /** Evicts every row that can go, for tests of what comes back. */
  evictAll(): void {
    this.relieve(1, 0);
  }

  entries(): number {
    return this.count;
  }

  bytes(): number {
    return this.count * this.overhead + this.heldBytes;
  }

  dirtyEntries(): number {
    return this.dirty.length;
  }
}
