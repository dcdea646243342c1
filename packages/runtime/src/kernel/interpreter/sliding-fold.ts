/** Sliding windows: a row per event, over the events of its group in the time before it. Groups are kept per moment. */
import { Buffer } from 'node:buffer';
import type { SlidingWindow } from '@rta/dsl';
import { spanOf } from '../../plan/window-times.js';
import type { Entry, Incarnation } from './groups.js';
import { type FoldNode, type Interval, KeyedFold } from './keyed-fold.js';
import type { StageContext, StreamRow } from './operator.js';

export class SlidingFold extends KeyedFold {
  private readonly wait: number;

  constructor(
    node: FoldNode,
    stage: StageContext,
    private readonly window: SlidingWindow,
  ) {
    super(node, stage);
    this.wait = spanOf(window);
  }

  protected override judge({ time, source }: StreamRow): { windows: (number | null)[]; missed: Interval[] } {
    const late = source !== null && time + this.wait <= source.watermark;
    return late ? { windows: [], missed: [this.windowOf(time)] } : { windows: [time], missed: [] };
  }

  protected override spanOf(_entry: Entry, { time }: Incarnation): Interval {
    return this.windowOf(time);
  }

  private windowOf(time: number): Interval {
    return { start: time - this.window.sizeMs, end: time };
  }

  protected override flushGroups(watermark: number): void {
    const due = [...this.groups.values()].filter((entry) => momentOf(entry).rows > 0 && momentOf(entry).time + this.wait <= watermark);
    due.sort((a, b) => momentOf(a).time - momentOf(b).time || Buffer.compare(a.groupKey, b.groupKey));
    for (const entry of due) this.give(entry);
    for (const [id, entry] of [...this.groups]) {
      if (momentOf(entry).time + this.window.sizeMs + this.wait <= watermark) {
        entry.incarnations = [];
        this.log(entry);
        this.groups.delete(id);
      } else if (entry.dirty) this.log(entry);
    }
  }

  private give(entry: Entry): void {
    const { time, rows } = momentOf(entry);
    const { start, end } = this.windowOf(time);
    const inside = [...this.groups.values()].filter((other) => other.groupKey.equals(entry.groupKey)).map(momentOf);
    const sum = inside.filter((moment) => moment.time >= start && moment.time <= end).reduce((a, b) => this.merge(a, b));
    for (let i = 0; i < rows; i++) {
      const row = this.rowOf(entry, { start, end }, { ...sum, time });
      if (row !== null) this.emitRow({ row, time });
    }
    entry.incarnations = [{ ...momentOf(entry), rows: 0 }];
  }

  override restored(watermark: number): void {
    for (const entry of this.groups.values())
      if (momentOf(entry).time + this.wait <= watermark) entry.incarnations = [{ ...momentOf(entry), rows: 0 }];
  }

  override nextDue(): number {
    if (this.node.mode === 'partial') return Infinity;
    const times = [...this.groups.values()].map((entry) => {
      const { time, rows } = momentOf(entry);
      return time + this.wait + (rows > 0 ? 0 : this.window.sizeMs);
    });
    return Math.min(Infinity, ...times);
  }
}

function momentOf(entry: Entry): Incarnation {
  return entry.incarnations[0];
}
