/**
 * The groups of an `over` in one task, by slot of their key, and the rows of each that others may look back on. Positions count from a group's
 * first row ever, in event-time order. What is known of all groups lies in common columns, and the rows of one together in a ring of them: in
 * arrays of its own each group would be looked for all over the memory.
 */
import type { Frame, Value } from '@rta/dsl';
import { longer } from './longer.js';
import type { SlidingColumn } from './sliding-columns.js';

/** An entry of the changelog, and how many of its rows are still needed. */
export interface Chunk {
  readonly number: number;
  live: number;
}

// Numbers per group. From FIRST on rows are still needed, END is the next one's position, those before BEGIN are of another life of it.
const FIRST = 0;
export const END = 1;
const BEGIN = 2;
/** Where its ring is, and its length, a power of two; `NONE`: there is no such group. */
export const START = 3;
export const LENGTH = 4;
const WAITING = 5;
const LOGGED = 6;
const TOUCHED = 7;
/** Per frame: the position after its last row, and that of its first. */
export const FRAMES = 8;

const NONE = -1;
const FIRST_GROUPS = 16;
const FIRST_ROWS = 4;
/** A ring as long is given back when no more than an eighth of it is needed. */
const LONG_RING = 64;

/** Numbers per group that has so many frames. */
export function strideOf(frames: number): number {
  return FRAMES + 2 * frames;
}

export class OverGroups {
  /** Entries of the changelog that have rows of a group, by number, ascending. */
  readonly chunks: Chunk[][] = [];
  /** Entries of which nothing is needed any more, since who takes them looked last. */
  readonly emptied: Chunk[] = [];
  /** Numbers per group. */
  private readonly stride: number;
  // What generated code moves frames by (`OverCode.slide`).
  numbers = new Float64Array(0);
  /** Of the rows, by place: event time, and what accumulators take, per column; null: nothing. */
  times = new Float64Array(0);
  readonly values: readonly Value[][];
  /** By place: the entry of the changelog. */
  private readonly entries: (Chunk | null)[] = [];
  /** Rings that are free, by the logarithm of their length, and where no ring was yet. */
  private readonly free: number[][] = [];
  private unused = 0;
  /** Bytes of the groups and their rings. */
  bytes = 0;
  private readonly rowBytes: number;

  /** @param columns how many columns of values there are */
  constructor(
    columns: number,
    private readonly frames: readonly FrameCode[],
    readonly sliding: readonly SlidingColumn[],
  ) {
    this.values = Array.from({ length: columns }, () => []);
    this.stride = strideOf(frames.length);
    this.rowBytes = 8 * (2 + columns);
  }

  // ---- Groups ----

  has(slot: number): boolean {
    return slot * this.stride < this.numbers.length && this.numbers[slot * this.stride + START] >= 0;
  }

  /** A new group, without rows. */
  open(slot: number): void {
    const { stride } = this;
    const at = slot * stride;
    if (at >= this.numbers.length) this.numbers = longer(this.numbers, Math.max(at + stride, FIRST_GROUPS * stride), NONE);
    this.numbers.fill(0, at, at + stride);
    this.numbers[at + LENGTH] = FIRST_ROWS;
    this.numbers[at + START] = this.takeRing(FIRST_ROWS);
    this.numbers[at + LOGGED] = -1;
    this.chunks[slot] = [];
    for (const column of this.sliding) column.open(slot);
    this.bytes += stride * 8;
  }

  close(slot: number): void {
    const at = slot * this.stride;
    this.freeRing(this.numbers[at + START], this.numbers[at + LENGTH]);
    this.numbers[at + START] = NONE;
    this.chunks[slot] = [];
    for (const column of this.sliding) column.close(slot);
    this.bytes -= this.stride * 8;
  }

  /** No slot is as great. */
  get slots(): number {
    return this.chunks.length;
  }

  /** The first row that is still needed. */
  firstOf(slot: number): number {
    return this.numbers[slot * this.stride + FIRST];
  }

  /** Position of the next row. */
  endOf(slot: number): number {
    return this.numbers[slot * this.stride + END];
  }

  /** Rows before this position are of another life of the group. */
  beginOf(slot: number): number {
    return this.numbers[slot * this.stride + BEGIN];
  }

  setBegin(slot: number, position: number): void {
    this.numbers[slot * this.stride + BEGIN] = position;
  }

  /** How many of its rows wait for the watermark. */
  waitingOf(slot: number): number {
    return this.numbers[slot * this.stride + WAITING];
  }

  addWaiting(slot: number, count: number): void {
    this.numbers[slot * this.stride + WAITING] += count;
  }

  /** Number of the flush that last wrote of it to the changelog; -1: none since it was restored. */
  loggedAt(slot: number): number {
    return this.numbers[slot * this.stride + LOGGED];
  }

  setLogged(slot: number, flush: number): void {
    this.numbers[slot * this.stride + LOGGED] = flush;
  }

