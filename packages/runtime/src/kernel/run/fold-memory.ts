/**
 * What of a fold's groups is in memory, and what is in the store only: eviction, what comes back, and groups that are over but still known
 * there.
 */
import { DEAD, type GroupTable, LOGGED } from '../../state/group-table.js';
import { hashBytes } from '../../state/group-table-hash.js';
import { FLAGS, FLUSH, HASH, KEY_LENGTH } from '../../state/group-table-rows.js';
import { FoldTables } from './fold-tables.js';
import type { TaskState } from './task-state.js';

/** Less than this part of the limit is left to those behind. */
const REMEMBERED_PART = 8;

export abstract class FoldMemory extends FoldTables {
  protected flushNumber = 1;
  private isRestored = false;
  /** Slots with DEAD, in the order of their flushes. */
  private readonly dead: number[] = [];

  /** Writes what changed since the last flush, at a watermark that has taken the holds of the nodes before into account. */
  abstract flush(K: TaskState, watermark: number): void;
  /** All changelog records have been given to `restore`. */
  abstract restored(K: TaskState, watermark: number): void;
  /** Earliest event time at which `flush` has something to close or to take back. */
  abstract nextDue(): number;

  /** Everything of a flush is written. */
  protected flushed(watermark: number): void {
    this.watermark = watermark;
    this.flushNumber++;
    this.table.flush = this.flushNumber;
    if (this.windows) this.windows.flush = this.flushNumber;
  }

  // ---- Groups that expire ----

  /** Brings back what was evicted and is due. */
  protected recall(K: TaskState, watermark: number): void {
    const { cold, table } = this;
    if (cold === null || table.evicted === 0) return;
    for (const list of cold.listsUpTo(Math.floor(watermark / this.coldWidth))) {
      for (const key of cold.take(list)) {
        const hash = hashBytes(key, 0, key.length);
        // Those that came back in the meantime are entered in the index.
        if (table.find(hash, key, 0, key.length) < 0) this.readBack(K, table, hash, key, 0, key.length);
      }
    }
  }

  /** When the first group has something due. */
  protected nextExpiry(): number {
    if (this.expiry === null) return Infinity;
    const [cold] = this.cold !== null && this.table.evicted > 0 ? this.cold.listsUpTo(Infinity) : [];
    return Math.min(
      this.expiry.next((slot) => this.dueOf(slot)),
      cold === undefined ? Infinity : cold * this.coldWidth,
    );
  }

  /** Frees a group that is over, with a tombstone in the changelog if it is known there. */
  protected free(K: TaskState, T: GroupTable, slot: number): void {
    const f = slot * T.metaStride + FLAGS;
    if ((T.meta[f] & LOGGED) !== 0) this.logTombstone(K, T, slot);
    if (this.cold === null) {
      T.remove(slot);
      return;
    }
    T.reset(slot);
    T.meta[f] = DEAD;
    T.meta[f + FLUSH - FLAGS] = this.flushNumber;
    this.dead.push(slot);
  }

  /** What was changed by flush `commit` at the latest is in the store; 0: all that was restored so far is. */
  stored(commit: number): void {
    if (this.cold !== null) this.cold.stored = commit > 0 ? commit : this.restoring++;
    const { dead, table: T } = this;
    let done = 0;
    for (; done < dead.length; done++) {
      const m = dead[done] * T.metaStride;
      // Revived, or dead again since.
      if ((T.meta[m + FLAGS] & DEAD) === 0) continue;
      if (T.meta[m + FLUSH] > commit) break;
      T.remove(dead[done]);
    }
    dead.splice(0, done);
  }

  // ---- Eviction ----

  /** All that was restored is in the store. */
  protected endRestoring(): void {
    if (this.isRestored) return;
    this.stored(0);
    this.isRestored = true;
  }

  /** Evicts groups where the tables would grow beyond the limit. `total`: bytes of all tables of the task. */
  relieve(total: number, limit: number): void {
    const { cold } = this;
    if (cold === null) return;
    if (this.windows === null) {
      this.relieveTable(this.table, total, limit);
      return;
    }
    // A window in which nothing happens any more goes as a whole, oldest first; then what is left is looked at group by group.
    for (const table of this.windows.inOrder()) {
      if (total <= limit) break;
      if (table.slots > 0 && this.isIdle(table)) {
        const before = table.bytes;
        const evicted = table.evicted + table.size;
        for (let slot = 0; slot < table.slots; slot++)
          if (table.meta[slot * table.metaStride + KEY_LENGTH] >= 0) this.evicting(table, slot);
        table.clear(true);
        table.evicted = evicted;
        total -= before - table.bytes;
      }
    }
    for (const table of this.windows.all()) this.relieveTable(table, total, limit);
  }

