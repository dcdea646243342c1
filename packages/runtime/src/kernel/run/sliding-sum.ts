/**
 * Sums over a window that slides along the moments of a group, without adding up each window anew: the moments in it are cut in two. Of the
 * older part all suffixes are kept, of the newer part the sum; a window is a suffix and that sum. When the older part is used up, the newer one
 * takes its place ("two stacks"; Tangwongsan et al., "Low-Latency Sliding-Window Aggregation in Worst-Case Constant Time", DEBS 2017). So each
 * moment is folded twice, however long the window. It needs no inverse of an accumulator, only that one can be merged into another.
 */
import type { GroupTable } from '../../state/group-table.js';
import type { FoldCode } from './fold-tables.js';

/** Windows of fewer moments are added up as they are. */
const SHORT = 8;

/** Positions are those of moments in their group, counted from its first one ever. */
export class SlidingSum {
  /** Slots with the sums of [k, mid): the last one's k is the start of the window. */
  private readonly suffixes: number[] = [];
  private mid = -1;
  /** Slot with the sum of [mid, high). */
  private readonly newer: number;
  private high = -1;

  constructor(
    private readonly T: GroupTable,
    private readonly code: Pick<FoldCode, 'merge'>,
  ) {
    this.newer = T.allocate();
  }

  /** Worth the while for a window of so many moments. */
  static isWorth(moments: number): boolean {
    return moments > SHORT;
  }

  /**
   * Folds the moments [low, end) into slot `sum`; `slotOf` gives the slot of each. False, and nothing is done, where the window goes back
   * behind the one before.
   */
  addTo(sum: number, low: number, end: number, slotOf: (position: number) => number): boolean {
    const { T, suffixes, newer } = this;
    if (low >= this.mid) this.turn(low, end, slotOf);
    else {
      if (low < this.mid - suffixes.length || end < this.high) return false;
      while (low > this.mid - suffixes.length) T.remove(suffixes.pop()!);
      for (; this.high < end; this.high++) this.code.merge(T, slotOf(this.high), newer);
    }
    this.code.merge(T, suffixes[suffixes.length - 1], sum);
    this.code.merge(T, newer, sum);
    return true;
  }

  private turn(low: number, end: number, slotOf: (position: number) => number): void {
    const { T, suffixes } = this;
    for (const slot of suffixes.splice(0)) T.remove(slot);
    for (let k = end - 1; k >= low; k--) {
      const slot = T.allocate();
      this.code.merge(T, slotOf(k), slot);
      if (suffixes.length > 0) this.code.merge(T, suffixes[suffixes.length - 1], slot);
      suffixes.push(slot);
    }
    T.reset(this.newer);
    this.mid = end;
    this.high = end;
  }

  /** Whether a moment at that position has been folded. */
  has(position: number): boolean {
    return position < this.high;
  }

  free(): void {
    for (const slot of this.suffixes.splice(0)) this.T.remove(slot);
    this.T.remove(this.newer);
  }
}
