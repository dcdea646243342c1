/** Windows that overlap, put together from panes when they close: see plan/panes.ts. */
import { Buffer } from 'node:buffer';
import type { CumulateWindow, HoppingWindow, Row } from '@rta/dsl';
import { type AlignedWindows, alignedWindows } from '../../plan/aligned-windows.js';
import { idOfPane, idOfWindow, panesOf, paneStart, windowOf } from '../../plan/panes.js';
import type { Entry, Incarnation } from './groups.js';
import { type FoldNode, type Interval, KeyedFold } from './keyed-fold.js';
import type { StageContext, StreamRow } from './operator.js';

export class PanedFold extends KeyedFold {
  private readonly windows: AlignedWindows;
  private readonly graceMs: number;
  /** Windows that end here or earlier are closed. */
  private closed = -Infinity;

  constructor(node: FoldNode, stage: StageContext, window: HoppingWindow | CumulateWindow) {
    super(node, stage);
    this.windows = alignedWindows(window);
    this.graceMs = window.graceMs;
  }

  protected override judge({ time, source }: StreamRow): { windows: number[]; missed: Interval[] } {
    const passed = (source?.watermark ?? -Infinity) - this.graceMs;
    const pane = this.windows.pane(time);
    if (Math.max(passed, this.closed) < pane.end) return { windows: [idOfPane(pane.start)], missed: [] };
    const all = this.windowsAt(time);
    const isLate = (window: number): boolean => this.windows.endOf(window) <= passed;
    return {
      windows: all.filter((window) => !isLate(window)).map(idOfWindow),
      missed: all.filter(isLate).map((window) => this.intervalOf(window)),
    };
  }

  private windowsAt(time: number): number[] {
    const found: number[] = [];
    for (let id = this.windows.first(time); !Number.isNaN(id); id = this.windows.next(id, time)) found.push(id);
    return found;
  }

  private intervalOf(window: number): Interval {
    return { start: this.windows.startOf(window), end: this.windows.endOf(window) };
  }

  /** A pane that is over may get something still, where a partition was idle. */
  protected override contribute(entry: Entry, incoming: Incarnation): void {
    const start = paneStart(entry.windowId!);
    if (Number.isNaN(start) || this.windows.pane(start).end > this.closed) {
      super.contribute(entry, incoming);
      return;
    }
    if (entry.incarnations.length === 0) this.groups.delete(this.idOf(entry));
    for (const window of this.windowsAt(start)) super.contribute(this.entryOf(entry.groupKey, idOfWindow(window)), incoming);
  }

  /** The windows that an entry is part of and that are not closed yet. */
  private openWindows(entry: Entry): readonly number[] {
    const start = paneStart(entry.windowId!);
    if (Number.isNaN(start)) return [windowOf(entry.windowId!)];
    return this.windowsAt(start).filter((window) => this.windows.endOf(window) > this.closed);
  }

  /** What is kept, by the windows that are not closed and end by `until`, in the order of their ends. */
  private byWindow(until = Infinity): readonly (readonly [window: number, entries: readonly Entry[]])[] {
    const found = new Map<number, Entry[]>();
    for (const entry of this.groups.values())
      for (const window of this.openWindows(entry))
        if (this.windows.endOf(window) <= until) found.set(window, [...(found.get(window) ?? []), entry]);
    return [...found].sort(([a], [b]) => this.windows.endOf(a) - this.windows.endOf(b));
  }

  /** In the order of the keys. */
  private rowsOf(window: number, entries: readonly Entry[]): Row[] {
    const byGroup = new Map<string, Entry[]>();
    for (const entry of entries) {
      const id = entry.groupKey.toString('hex');
      byGroup.set(id, [...(byGroup.get(id) ?? []), entry]);
    }
    const groups = [...byGroup.values()].sort(([a], [b]) => Buffer.compare(a.groupKey, b.groupKey));
    return groups.flatMap((parts) => {
      const whole = parts.flatMap(({ incarnations }) => incarnations).reduce((a, b) => this.merge(a, b));
      const row = this.rowOf(parts[0], this.intervalOf(window), whole);
      return row === null ? [] : [row];
    });
  }

  protected override flushGroups(watermark: number): void {
    const until = watermark - this.graceMs;
    for (const [window, entries] of this.byWindow(until))
      for (const row of this.rowsOf(window, entries)) this.emitRow({ row, time: this.windows.endOf(window) - 1 });
    this.closed = Math.max(this.closed, until);
    for (const [id, entry] of [...this.groups]) {
      if (this.openWindows(entry).every((window) => this.windows.endOf(window) <= until)) {
        entry.incarnations = [];
        this.groups.delete(id);
      }
      if (entry.dirty || entry.incarnations.length === 0) this.log(entry);
    }
  }

  /** Rows of windows, not of panes. */
  override kept(): readonly Row[] {
    return this.byWindow().flatMap(([window, entries]) => this.rowsOf(window, entries));
  }

  protected override spanOf({ windowId }: Entry): Interval {
    const { startOf, endOf } = panesOf(this.windows);
    return { start: startOf(windowId!), end: endOf(windowId!) };
  }

  override restored(watermark: number): void {
    this.closed = watermark - this.graceMs;
  }

  override nextDue(): number {
    if (this.node.mode === 'partial') return Infinity;
    const ends = [...this.groups.values()].flatMap((entry) => this.openWindows(entry).map((window) => this.windows.endOf(window)));
    return Math.min(Infinity, ...ends) + this.graceMs;
  }
}
