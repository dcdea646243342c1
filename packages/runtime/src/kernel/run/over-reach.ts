/** How far the rows of an `over` look back, and so which of the rows before them are still needed. */
import type { FrameCode, OverGroups } from './over-groups.js';

export class OverReach {
  /** In time, ms; -Infinity: no frame is by time. */
  private readonly ms: number;
  /** In rows. */
  private readonly rows: number;

  /** @param ttl ms without a row after which a group begins anew */
  constructor(
    frames: readonly FrameCode[],
    private readonly ttl: number,
    private readonly groups: OverGroups,
  ) {
    const of = (unit: 'ms' | 'rows'): FrameCode[] => frames.filter((frame) => frame.unit === unit);
    this.ms = Math.max(-Infinity, ...of('ms').map(({ size }) => size));
    this.rows = Math.max(0, ...of('rows').map(({ size, previous }) => (previous ? size : size - 1)));
  }

  /** How coarse an index of what is due may be, ms. */
  get expiryMs(): number {
    return Number.isFinite(this.ms) ? this.ms : Number.isFinite(this.ttl) ? this.ttl : 1;
  }

  /** Position of a group's first row that one at `watermark` or later can look back on. */
  firstNeeded(slot: number, watermark: number): number {
    const { groups } = this;
    const end = groups.endOf(slot);
    const known = groups.firstOf(slot);
    if (end === known || watermark - groups.timeAt(slot, end - 1) > this.ttl) return end;
    const byRows = end - this.rows;
    let first = Math.max(groups.beginOf(slot), known);
    while (first < end && first < byRows && groups.timeAt(slot, first) < watermark - this.ms) first++;
    return first;
  }

  /** The least watermark at which rows of a group that were given are not needed any more; Infinity: that depends on others. */
  dueOf(slot: number): number {
    const { groups } = this;
    const [first, end] = [groups.firstOf(slot), groups.endOf(slot)];
    if (end === first) return Infinity;
    const quiet = groups.timeAt(slot, end - 1) + this.ttl + 1;
    return end - first > this.rows ? Math.min(quiet, groups.timeAt(slot, first) + this.ms + 1) : quiet;
  }
}
