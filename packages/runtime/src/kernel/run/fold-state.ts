/** A fold's part of a flush: which groups go out, close and expire, in the three modes of emission; and partials. */
import { CHANGED, DIRTY, EMITTED, type GroupTable, LOGGED, PENDING, SHRUNK } from '../../state/group-table.js';
import { compareBytes } from '../../state/group-table-hash.js';
import { FLAGS, FLUSH, KEY_LENGTH, NEXT } from '../../state/group-table-rows.js';
import { Contributions } from './contributions.js';
import { FoldMemory } from './fold-memory.js';
import type { FoldCode, FoldNode } from './fold-tables.js';
import { sortedByKey } from './key-order.js';
import type { TaskState } from './task-state.js';

export class FoldState extends FoldMemory {
  protected readonly grace: number;
  private readonly emitMode: 'updates' | 'final' | 'every';
  private readonly everyMs: number;
  /** Period of `emit: every` in which the last emission was. */
  private period: number;
  /** Slots with PENDING, when emissions wait for a tick. */
  private readonly pending = new Map<GroupTable, number[]>();
  /** What the rows of a table gave; null where rows are of streams. */
  readonly rows: Contributions | null;

  constructor(node: FoldNode, index: number, code: FoldCode, K: TaskState, fingerprint: number) {
    super(node, index, code, K, fingerprint);
    const { window, emit } = node.transform;
    this.rows = code.apply && new Contributions(this, code.apply);
    this.grace = window?.graceMs ?? 0;
    this.emitMode = emit.mode;
    this.everyMs = emit.mode === 'every' ? emit.everyMs : 0;
    this.period = this.everyMs > 0 ? Math.floor(K.env.now() / this.everyMs) : 0;
  }

  flush(K: TaskState, watermark: number): void {
    if (this.node.mode === 'partial') {
      this.sendPartials(K);
      return;
    }
    this.endRestoring(); // a new task has nothing to restore
    const open = this.opens(K);
    if (this.windows) this.closeWindows(K, watermark);
    if (this.expiry) this.expire(K, watermark);
    for (const table of this.tables()) this.flushTable(K, table, watermark, open);
    if (open && this.evictedArePending) {
      this.eachEvicted(K, (T, slot) => {
        if (T.num[slot * T.numStride] + this.ttl > watermark) this.handOn(K, T, slot);
        else this.takeBack(K, T, slot);
      });
      this.evictedArePending = false;
    }
    this.flushed(watermark);
  }

  /** `every`: the first flush after each multiple of the period, by the wall clock. */
  private opens(K: TaskState): boolean {
    if (this.everyMs === 0) return true;
    const period = Math.floor(K.now / this.everyMs);
    const passed = period > this.period;
    this.period = period;
    return passed;
  }

  // ---- Dirty groups ----

  /** Changelog values, and rows. */
  private flushTable(K: TaskState, T: GroupTable, watermark: number, open: boolean): void {
    const { emitMode, code } = this;
    const { dirty, dirtyCount: count } = T;
    T.dirtyCount = 0;
    for (let i = 0; i < count; i++) {
      const slot = dirty[i];
      const f = slot * T.metaStride + FLAGS;
      if (this.expiry !== null && this.dropOld(K, T, slot, watermark, open)) continue;
      if (code.isEmpty !== null && this.dropEmpty(K, T, slot, open)) continue;
      const flags = T.meta[f];
      if ((flags & CHANGED) !== 0) this.log(K, T, slot);
      T.meta[f] = (T.meta[f] & ~(DIRTY | CHANGED)) | LOGGED;
      const quiet = this.expiry !== null && T.num[slot * T.numStride] + this.ttl <= watermark;
      if (emitMode === 'every') {
        if (quiet || (flags & CHANGED) !== 0) this.wait(T, slot);
      } else if (emitMode === 'updates') {
        if (quiet) this.takeBack(K, T, slot);
        else if ((flags & CHANGED) !== 0) this.handOn(K, T, slot);
      }
      if (this.expiry !== null) this.expiry.add(slot, this.dueOf(slot));
    }
    if (emitMode === 'every' && open) this.emitPending(K, T, watermark);
  }

  private handOn(K: TaskState, T: GroupTable, slot: number): void {
    this.code.emit(K, T, slot);
    T.meta[slot * T.metaStride + FLAGS] |= EMITTED;
  }

