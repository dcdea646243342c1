/** How far the rows of an `over` look back, and so which of the rows before them are still needed. */
import type { FrameCode, OverGroup } from './over-group.js';

export class OverReach {
  /** In time, ms; -Infinity: no frame is by time. */
  private readonly ms: number;
  /** In rows. */
  private readonly rows: number;

  /** @param ttl ms without a row after which a group begins anew */
  constructor(
    frames: readonly FrameCode[],
    private readonly ttl: number,
  ) {
    const of = (unit: 'ms' | 'rows'): FrameCode[] => frames.filter((frame) => frame.unit === unit);
    this.ms = Math.max(-Infinity, ...of('ms').map(({ size }) => size));
    this.rows = Math.max(0, ...of('rows').map(({ size, previous }) => (previous ? size : size - 1)));
  }

  /** How coarse an index of what is due may be, ms. */
  get expiryMs(): number {
    return Number.isFinite(this.ms) ? this.ms : Number.isFinite(this.ttl) ? this.ttl : 1;
  }

  /** Position of the first row that a row at `watermark` or later can look back on. */
  firstNeeded(group: OverGroup, watermark: number): number {
    const { end } = group;
    if (end === group.first || watermark - group.timeAt(end - 1) > this.ttl) return end;
    const byRows = end - this.rows;
    let first = Math.max(group.begin, group.first);
    while (first < end && first < byRows && group.timeAt(first) < watermark - this.ms) first++;
    return first;
  }

  /** The least watermark at which rows that were given are not needed any more; Infinity: that depends on others. */
  dueOf(group: OverGroup): number {
    const { first, end } = group;
    if (end === first) return Infinity;
    const quiet = group.timeAt(end - 1) + this.ttl + 1;
    return end - first > this.rows ? Math.min(quiet, group.timeAt(first) + this.ms + 1) : quiet;
  }
}
