/**
 * Which slots have something due, by event time: a calendar of lazy buckets. A slot is entered once, when it is new; being touched costs
 * nothing. When the watermark reaches its bucket, the slot's real due time is looked at, and it is entered again if that is later. Slots of
 * the bucket that the watermark stands in wait in a heap, so that a flush looks only at those that are due.
 */
import { longer } from './longer.js';

/** A bucket is this share of the ttl. */
const BUCKETS_PER_TTL = 64;

export class ExpiryIndex {
  private readonly width: number;
  private readonly buckets = new Map<number, number[]>();
  /** Bucket in which a slot is entered; NaN: none. Entries elsewhere are out of date. */
  private entered = new Float64Array(16).fill(NaN);
  /** Due times and slots of the buckets already reached, as a binary heap. */
  private readonly heapDue: number[] = [];
  private readonly heapSlot: number[] = [];
  private reached = -Infinity;
  /** The first bucket that is not reached; Infinity: there is none. */
  private first = Infinity;
  /** The slot of the first bucket that is due first, as far as is known, and when; -1: not known. */
  private soonest = -1;
  private soonestDue = Infinity;

  constructor(ttlMs: number) {
    this.width = Math.max(1, Math.floor(ttlMs / BUCKETS_PER_TTL));
  }

  /** Bytes of the index, about. */
  get bytes(): number {
    return this.entered.byteLength * 2 + this.heapDue.length * 16;
  }

  /** Says that `slot` has something due at `due`; what was said before of it is void if it was later. */
  add(slot: number, due: number): void {
    if (slot >= this.entered.length) this.entered = longer(this.entered, slot + 1, NaN);
    const bucket = Math.floor(due / this.width);
    if (bucket <= this.reached) {
      this.entered[slot] = -Infinity;
      this.push(due, slot);
      return;
    }
    if (!(this.entered[slot] <= bucket)) {
      this.entered[slot] = bucket;
      const slots = this.buckets.get(bucket);
      if (slots === undefined) this.buckets.set(bucket, [slot]);
      else slots.push(slot);
    } else if (this.entered[slot] < bucket) return;
    if (bucket < this.first || (bucket === this.first && this.soonest >= 0 && due < this.soonestDue)) {
      this.first = bucket;
      this.soonest = slot;
      this.soonestDue = due;
    }
  }

  /** The slot was freed. */
  remove(slot: number): void {
    if (slot < this.entered.length) this.entered[slot] = NaN;
  }

  /**
   * Calls `expired` for each slot whose due time, which `dueOf` tells now (Infinity: never), is <= `watermark`. It is not entered any more
   * then: `expired`, or whoever handles it later, adds it again.
   */
  expire(watermark: number, dueOf: (slot: number) => number, expired: (slot: number) => void): void {
    const reached = Math.floor(watermark / this.width);
    if (reached > this.reached) {
      this.reached = reached;
      if (this.first <= reached) {
        for (const [bucket, slots] of this.buckets) {
          if (bucket > reached) continue;
          this.buckets.delete(bucket);
          for (const slot of slots) {
            if (this.entered[slot] !== bucket) continue;
            this.enterAnew(slot, dueOf(slot));
          }
        }
        this.findFirst();
      }
    }
    while (this.heapDue.length > 0 && this.heapDue[0] <= watermark) {
      const slot = this.pop();
      if (this.entered[slot] !== -Infinity) continue;
      this.entered[slot] = NaN;
      const due = dueOf(slot);
      if (due <= watermark) expired(slot);
      else if (due < Infinity) this.add(slot, due);
    }
  }

  /** When the first slot is due; Infinity: there is none. */
  next(dueOf: (slot: number) => number): number {
    for (;;) {
      const waiting = this.heapDue.length > 0 ? this.heapDue[0] : Infinity;
      if (waiting < Infinity) {
        const slot = this.heapSlot[0];
        const due = this.entered[slot] === -Infinity ? dueOf(slot) : NaN;
        if (due !== waiting) {
          this.pop();
          if (this.entered[slot] === -Infinity) this.enterAnew(slot, due);
          continue;
        }
      }
      if (this.first * this.width >= waiting || this.first === Infinity) return waiting;
      if (this.soonest < 0 || this.entered[this.soonest] !== this.first || dueOf(this.soonest) !== this.soonestDue) this.sortOut(dueOf);
      if (this.soonest >= 0) return Math.min(waiting, this.soonestDue);
    }
  }

  /** Looks at the first bucket: what is due later moves on, and the rest has a first. */
  private sortOut(dueOf: (slot: number) => number): void {
    const bucket = this.first;
    const slots = this.buckets.get(bucket)!;
    this.buckets.delete(bucket);
    this.findFirst();
    for (const slot of slots) if (this.entered[slot] === bucket) this.enterAnew(slot, dueOf(slot));
    if (this.first !== bucket) this.soonest = -1;
  }

  private enterAnew(slot: number, due: number): void {
    this.entered[slot] = NaN;
    if (due < Infinity) this.add(slot, due);
  }

  private findFirst(): void {
    this.first = Infinity;
    this.soonest = -1;
    for (const bucket of this.buckets.keys()) if (bucket < this.first) this.first = bucket;
  }

  private push(due: number, slot: number): void {
    const { heapDue, heapSlot } = this;
    let i = heapDue.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heapDue[parent] <= due) break;
      heapDue[i] = heapDue[parent];
      heapSlot[i] = heapSlot[parent];
      i = parent;
    }
    heapDue[i] = due;
    heapSlot[i] = slot;
  }

  private pop(): number {
    const { heapDue, heapSlot } = this;
    const top = heapSlot[0];
    const due = heapDue.pop()!;
    const slot = heapSlot.pop()!;
    const { length } = heapDue;
    if (length === 0) return top;
    let i = 0;
    for (;;) {
      let child = i * 2 + 1;
      if (child >= length) break;
      if (child + 1 < length && heapDue[child + 1] < heapDue[child]) child++;
      if (heapDue[child] >= due) break;
      heapDue[i] = heapDue[child];
      heapSlot[i] = heapSlot[child];
      i = child;
    }
    heapDue[i] = due;
    heapSlot[i] = slot;
    return top;
  }
}
