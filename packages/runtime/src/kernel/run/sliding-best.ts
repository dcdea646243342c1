/** Accumulators of a frame that slides, of those that are about the best of its values, or about their order. */
import { compareValues, type Value } from '@rta/dsl';
import { estimate, MAX_RANK, REGISTERS } from '../hyper-log-log.js';
import type { Scratch } from './scratch.js';
import { entryOf } from './sides/registers.js';
import type { Sliding } from './sliding-values.js';
import type { ValueWriter } from './value-writer.js';

const FORGET_AT = 64;

/**
 * What may still become the best, in order of coming, each worse than the one before: a monotonic queue. An item is a number in `items`, or
 * any value, with its place among all that were added.
 */
export class BestQueue<T> {
  private items: T[] = [];
  private places: number[] = [];
  private head = 0;

  /** @param yields whether the first of two, which came earlier, is no better than the second */
  constructor(private readonly yields: (earlier: T, later: T) => boolean) {}

  add(item: T, place: number): void {
    const { items, places } = this;
    while (items.length > this.head && this.yields(items[items.length - 1], item)) {
      items.pop();
      places.pop();
    }
    items.push(item);
    places.push(place);
  }

  /** What was added at `place` goes; all before it are gone. */
  remove(place: number): void {
    if (this.head < this.places.length && this.places[this.head] === place) this.head++;
    if (this.head < FORGET_AT || this.head * 2 < this.items.length) return;
    this.items = this.items.slice(this.head);
    this.places = this.places.slice(this.head);
    this.head = 0;
  }

  get best(): T | undefined {
    return this.items[this.head];
  }
}

/** The extreme value. */
export class SlidingExtreme implements Sliding {
  private readonly queue: BestQueue<Value>;
  private added = 0;
  private removed = 0;

  /** @param before negative where the first of two values is the better one */
  constructor(before: (a: Value, b: Value) => number) {
    this.queue = new BestQueue((earlier, later) => before(earlier, later) >= 0);
  }

  add(value: Value): void {
    this.queue.add(value, this.added++);
  }

  remove(): void {
    this.queue.remove(this.removed++);
  }

  result(): Value {
    return this.queue.best ?? null;
  }
}

/** A value, and what its row is ranked by. */
interface Ranked {
  readonly value: Value;
  readonly by: Value;
}

/** The value of the row with the best rank, of several the first. */
export class SlidingArgument implements Sliding {
  private readonly queue: BestQueue<Ranked>;
  private added = 0;
  private removed = 0;

  /** @param sign 1: the greatest rank is best, -1: the least */
  constructor(sign: 1 | -1) {
    this.queue = new BestQueue((earlier, later) => compareValues(later.by, earlier.by) * sign > 0);
  }

  add(value: Value): void {
    this.queue.add(value as unknown as Ranked, this.added++);
  }

  remove(): void {
    this.queue.remove(this.removed++);
  }

  result(): Value {
    return this.queue.best?.value ?? null;
  }
}

interface Placed extends Ranked {
  readonly place: number;
}

/** The values of the rows with the greatest ranks: all rows of the frame, sorted. */
export class SlidingTop implements Sliding {
  /** Greatest first, of equals the first. */
  private readonly rows: Placed[] = [];
  private added = 0;
  private removed = 0;

  constructor(private readonly limit: number) {}

  add(value: Value): void {
    const { value: of, by } = value as unknown as Ranked;
    const row = { value: of, by, place: this.added++ };
    this.rows.splice(this.indexOf(row.by, row.place), 0, row);
  }

  remove(value: Value): void {
    this.rows.splice(this.indexOf((value as unknown as Ranked).by, this.removed++), 1);
  }

  /** How many rows are before that of the rank and place. */
  private indexOf(by: Value, place: number): number {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const row = this.rows[middle];
      if ((compareValues(by, row.by) || row.place - place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  result(): Value {
    return this.rows.slice(0, this.limit).map(({ value }) => value);
  }
}

/**
 * How many conditions are met in order. A row takes the number that were met before it to that number or the next, so rows one after the other are a
 * function of what was met before them. Of the older part of the frame those of all suffixes are kept, of the newer one that of the whole; when the
 * older part is used up the newer one takes its place (see sliding-sum.ts).
 */
export class SlidingFunnel implements Sliding {
  /** Of the rows that are still to be moved to the older part: the conditions that each meets, as bits. */
  private newer: number[] = [];
  /** What the newer part makes of each number. */
  private readonly reached: Uint8Array;
  /** The same of the suffixes of the older part, the shortest first. */
  private readonly suffixes: Uint8Array[] = [];

  /** @param steps number of conditions */
  constructor(private readonly steps: number) {
    this.reached = Uint8Array.from({ length: steps + 1 }, (_, n) => n);
  }

  add(value: Value): void {
    const met = Number(value);
    this.newer.push(met);
    const { reached } = this;
    for (let n = 0; n <= this.steps; n++) reached[n] += (met >> reached[n]) & 1;
  }

  remove(): void {
    if (this.suffixes.length === 0) this.turn();
    this.suffixes.pop();
  }

  private turn(): void {
    const { newer, suffixes, reached, steps } = this;
    for (let i = newer.length - 1; i >= 0; i--) {
      const after = suffixes.at(-1);
      suffixes.push(
        Uint8Array.from({ length: steps + 1 }, (_, n) => {
          const next = n + ((newer[i] >> n) & 1);
          return after === undefined ? next : after[next];
        }),
      );
    }
    this.newer = [];
    for (let n = 0; n <= steps; n++) reached[n] = n;
  }

  result(): number {
    return this.reached[this.suffixes.at(-1)?.[0] ?? 0];
  }
}

/**
 * What HyperLogLog would estimate of the frame alone: each register keeps what may still become its greatest rank (Chabchoub and Hébrail, "Sliding
 * HyperLogLog", ICDMW 2010, whose list of future possible maxima this is).
 */
export class SlidingEstimate implements Sliding {
  private readonly registers = new Map<number, BestQueue<number>>();
  /** How many registers have each rank. */
  private readonly histogram = new Int32Array(MAX_RANK + 1);
  private added = 0;
  private removed = 0;

  /** @param write the value's Avro, to `scratch` */
  constructor(
    private readonly write: ValueWriter,
    private readonly scratch: Scratch,
  ) {
    this.histogram[0] = REGISTERS;
  }

  add(value: Value): void {
    const entry = this.entryOf(value);
    const place = this.added++;
    let queue = this.registers.get(entry >> 8);
    if (queue === undefined) this.registers.set(entry >> 8, (queue = new BestQueue((earlier, later) => earlier <= later)));
    this.change(queue, () => queue.add(entry & 255, place));
  }

  remove(value: Value): void {
    const register = this.entryOf(value) >> 8;
    const place = this.removed++;
    const queue = this.registers.get(register)!;
    this.change(queue, () => queue.remove(place));
    if (queue.best === undefined) this.registers.delete(register);
  }

  private change(queue: BestQueue<number>, by: () => void): void {
    this.histogram[queue.best ?? 0]--;
    by();
    this.histogram[queue.best ?? 0]++;
  }

  private entryOf(value: Value): number {
    const end = this.write(this.scratch, 0, value);
    return entryOf(this.scratch.bytes, 0, end);
  }

  result(): number {
    return estimate(this.histogram);
  }
}
