/** Keyed aggregation without windows, with a ttl, or in windows that times alone tell. */
import { Buffer } from 'node:buffer';
import type { CumulateWindow, HoppingWindow, TypedExpr } from '@rta/dsl';
import { type AlignedWindows, alignedWindows, isAligned } from '../../plan/aligned-windows.js';
import { paneStart, windowOf } from '../../plan/panes.js';
import { NO_TIME, retracts, rowCountOf } from '../../plan/table-folds.js';
import { acceptanceOf } from '../../plan/window-times.js';
import { evaluateRow } from './expressions.js';
import type { Entry } from './groups.js';
import { type FoldNode, type Interval, KeyedFold } from './keyed-fold.js';
import type { Change, StageContext, StreamRow, TimedRow } from './operator.js';

export class Fold extends KeyedFold {
  private readonly window: HoppingWindow | CumulateWindow | null = null;
  private readonly windows: AlignedWindows | null = null;
  /** The windows that rows are results of. */
  private readonly closes: TypedExpr | null;
  /** The accumulator that tells whether a group has rows; -1: groups do not become empty. */
  private readonly rowCount: number;

  constructor(node: FoldNode, stage: StageContext) {
    super(node, stage);
    this.rowCount = retracts(this.fold) && this.fold.group.length > 0 ? rowCountOf(this.fold) : -1;
    const { window, closes } = node.transform;
    this.closes = closes ?? null;
    if (window === null) return;
    if (!isAligned(window)) throw new Error(`${node.id}: a ${window.kind} window has a fold of its own`);
    this.window = window;
    this.windows = alignedWindows(window);
  }

  protected override judge(row: StreamRow): { windows: (number | null)[]; missed: Interval[] } {
    const { time, source } = row;
    const watermark = source?.watermark ?? -Infinity;
    if (this.closes !== null) return { windows: [this.closingOf(row)], missed: [] };
    const { window, windows } = this;
    if (window === null || windows === null) {
      const acceptance = acceptanceOf(this.fold);
      const late = acceptance !== null && time + acceptance <= watermark;
      return late ? { windows: [], missed: [{ start: time, end: time + acceptance }] } : { windows: [null], missed: [] };
    }
    const accepted: number[] = [];
    const missed: Interval[] = [];
    for (let id = windows.first(time); !Number.isNaN(id); id = windows.next(id, time)) {
      if (watermark >= windows.endOf(id) + window.graceMs) missed.push(this.intervalOf(windows, id));
      else accepted.push(id);
    }
    return { windows: accepted, missed };
  }

  /** A partial may be of a pane (plan/panes.ts): it counts in each window of that. */
  override received(key: Uint8Array, value: Uint8Array | null): void {
    if (this.fold.gathers !== true || value === null) {
      super.received(key, value);
      return;
    }
    this.rowsIn++;
    const partial = this.codec.decodePartial(key, value);
    const pane = paneStart(partial.windowId!);
    const windows = Number.isNaN(pane) ? [windowOf(partial.windowId!)] : this.windowsAt(pane);
    for (const id of windows)
      for (const incarnation of partial.incarnations)
        this.contribute(this.entryOf(partial.groupKey, id), { ...incarnation, changed: true });
  }

  private windowsAt(time: number): number[] {
    const windows = this.windows!;
    const found: number[] = [];
    for (let id = windows.first(time); !Number.isNaN(id); id = windows.next(id, time)) found.push(id);
    return found;
  }

  /** When the window closes that a row is a result of. */
  private closingOf(row: TimedRow): number | null {
    return this.closes === null ? null : Number(evaluateRow(this.closes, { ...row, source: null }, this.stage.env));
  }

  // ---- Over a table ----

  /** A row of a table: what it gave is taken back, what it gives now is added. */
  override change({ before, after }: Change): void {
    this.rowsIn++;
    for (const [timed, sign] of [[before, -1] as const, [after, 1] as const]) {
      if (timed === null) continue;
      const given = this.orNull(() => this.given({ ...timed, source: null }));
      if (given === null) continue;
      const { incarnation } = given;
      const entry = this.entryOf(given.groupKey, this.closingOf(timed));
      if (sign > 0) this.contribute(entry, incarnation);
      else {
        const states = incarnation.states.map((state, i) => this.kinds[i].inverse!(state));
        this.contribute(entry, { ...incarnation, time: NO_TIME, states });
      }
    }
  }

  override prime(_row: TimedRow): void {
    // What the row gives is in the state.
  }

  /** A group of a table's rows that has none left. The one group of an aggregate without `groupBy` stays. */
  protected isEmpty(entry: Entry): boolean {
    return this.rowCount >= 0 && entry.incarnations.length > 0 && entry.incarnations[0].states[this.rowCount] === 0;
  }

  // ---- What goes out ----

