import { longer } from './longer.js';

/** Lists of rows by slot of their group, where both are numbers: in arrays, so that adding a row looks at nothing else. A row is in one list. */
export class RowLists {
  /** Per slot; -1: none. */
  private first = new Int32Array(16).fill(-1);
  private last = new Int32Array(16);
  /** Per row: the next one of its list; -1: it is the last. */
  private next = new Int32Array(64);

  /** Adds a row at the end; gives whether it is the first. */
  push(slot: number, row: number): boolean {
    if (slot >= this.first.length) {
      this.first = longer(this.first, slot + 1, -1);
      this.last = longer(this.last, slot + 1);
    }
    if (row >= this.next.length) this.next = longer(this.next, row + 1);
    this.next[row] = -1;
    const isFirst = this.first[slot] < 0;
    if (isFirst) this.first[slot] = row;
    else this.next[this.last[slot]] = row;
    this.last[slot] = row;
    return isFirst;
  }

  isEmpty(slot: number): boolean {
    return this.firstOf(slot) < 0;
  }

  /** -1: there is none. */
  firstOf(slot: number): number {
    return slot < this.first.length ? this.first[slot] : -1;
  }

  /** Takes the first row out of a list that has one. */
  shift(slot: number): void {
    this.first[slot] = this.next[this.first[slot]];
  }

  /** The rows of a slot, to `into`; its list is empty then. */
  take(slot: number, into: number[]): number[] {
    if (this.isEmpty(slot)) return into;
    for (let row = this.first[slot]; row >= 0; row = this.next[row]) into.push(row);
    this.first[slot] = -1;
    return into;
  }
}