  /** Marks it; gives whether it was not. */
  touch(slot: number): boolean {
    const at = slot * this.stride + TOUCHED;
    if (this.numbers[at] === 1) return false;
    this.numbers[at] = 1;
    return true;
  }

  untouch(slot: number): void {
    this.numbers[slot * this.stride + TOUCHED] = 0;
  }

  // ---- Rows ----

  /** Adds a row, later than those before; gives its position. */
  push(slot: number, time: number, chunk: Chunk | null, values: readonly Value[]): number {
    const at = slot * this.stride;
    const { numbers } = this;
    const end = numbers[at + END];
    if (end - numbers[at + FIRST] === numbers[at + LENGTH]) this.resize(slot, numbers[at + LENGTH] * 2);
    const place = this.placeOf(at, end);
    this.times[place] = time;
    this.entries[place] = chunk;
    for (let i = 0; i < values.length; i++) this.values[i][place] = values[i];
    numbers[at + END] = end + 1;
    return end;
  }

  /** @param at of the group's numbers */
  private placeOf(at: number, position: number): number {
    return this.numbers[at + START] + (position & (this.numbers[at + LENGTH] - 1));
  }

  timeAt(slot: number, position: number): number {
    return this.times[this.placeOf(slot * this.stride, position)];
  }

  /** The row at `position` is in an entry of the changelog now. */
  enter(slot: number, position: number, chunk: Chunk): void {
    this.entries[this.placeOf(slot * this.stride, position)] = chunk;
  }

  /** Begins anew at `position`: nothing looks back beyond it. */
  beginAt(slot: number, position: number): void {
    const at = slot * this.stride;
    this.numbers[at + BEGIN] = position;
    this.numbers.fill(position, at + FRAMES, at + this.stride);
    for (const column of this.sliding) column.open(slot);
  }

  /**
   * Takes out of the frames, or never lets into them, what is before `position`; entries of the changelog of which nothing is needed any more are
   * in `emptied` then. Gives how many of the rows were in none.
   */
  leave(slot: number, position: number): number {
    const { frames, numbers, stride, entries } = this;
    const at = slot * stride;
    let first = numbers[at + FIRST];
    if (position <= first) return 0;
    for (let f = 0; f < frames.length; f++) {
      const bounds = at + FRAMES + 2 * f;
      for (let tail = numbers[bounds + 1]; tail < position; tail++) {
        if (tail < numbers[bounds]) this.remove(slot, frames[f].accumulators, this.placeOf(at, tail));
        else numbers[bounds]++;
        numbers[bounds + 1] = tail + 1;
      }
    }
    let fresh = 0;
    for (; first < position; first++) {
      const chunk = entries[this.placeOf(at, first)];
      if (chunk === null) fresh++;
      else if (--chunk.live === 0) this.emptied.push(chunk);
    }
    numbers[at + FIRST] = position;
    const needed = numbers[at + END] - position;
    const length = numbers[at + LENGTH];
    if (length >= LONG_RING && needed * 8 <= length) this.resize(slot, length / 4);
    return fresh;
  }

  private remove(slot: number, accumulators: readonly AccumulatorCode[], place: number): void {
    for (let a = 0; a < accumulators.length; a++) {
      const { sliding, column } = accumulators[a];
      const value = this.values[column][place];
      if (value !== null) this.sliding[sliding].remove(slot, value);
    }
  }

  // ---- Rings ----

  /** Moves a group's rows to a ring of another length. */
  private resize(slot: number, length: number): void {
    const at = slot * this.stride;
    const { numbers } = this;
    const start = this.takeRing(length);
    for (let position = numbers[at + FIRST]; position < numbers[at + END]; position++) {
      const [from, to] = [this.placeOf(at, position), start + (position & (length - 1))];
      this.times[to] = this.times[from];
      this.entries[to] = this.entries[from];
      for (const column of this.values) column[to] = column[from];
    }
    this.freeRing(numbers[at + START], numbers[at + LENGTH]);
    numbers[at + START] = start;
    numbers[at + LENGTH] = length;
  }

  private takeRing(length: number): number {
    this.bytes += length * this.rowBytes;
    const free = this.free[Math.log2(length)]?.pop();
    if (free !== undefined) return free;
    const start = this.unused;
    this.unused += length;
    if (this.unused > this.times.length) this.moreRows();
    return start;
  }

  private moreRows(): void {
    const { entries, values } = this;
    this.times = longer(this.times, this.unused);
    for (let i = entries.length; i < this.times.length; i++) {
      entries.push(null);
      for (const column of values) column.push(0);
    }
  }

  private freeRing(start: number, length: number): void {
    this.bytes -= length * this.rowBytes;
    // Nothing is kept that only they know of.
    this.entries.fill(null, start, start + length);
    for (const column of this.values) column.fill(0, start, start + length);
    (this.free[Math.log2(length)] ??= []).push(start);
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