  protected override flushGroups(watermark: number): void {
    const open = this.gate.opens();
    this.closeWindows(watermark);
    this.expire(watermark, open);
    for (const [id, entry] of [...this.groups]) {
      if (this.isEmpty(entry) && (open || !entry.shown)) {
        entry.incarnations = [];
        entry.dirty = true;
      }
      const gone = entry.emitted !== null && !this.isVisible(entry, watermark);
      if (gone) entry.pending = true;
      if (entry.pending && open && this.fold.emit.mode !== 'final') this.emit(entry, watermark);
      if (entry.dirty) this.log(entry);
      if (entry.incarnations.length === 0 && !entry.pending) this.groups.delete(id);
    }
  }

  /** In (window end, key) order: a final window's row, or the last of the updates that are still due; then the state goes. */
  private closeWindows(watermark: number): void {
    const closed = [...this.groups].filter(([, entry]) => this.closesAt(entry) <= watermark);
    closed.sort(([, a], [, b]) => this.endOf(a) - this.endOf(b) || Buffer.compare(a.groupKey, b.groupKey));
    for (const [id, entry] of closed) {
      if (this.isEmpty(entry)) entry.incarnations = [];
      if (this.fold.emit.mode === 'final') {
        const [last] = entry.incarnations.map((incarnation) => this.rowOf(entry, this.spanOf(entry), incarnation));
        if (last) this.emitRow({ row: last, time: this.endOf(entry) - 1 });
      } else if (entry.pending) this.emit(entry, watermark);
      entry.incarnations = [];
      this.log(entry);
      this.groups.delete(id);
    }
  }

  /** ttl: what no accepted record can join any more goes; but not before its row has been taken back, which a restart would forget. */
  private expire(watermark: number, open: boolean): void {
    const { ttlMs } = this.fold;
    if (ttlMs === null) return;
    for (const entry of this.groups.values()) {
      if (entry.shown && !open) continue;
      const kept = entry.incarnations.filter((incarnation) => incarnation.time + 2 * ttlMs > watermark);
      if (kept.length < entry.incarnations.length) entry.dirty = true;
      entry.incarnations = kept;
    }
  }

  private emit(entry: Entry, watermark: number): void {
    const before = entry.emitted;
    entry.emitted = this.visibleRow(entry, watermark);
    entry.shown = this.isVisible(entry, watermark);
    entry.pending = false;
    this.emitChange(before, entry.emitted);
  }

  /** The row of a table: the newest incarnation's, while it lives. */
  private visibleRow(entry: Entry, watermark: number): TimedRow | null {
    if (!this.isVisible(entry, watermark)) return null;
    const newest = entry.incarnations[entry.incarnations.length - 1];
    const row = this.rowOf(entry, this.spanOf(entry), newest);
    return row === null ? null : { row, time: newest.time };
  }

  private isVisible(entry: Entry, watermark: number): boolean {
    if (entry.incarnations.length === 0) return false;
    const newest = entry.incarnations[entry.incarnations.length - 1];
    return this.fold.ttlMs === null || newest.time + this.fold.ttlMs > watermark;
  }

  protected override spanOf({ windowId }: Entry): Interval | null {
    return this.windows === null ? null : this.intervalOf(this.windows, windowId!);
  }

  private intervalOf(windows: AlignedWindows, id: number): Interval {
    return { start: windows.startOf(id), end: windows.endOf(id) };
  }

  private endOf(entry: Entry): number {
    return this.closes === null ? this.spanOf(entry)!.end : entry.windowId!;
  }

  private closesAt(entry: Entry): number {
    if (this.closes !== null) return this.endOf(entry);
    return this.window === null ? Infinity : this.endOf(entry) + this.window.graceMs;
  }

  override restored(watermark: number): void {
    if (this.fold.emit.mode === 'final') return;
    for (const entry of this.groups.values()) {
      // Which of the periodic emissions were still due is not in the state: all are, once more, and every row counts as emitted.
      entry.pending = this.fold.emit.mode === 'every';
      entry.emitted = this.visibleRow(entry, entry.pending ? -Infinity : watermark);
      entry.shown = entry.pending || this.isVisible(entry, watermark);
      if (entry.emitted !== null) for (const next of this.next) next.prime(entry.emitted);
    }
  }

  override nextDue(): number {
    const { ttlMs } = this.fold;
    if (this.node.mode === 'partial') return Infinity;
    let due = Infinity;
    for (const entry of this.groups.values()) {
      due = Math.min(due, this.closesAt(entry));
      if (ttlMs === null || entry.incarnations.length === 0) continue;
      if (entry.emitted !== null) due = Math.min(due, entry.incarnations[entry.incarnations.length - 1].time + ttlMs);
      due = Math.min(due, entry.incarnations[0].time + 2 * ttlMs);
    }
    return due;
  }
}
