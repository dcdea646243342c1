/** What the rows of one group of an `over` look back on. Positions count from the group's first row ever, in event-time order. */
import type { Frame, Value } from '@rta/dsl';
import type { Sliding } from './sliding-values.js';

/** An entry of the changelog, and how many of its rows are still needed. */
export interface Chunk {
  readonly number: number;
  live: number;
}

const FORGET_AT = 64;

export class OverGroup {
  /** Still needed, from this position on. */
  first = 0;
  /** Position of the next row. */
  end = 0;
  /** Rows before this position are of another life of the group. */
  begin = 0;
  /** Rows of it were given, and it was not looked at since which are still needed. */
  isTouched = false;
  /** By number, ascending. */
  chunks: Chunk[] = [];
  /** Number of the flush that last wrote of it to the changelog; -1: none since it was restored. */
  logged = -1;
  /** What accumulators take of the rows, per column; null: nothing. The code that knows it adds it, then `push` the rest. */
  readonly values: Value[][];
  /** Of the rows from position `base` on. */
  private readonly times: number[] = [];
  private readonly entries: (Chunk | null)[] = [];
  private base = 0;
  private readonly heads: number[];
  private readonly tails: number[];

  /** @param columns how many columns of values there are */
  constructor(
    readonly slot: number,
    columns: number,
    private readonly frames: readonly FrameCode[],
    public sliding: Sliding[],
  ) {
    this.values = Array.from({ length: columns }, () => []);
    this.heads = frames.map(() => 0);
    this.tails = frames.map(() => 0);
  }

  /** Adds a row, later than those before; gives its position. */
  push(time: number, chunk: Chunk | null): number {
    this.times.push(time);
    this.entries.push(chunk);
    return this.end++;
  }

  timeAt(position: number): number {
    return this.times[position - this.base];
  }

  /** The row at `position` is in an entry of the changelog now. */
  enter(position: number, chunk: Chunk): void {
    this.entries[position - this.base] = chunk;
  }

  /** Begins anew at `position`: nothing looks back beyond it. */
  beginAt(position: number, sliding: Sliding[]): void {
    this.begin = position;
    this.sliding = sliding;
    this.heads.fill(position);
    this.tails.fill(position);
  }

  /** How many rows are in a frame. */
  rowsIn(frame: number): number {
    return this.heads[frame] - this.tails[frame];
  }

  /** Moves all frames to the row at `position`. Rows of its time are there already. */
  slideTo(position: number): void {
    const { frames, heads, tails, times, base } = this;
    const count = times.length;
    const at = position - base;
    const time = times[at];
    for (let f = 0; f < frames.length; f++) {
      const { unit, size, previous, accumulators } = frames[f];
      let head = heads[f] - base;
      let tail = tails[f] - base;
      if (unit === 'rows') {
        const to = previous ? at : at + 1;
        for (; head < to; head++) this.add(accumulators, head);
        for (const from = to - size; tail < from; tail++) this.remove(accumulators, tail);
      } else {
        const until = previous ? time : time + 1;
        for (; head < count && times[head] < until; head++) this.add(accumulators, head);
        for (const from = time - size; tail < head && times[tail] < from; tail++) this.remove(accumulators, tail);
      }
      heads[f] = head + base;
      tails[f] = tail + base;
    }
  }

  /**
   * Takes out of the frames, or never lets into them, what is before `position`. `gone` is called for each row that goes, with the entry of
   * the changelog that has it.
   */
  leave(position: number, gone: (chunk: Chunk | null) => void): void {
    if (position <= this.first) return;
    const { heads, tails, base } = this;
    for (let f = 0; f < this.frames.length; f++) {
      for (; tails[f] < position; tails[f]++) {
        if (tails[f] < heads[f]) this.remove(this.frames[f].accumulators, tails[f] - base);
        else heads[f]++;
      }
    }
    for (; this.first < position; this.first++) gone(this.entries[this.first - base]);
    const dead = position - base;
    if (dead < FORGET_AT || dead * 2 < this.times.length) return;
    for (const column of [this.times, this.entries, ...this.values]) column.splice(0, dead);
    this.base = position;
  }

  /** @param at index in the columns */
  private add(accumulators: readonly AccumulatorCode[], at: number): void {
    const { values, sliding } = this;
    for (let a = 0; a < accumulators.length; a++) {
      const { sliding: index, column } = accumulators[a];
      const value = values[column][at];
      if (value !== null) sliding[index].add(value);
    }
  }

  private remove(accumulators: readonly AccumulatorCode[], at: number): void {
    const { values, sliding } = this;
    for (let a = 0; a < accumulators.length; a++) {
      const { sliding: index, column } = accumulators[a];
      const value = values[column][at];
      if (value !== null) sliding[index].remove(value);
    }
  }
}

/** An accumulator by numbers: of what slides, of the column of values that it takes, and of its results. */
export interface AccumulatorCode {
  readonly sliding: number;
  readonly column: number;
  readonly result: number;
}

/** A frame, and the accumulators over it: those that count its rows, which it knows itself, by number of their results, and the others. */
export interface FrameCode extends Frame {
  readonly counts: readonly number[];
  readonly accumulators: readonly AccumulatorCode[];
}
