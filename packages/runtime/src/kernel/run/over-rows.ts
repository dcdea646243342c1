/** The rows that an `over` holds in one task: bytes, groups, frames. See over-state.ts for what is done with them. */
import type { Frame, Value } from '@rta/dsl';
import type { Sliding } from './sliding-values.js';

/** A row with its place among others. */
export interface OverRow {
  readonly time: number;
  readonly partition: number;
  readonly offset: number;
  arrival: number;
  readonly group: OverGroup;
  /** Its columns, as Avro: `bytes[start, end)`. Nobody needs them once it was given and is in the changelog. */
  bytes: Uint8Array;
  start: number;
  end: number;
  /** What accumulators take of it, when it has been given; null: nothing. */
  values: Value[];
  /** The entry of the changelog that has it; null: it came since the last flush. */
  chunk: Chunk | null;
  /** No row to come can look back on it. */
  gone: boolean;
}

/** An entry of the changelog, and how many of its rows are still needed. */
export interface Chunk {
  readonly number: number;
  live: number;
}

const FORGET_AT = 64;

/** What a group's rows look back on. Positions count from the group's first row ever, in event-time order. */
export class OverGroup {
  /** Given, or about to be, and still needed: from position `first` on. */
  rows: OverRow[] = [];
  first = 0;
  /** Position of the next row to be given. */
  next = 0;
  /** Rows before this position are of another life of the group. */
  begin = 0;
  /** Rows that came since the last flush, in order of arrival. */
  fresh: OverRow[] = [];
  /** Rows that wait for the watermark. */
  waiting = 0;
  /** By number, ascending. */
  chunks: Chunk[] = [];
  /** Number of the flush that last changed it. */
  flush = -1;
  /** Number of the flush that last wrote of it to the changelog; -1: none since it was restored. */
  logged = -1;
  /** Where `rows` begins. */
  private base = 0;
  private readonly heads: number[];
  private readonly tails: number[];

  constructor(
    readonly slot: number,
    private readonly frames: readonly FrameCode[],
    public sliding: Sliding[],
  ) {
    this.heads = frames.map(() => 0);
    this.tails = frames.map(() => 0);
  }

  /** Position after the last row. */
  get end(): number {
    return this.base + this.rows.length;
  }

  at(position: number): OverRow {
    return this.rows[position - this.base];
  }

  /** Begins anew at `position`: nothing looks back beyond it. */
  beginAt(position: number, sliding: Sliding[]): void {
    this.begin = position;
    this.sliding = sliding;
    this.heads.fill(position);
    this.tails.fill(position);
  }

  /** Moves all frames to the row at `position`. Rows of its time are there already. */
  slideTo(position: number): void {
    const { frames, heads, tails, end } = this;
    const { time } = this.at(position);
    for (let f = 0; f < frames.length; f++) {
      const { unit, size, previous, accumulators } = frames[f];
      let head = heads[f];
      let tail = tails[f];
      if (unit === 'rows') {
        const to = previous ? position : position + 1;
        for (; head < to; head++) this.add(accumulators, this.at(head).values);
        for (const from = to - size; tail < from; tail++) this.remove(accumulators, this.at(tail).values);
      } else {
        const until = previous ? time : time + 1;
        for (; head < end && this.at(head).time < until; head++) this.add(accumulators, this.at(head).values);
        for (const from = time - size; tail < head && this.at(tail).time < from; tail++) this.remove(accumulators, this.at(tail).values);
      }
      heads[f] = head;
      tails[f] = tail;
    }
  }

  /** Takes out of the frames, or never lets into them, what is before `position`. */
  leave(position: number): void {
    for (const [f, { accumulators }] of this.frames.entries()) {
      for (; this.tails[f] < position; this.tails[f]++) {
        if (this.tails[f] < this.heads[f]) this.remove(accumulators, this.at(this.tails[f]).values);
        else this.heads[f]++;
      }
    }
    this.first = position;
    const dead = position - this.base;
    if (dead < FORGET_AT || dead * 2 < this.rows.length) return;
    this.rows = this.rows.slice(dead);
    this.base = position;
  }

  private add(accumulators: readonly number[], values: readonly Value[]): void {
    for (const i of accumulators) {
      const value = values[i];
      if (value !== null) this.sliding[i].add(value);
    }
  }

  private remove(accumulators: readonly number[], values: readonly Value[]): void {
    for (const i of accumulators) {
      const value = values[i];
      if (value !== null) this.sliding[i].remove(value);
    }
  }
}

/** A frame, and which accumulators are over it. */
export interface FrameCode extends Frame {
  readonly accumulators: readonly number[];
}