  private relieveTable(table: GroupTable, total: number, limit: number): void {
    // Arrays grow at once and do not shrink, so they are relieved before they grow; what hangs on slots grows by and by, and goes with them.
    const grows = table.isNearlyFull && total + table.growth > limit;
    // So does what those behind keep of rows; where it is little of all there is, evicting for it would be in vain.
    const overweight = total > limit && (table.sideBytes > 0 || this.code.remembered(this.task) > limit / REMEMBERED_PART);
    if (!grows && !overweight) return;
    table.evict(table.size >> 2, this.cold!.stored, this.code.pinned, (slot) => this.evicting(table, slot));
    if (this.windows === null && !this.several) this.cold!.tidy(0, table.evicted);
  }

  /** Evicts every group that can go, for tests of what comes back. */
  evictAll(): void {
    if (this.cold === null) return;
    for (const table of this.tables()) {
      for (let slot = 0; slot < table.slots; slot++) {
        if (!table.isEvictable(slot, this.cold.stored, this.code.pinned)) continue;
        this.evicting(table, slot);
        table.removeAll(slot);
        table.evicted++;
      }
    }
  }

  private isIdle(table: GroupTable): boolean {
    for (let slot = 0; slot < table.slots; slot++)
      if (table.meta[slot * table.metaStride + KEY_LENGTH] >= 0 && !table.isEvictable(slot, this.cold!.stored, this.code.pinned))
        return false;
    return true;
  }

  protected evicting(T: GroupTable, slot: number): void {
    this.forgetRows(T, slot);
    const m = slot * T.metaStride;
    const start = T.keyStart(slot);
    this.cold!.add(T.meta[m + HASH], this.listOf(T, slot), T.keyBytes(slot), start, start + T.meta[m + KEY_LENGTH]);
    this.expiry?.remove(slot);
  }

  /** Those behind forget the group's rows. */
  protected forgetRows(T: GroupTable, slot: number): void {
    this.code.evicted?.(this.task, T, slot);
  }

  private listOf(T: GroupTable, slot: number): number {
    if (this.windows !== null) return T.id;
    if (!this.several) return 0;
    // Which rows are out is not known yet while restoring: so as if all were.
    const due = this.isRestored ? this.dueOf(slot) : Math.min(this.dueOf(slot), T.num[slot * T.numStride] + this.ttl);
    return Math.floor(due / this.coldWidth);
  }

  /** Has a look at a group that is evicted still, as if it were in the table. A rank may keep it there. */
  protected withEvicted(K: TaskState, T: GroupTable, key: Uint8Array, look: (slot: number) => void): void {
    const hash = hashBytes(key, 0, key.length);
    if (T.find(hash, key, 0, key.length) >= 0) return;
    const slot = this.readBack(K, T, hash, key, 0, key.length);
    if (slot < 0) return;
    look(slot);
    if ((T.meta[slot * T.metaStride + FLAGS] & this.code.pinned) !== 0) return;
    this.forgetRows(T, slot);
    this.expiry?.remove(slot);
    T.removeAll(slot);
    T.evicted++;
  }

  protected eachEvicted(K: TaskState, look: (T: GroupTable, slot: number) => void, only?: GroupTable): void {
    for (const T of this.tables(only)) {
      if (T.evicted === 0) continue;
      for (const key of this.evictedOf(T)) this.withEvicted(K, T, key, (slot) => look(T, slot));
    }
  }

  protected evictedOf(T: GroupTable): Uint8Array[] {
    if (this.windows !== null) return this.cold!.keys(T.id);
    return this.cold!.listsUpTo(Infinity).flatMap((list) => this.cold!.keys(list));
  }

  /** See `StageKernel`. Not where groups have to be found again without a record of theirs, nor where all are in memory in any case. */
  leaveInStore(entries: number): boolean {
    const { cold } = this;
    if (cold === null || cold.listed || this.code.apply !== null) return false;
    cold.hasStrangers = true;
    this.table.evicted = entries;
    return true;
  }

  // ---- Counts ----

  entries(): number {
    let entries = -this.dead.length;
    for (const table of this.tables()) entries += table.size + table.evicted;
    return entries;
  }

  bytes(): number {
    let sum = (this.cold?.bytes ?? 0) + (this.expiry?.bytes ?? 0);
    for (const { bytes } of this.tables()) sum += bytes;
    return sum;
  }

  dirtyEntries(): number {
    let dirty = 0;
    for (const table of this.tables()) dirty += table.dirtyCount;
    return dirty;
  }
}
