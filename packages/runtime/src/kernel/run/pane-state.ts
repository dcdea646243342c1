/**
 * A fold whose windows overlap, put together from panes when they close (see plan/panes.ts). The tables are of panes, and of windows for the records
 * that were late for others; a pane's `end` is that of the next window that it is in. Changelog and eviction are those of any fold.
 */
import { alignedWindows, type AlignedWindows, isAligned } from '../../plan/aligned-windows.js';
import { idOfWindow, paneStart } from '../../plan/panes.js';
import type { GroupTable } from '../../state/group-table.js';
import { FLAGS, KEY_LENGTH } from '../../state/group-table-rows.js';
import { LOGGED } from '../../state/group-table.js';
import { FoldState } from './fold-state.js';
import type { FoldCode, FoldNode } from './fold-tables.js';
import { PaneSums } from './pane-sums.js';
import type { TaskState } from './task-state.js';

export class PaneState extends FoldState {
  /** Windows that end here or earlier are closed; for generated code, too. */
  closed = -Infinity;
  private readonly kind: AlignedWindows;
  /** The next window of each pane, by the pane's number. */
  private readonly next = new Map<number, number>();
  private readonly sums: PaneSums;
  /** Panes that are in `sums`, by number. */
  private readonly summed = new Set<number>();
  /** There is no memory to keep the sums from window to window: each is added up anew. */
  private isTight = false;

  constructor(node: FoldNode, index: number, code: FoldCode, K: TaskState, fingerprint: number) {
    super(node, index, code, K, fingerprint);
    const { window } = node.transform;
    if (!isAligned(window)) throw new Error(`${node.id} has no panes`);
    this.kind = alignedWindows(window);
    this.sums = new PaneSums(code);
  }

  /** A pane that is over may get something still, where a partition was idle: that counts in each window of its own. */
  protected override addTo(
    K: TaskState,
    id: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    start: number,
    end: number,
  ): void {
    const pane = paneStart(id);
    const add = (to: number): void => super.addTo(K, to, bytes, keyStart, keyEnd, start, end);
    if (Number.isNaN(pane) || this.kind.pane(pane).end > this.closed) add(id);
    else this.eachWindow(pane, (window) => add(idOfWindow(window)));
  }

  private eachWindow(time: number, look: (window: number) => void): void {
    for (let id = this.kind.first(time); !Number.isNaN(id); id = this.kind.next(id, time)) look(id);
  }

  // ---- Closing ----

  protected override closeWindows(K: TaskState, watermark: number): void {
    const windows = this.windows!;
    const until = watermark - this.grace;
    while (windows.firstEnd <= until) {
      const end = windows.firstEnd;
      const due = windows.endingBy(end);
      const panes = due.filter(({ id }) => !Number.isNaN(paneStart(id))).sort((a, b) => a.id - b.id);
      const others = due.filter(({ id }) => Number.isNaN(paneStart(id)));
      if (panes.length > 0) this.closeWindow(K, panes, others);
      else for (const table of others) this.closeFinal(K, table, table.evicted > 0 ? this.cold!.take(table.id) : []);
      for (const pane of panes) this.moveOn(K, pane);
      for (const table of others) windows.close(table);
    }
    if (until > this.closed) this.closed = until;
  }

  private closeWindow(K: TaskState, panes: readonly GroupTable[], others: readonly GroupTable[]): void {
    const { kind, sums, summed } = this;
    const window = this.windowAfter(panes[0]);
    const T = sums.table;
    T.start = kind.startOf(window);
    T.end = kind.endOf(window);
    if (!this.isTight)
      for (const pane of panes) {
        if (summed.has(pane.id)) continue;
        this.eachGroup(K, pane, (slot) => sums.add(K, pane, slot, paneStart(pane.id)));
        summed.add(pane.id);
      }
    sums.sumUp(T.start);
    for (const table of this.isTight ? [...panes, ...others] : others)
      this.eachGroup(K, table, (slot) => sums.copy(K, table, slot, sums.headOf(table, slot)));
    for (const table of others) this.forget(K, table);
    sums.each((head) => this.code.emit(K, T, head));
  }

  /** The window that a pane is in and that closes next. */
  private windowAfter({ id }: GroupTable): number {
    return this.next.get(id) ?? this.kind.first(paneStart(id));
  }

  /** To the next window of a pane; where there is none, the pane goes. */
  private moveOn(K: TaskState, pane: GroupTable): void {
    const next = this.kind.next(this.windowAfter(pane), paneStart(pane.id));
    if (!Number.isNaN(next)) {
      this.next.set(pane.id, next);
      this.windows!.extend(pane, this.kind.endOf(next));
      return;
    }
    this.forget(K, pane);
    this.next.delete(pane.id);
    this.summed.delete(pane.id);
    this.windows!.close(pane);
  }

  private eachGroup(K: TaskState, T: GroupTable, look: (slot: number) => void): void {
    for (let slot = 0; slot < T.slots; slot++) if (T.meta[slot * T.metaStride + KEY_LENGTH] >= 0) look(slot);
    this.eachEvicted(K, (_, slot) => look(slot), T);
  }

  /** Takes a table's groups out of the changelog. */
  private forget(K: TaskState, T: GroupTable): void {
    const evicted = T.evicted > 0 ? this.cold!.take(T.id) : [];
    for (let slot = 0; slot < T.slots; slot++) {
      const m = slot * T.metaStride;
      if (T.meta[m + KEY_LENGTH] >= 0 && (T.meta[m + FLAGS] & LOGGED) !== 0) this.logTombstone(K, T, slot);
    }
    for (const key of evicted) this.withEvicted(K, T, key, (slot) => this.logTombstone(K, T, slot));
  }

  // ---- Restoring, memory ----

  override restored(K: TaskState, watermark: number): void {
    super.restored(K, watermark);
    this.closed = watermark - this.grace;
    for (const pane of [...this.windows!.all()]) {
      const start = paneStart(pane.id);
      let window = this.kind.first(start);
      while (!Number.isNaN(window) && this.kind.endOf(window) <= this.closed) window = this.kind.next(window, start);
      if (Number.isNaN(start) || Number.isNaN(window)) continue;
      this.next.set(pane.id, window);
      this.windows!.extend(pane, this.kind.endOf(window));
    }
  }

  override relieve(total: number, limit: number): void {
    if (total > limit && this.sums.bytes > 0) {
      total -= this.sums.bytes;
      this.isTight = true;
      this.dropSums();
    }
    super.relieve(total, limit);
  }

  override evictAll(): void {
    this.dropSums();
    super.evictAll();
  }

  private dropSums(): void {
    this.sums.clear();
    this.summed.clear();
  }

  override bytes(): number {
    return super.bytes() + this.sums.bytes;
  }
}
