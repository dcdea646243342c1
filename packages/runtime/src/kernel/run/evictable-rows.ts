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
  /** It is among those that were written: once, however often that was. */
  listed: boolean;
}

export abstract class EvictableRows<Row extends EvictableRow> {
  protected dirty: Row[] = [];
  /** How many of the dirty ones are gone. */
  private dirtyGone = 0;
  protected count = 0;
  protected heldBytes = 0;
  /** Written and not yet known to be stored, by flush; then those that may be evicted. */
  private written: Row[] = [];
  private evictable: Row[] = [];
  /** How many of either are gone, at most. */
  private listedGone = 0;
  private flushNumber = 1;
  private storedFlush = -1;

  /** @param overhead bytes that a row takes beside its own, about */
  constructor(
    protected readonly K: TaskState,
    private readonly overhead: number,
  ) {}

  /** The row is in the changelog, or was there before this task. */
  protected noteWritten(row: Row): void {
    if (this.K.env.store === null || row.listed) return;
    row.listed = true;
    this.written.push(row);
  }

  protected noteLogged(row: Row): void {
    row.flush = this.flushNumber;
    this.noteWritten(row);
  }

  protected noteGone(row: Row): void {
    row.gone = true;
    if (row.dirty) this.dirtyGone++;
    if (row.listed) this.listedGone++;
  }

  /** What came and went since the last flush will not be written at all, and need not be kept for it. */
  protected forgetGone(): void {
    if (this.dirtyGone * 2 < this.dirty.length) return;
    this.dirty = this.dirty.filter(({ gone }) => !gone);
    this.dirtyGone = 0;
  }

  /** All that is dirty was written. */
  protected flushed(): void {
    this.dirtyGone = 0;
    this.flushNumber++;
    this.unlistGone();
  }

  /** Rows mostly go long before a store has them: they are not kept until then. */
  private unlistGone(): void {
    const { written, evictable } = this;
    if (this.listedGone === 0 || this.listedGone * 2 < written.length + evictable.length) return;
    this.written = written.filter((row) => this.mayGo(row));
    this.evictable = evictable.filter((row) => this.mayGo(row));
    this.listedGone = 0;
  }

  /** What was written by flush `commit` at the latest is in the store. */
  stored(commit: number): void {
    this.storedFlush = commit;
    const still: Row[] = [];
    for (const row of this.written) (row.flush <= commit ? this.evictable : still).push(row);
    this.written = still;
  }

  /** Whether the row has bytes here that are still wanted; it is no longer listed where not. */
  private mayGo(row: Row): boolean {
    row.listed = !row.gone && row.row !== null;
    return row.listed;
  }

  /** Evicts rows where `total` bytes of the task's state are more than the limit. */
  relieve(total: number, limit: number): void {
    if (total <= limit) return;
    for (const row of this.evictable) {
      if (!this.mayGo(row)) continue;
      // Changed since: it goes when that is stored.
      if (row.dirty || row.flush > this.storedFlush) {
        this.written.push(row);
        continue;
      }
      row.listed = false;
      this.letGo(row);
    }
    this.evictable = [];
  }

  /** The row's bytes are not kept here any more. */
  protected letGo(row: Row): void {
    row.row = null;
    this.heldBytes -= row.length;
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