  private takeBack(K: TaskState, T: GroupTable, slot: number): void {
    const f = slot * T.metaStride + FLAGS;
    if ((T.meta[f] & EMITTED) === 0) return;
    this.code.retract(K, T, slot);
    T.meta[f] &= ~EMITTED;
  }

  private wait(T: GroupTable, slot: number): void {
    const f = slot * T.metaStride + FLAGS;
    if ((T.meta[f] & PENDING) !== 0) return;
    T.meta[f] |= PENDING;
    const slots = this.pending.get(T);
    if (slots) slots.push(slot);
    else this.pending.set(T, [slot]);
  }

  private emitPending(K: TaskState, T: GroupTable, watermark: number): void {
    const slots = this.pending.get(T);
    if (!slots) return;
    this.pending.delete(T);
    for (const slot of slots) {
      const f = slot * T.metaStride + FLAGS;
      if ((T.meta[f] & PENDING) === 0) continue;
      T.meta[f] &= ~PENDING;
      if (this.dropEmpty(K, T, slot, true)) continue;
      if (T.num[slot * T.numStride] + this.ttl > watermark) this.handOn(K, T, slot);
      else this.takeBack(K, T, slot);
      if (this.expiry !== null) this.expiry.add(slot, this.dueOf(slot));
    }
  }

  /** Drops a group of a table's rows that has none left; not before its row has been taken back, which a restart would forget. */
  private dropEmpty(K: TaskState, T: GroupTable, slot: number, open: boolean): boolean {
    const waits = this.emitMode === 'every' && !open && (T.meta[slot * T.metaStride + FLAGS] & EMITTED) !== 0;
    if (waits || this.code.isEmpty?.(K, T, slot) !== true) return false;
    this.takeBack(K, T, slot);
    this.free(K, T, slot);
    return true;
  }

  // ---- Ttl ----

  /** Lists what the new watermark takes away: rows of quiet groups, and old incarnations. */
  private expire(K: TaskState, watermark: number): void {
    this.recall(K, watermark);
    this.expiry!.expire(
      watermark,
      (slot) => this.dueOf(slot),
      (slot) => this.table.visit(slot),
    );
  }

  /** Drops incarnations that no accepted record can join any more; true when the group is gone. */
  private dropOld(K: TaskState, T: GroupTable, head: number, watermark: number, open: boolean): boolean {
    const m = T.metaStride;
    const f = head * m + FLAGS;
    const gone = watermark - 2 * this.ttl;
    // A row that waits for its tick to be taken back keeps its state: a restart would forget the row otherwise.
    if (this.emitMode === 'every' && !open && (T.meta[f] & EMITTED) !== 0) return false;
    for (let before = head, slot = T.meta[head * m + NEXT]; slot >= 0;) {
      const next = T.meta[slot * m + NEXT];
      if (T.num[slot * T.numStride] <= gone) {
        T.meta[before * m + NEXT] = next;
        T.remove(slot);
        T.meta[f] |= SHRUNK;
      } else before = slot;
      slot = next;
    }
    if (T.num[head * T.numStride] > gone) {
      if ((T.meta[f] & SHRUNK) !== 0 && (T.meta[f] & CHANGED) === 0) {
        this.log(K, T, head);
        T.meta[head * m + FLUSH] = this.flushNumber;
      }
      T.meta[f] &= ~SHRUNK;
      return false;
    }
    this.takeBack(K, T, head);
    this.expiry!.remove(head);
    this.free(K, T, head);
    return true;
  }

  // ---- Windows ----

  /** In (window end, key) order, so that results are the same whenever the watermark came by. */
  protected closeWindows(K: TaskState, watermark: number): void {
    const windows = this.windows!;
    for (const table of windows.endingBy(watermark - this.grace)) {
      const evicted = table.evicted > 0 ? this.cold!.take(table.id) : [];
      if (this.emitMode === 'final') this.closeFinal(K, table, evicted);
      else this.closeTable(K, table, evicted);
      this.pending.delete(table);
      windows.close(table);
    }
  }

  protected closeFinal(K: TaskState, T: GroupTable, evicted: readonly Uint8Array[]): void {
    let next = 0;
    const comeBack = (before: number): void => {
      for (; next < evicted.length; next++) {
        const key = evicted[next];
        if (before >= 0) {
          const start = T.keyStart(before);
          const end = start + T.meta[before * T.metaStride + KEY_LENGTH];
          if (compareBytes(key, 0, key.length, T.keyBytes(before), start, end) > 0) return;
        }
        this.withEvicted(K, T, key, (slot) => {
          this.giveFinal(K, T, slot);
          this.logTombstone(K, T, slot);
        });
      }
    };
    for (const slot of sortedByKey(T)) {
      comeBack(slot);
      this.giveFinal(K, T, slot);
      if ((T.meta[slot * T.metaStride + FLAGS] & LOGGED) !== 0) this.logTombstone(K, T, slot);
    }
    comeBack(-1);
  }

  private giveFinal(K: TaskState, T: GroupTable, slot: number): void {
    if (this.code.isEmpty?.(K, T, slot) !== true) this.code.emit(K, T, slot);
  }

  /** The last updates go out, and the state goes; the rows stay downstream. */
  private closeTable(K: TaskState, T: GroupTable, evicted: readonly Uint8Array[]): void {
    for (const slot of sortedByKey(T)) {
      if ((T.meta[slot * T.metaStride + FLAGS] & (CHANGED | PENDING)) === 0) continue;
      if (this.code.isEmpty?.(K, T, slot) === true) this.takeBack(K, T, slot);
      else this.handOn(K, T, slot);
    }
    if (this.evictedArePending) for (const key of evicted) this.withEvicted(K, T, key, (slot) => this.handOn(K, T, slot));
    this.code.freeze(K, T);
    for (let slot = 0; slot < T.slots; slot++) {
      const m = slot * T.metaStride;
      if (T.meta[m + KEY_LENGTH] >= 0 && (T.meta[m + FLAGS] & LOGGED) !== 0) this.logTombstone(K, T, slot);
    }
    for (const key of evicted) this.withEvicted(K, T, key, (slot) => this.logTombstone(K, T, slot));
  }

  /** Calls `look` for every group whose row was handed on, evicted ones too: for ranks that read the whole table. */
  eachEmitted(K: TaskState, look: (T: GroupTable, slot: number) => void, only?: GroupTable): void {
    const isOut = (T: GroupTable, slot: number): boolean => (T.meta[slot * T.metaStride + FLAGS] & EMITTED) !== 0;
    for (const T of this.tables(only))
      for (let slot = 0; slot < T.slots; slot++) if (T.meta[slot * T.metaStride + KEY_LENGTH] >= 0 && isOut(T, slot)) look(T, slot);
    this.eachEvicted(
      K,
      (T, slot) => {
        if (isOut(T, slot)) look(T, slot);
      },
      only,
    );
  }

  /** Earliest event time at which `flush` has something to close or to take back. */
  nextDue(): number {
    if (this.node.mode === 'partial') return Infinity;
    if (this.windows) return this.windows.firstEnd + this.grace;
    return this.nextExpiry();
  }

  // ---- Partials ----

  private sendPartials(K: TaskState): void {
    const { windows, table } = this;
    if (windows === null) {
      this.sendTable(K, table);
      table.clear();
      return;
    }
    for (const window of windows.inOrder()) {
      this.sendTable(K, window);
      windows.close(window);
    }
  }

  // ---- After a restart ----

  restored(K: TaskState, watermark: number): void {
    this.endRestoring();
    this.watermark = watermark;
    if (this.emitMode === 'final' || this.node.mode === 'partial') return;
    const every = this.emitMode === 'every';
    for (const T of this.tables()) {
      for (let slot = 0; slot < T.slots; slot++) {
        if (T.meta[slot * T.metaStride + KEY_LENGTH] < 0) continue;
        // Which periodic emissions were still due is not in the state: all are, once more, and every row counts as emitted.
        if (every) this.wait(T, slot);
        if (every || T.num[slot * T.numStride] + this.ttl > watermark) {
          this.code.prime(K, T, slot);
          T.meta[slot * T.metaStride + FLAGS] |= EMITTED;
        }
        if (this.expiry !== null) {
          this.expiry.remove(slot);
          this.expiry.add(slot, this.dueOf(slot));
        }
      }
    }
    this.evictedArePending = every;
    // What did not fit into memory: reading it back is what makes it known to ranks.
    if (this.code.pinned !== 0) this.eachEvicted(K, () => undefined);
  }

  override bytes(): number {
    return super.bytes() + (this.rows?.bytes ?? 0);
  }
}
