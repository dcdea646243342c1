/** count(distinct): a set of byte strings, each the Avro of a value, one after another as the state's array wants them. */
import type { Value } from '@rta/dsl';
import { hashBytes } from '../../../state/group-table-hash.js';
import type { GroupTable } from '../../../state/group-table.js';
import { SideState } from '../../../state/side-state.js';
import type { AvroCursor } from '../avro-cursor.js';
import type { Scratch } from '../scratch.js';
import type { Skipper } from '../skipper.js';
import { SideKind } from './side-kind.js';

const FIRST_COUNT = 4;
const FIRST_BYTES = 32;
/** Of the objects themselves, about. */
const OVERHEAD = 200;

class ByteSet extends SideState {
  size = 0;
  /** The members, and where each begins; after the last, where the next will. */
  members = new Uint8Array(FIRST_BYTES);
  private starts = new Int32Array(FIRST_COUNT + 1);
  /** Open addressing: (hash, number + 1) pairs; number + 1 = 0: empty. At most half full. */
  private index = new Int32Array(FIRST_COUNT * 4);

  get bytes(): number {
    return this.members.byteLength + this.starts.byteLength + this.index.byteLength + OVERHEAD;
  }

  /** Where the members end. */
  get end(): number {
    return this.starts[this.size];
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const { index, starts, members } = this;
    const mask = index.length / 2 - 1;
    const hash = hashBytes(bytes, start, end);
    const length = end - start;
    let i = hash & mask;
    for (; index[i * 2 + 1] !== 0; i = (i + 1) & mask) {
      if (index[i * 2] !== hash) continue;
      const number = index[i * 2 + 1] - 1;
      const from = starts[number];
      if (starts[number + 1] - from !== length) continue;
      let p = 0;
      while (p < length && members[from + p] === bytes[start + p]) p++;
      if (p === length) return;
    }
    index[i * 2] = hash;
    index[i * 2 + 1] = this.size + 1;
    this.append(bytes, start, end);
    if (this.size * 4 > index.length) this.grow();
  }

  private append(bytes: Uint8Array, start: number, end: number): void {
    const at = this.end;
    const after = at + end - start;
    if (after > this.members.length) {
      const larger = new Uint8Array(Math.max(after, this.members.length * 2));
      larger.set(this.members);
      this.members = larger;
    }
    const { members } = this;
    for (let i = start, p = at; i < end; i++) members[p++] = bytes[i];
    this.size++;
    if (this.size === this.starts.length) {
      const longer = new Int32Array(this.starts.length * 2);
      longer.set(this.starts);
      this.starts = longer;
    }
    this.starts[this.size] = after;
  }

  private grow(): void {
    const before = this.index;
    const index = new Int32Array(before.length * 2);
    const mask = index.length / 2 - 1;
    for (let entry = 0; entry < before.length; entry += 2) {
      if (before[entry + 1] === 0) continue;
      let i = before[entry] & mask;
      while (index[i * 2 + 1] !== 0) i = (i + 1) & mask;
      index[i * 2] = before[entry];
      index[i * 2 + 1] = before[entry + 1];
    }
    this.index = index;
  }

  addAll(other: ByteSet): void {
    for (let number = 0; number < other.size; number++) this.add(other.members, other.starts[number], other.starts[number + 1]);
  }
}

export class DistinctValues extends SideKind<ByteSet> {
  /** @param skip passes over one value */
  constructor(
    side: number,
    private readonly skip: Skipper,
  ) {
    super(side);
  }

  /** Takes in the value whose Avro is `bytes[start, end)`. */
  add(T: GroupTable, slot: number, bytes: Uint8Array, start: number, end: number): void {
    const set = this.stateOf(T, slot);
    const before = set.bytes;
    set.add(bytes, start, end);
    this.changed(T, set, before);
  }

  protected fresh(): ByteSet {
    return new ByteSet();
  }

  protected join(into: ByteSet, from: ByteSet): void {
    into.addAll(from);
  }

  protected readInto(c: AvroCursor, set: ByteSet): void {
    for (let count = Number(c.long()); count !== 0; count = Number(c.long())) {
      if (count < 0) {
        count = -count;
        c.long();
      }
      for (; count > 0; count--) {
        const start = c.pos;
        this.skip(c);
        set.add(c.bytes, start, c.pos);
      }
    }
  }

  protected writeState(W: Scratch, p: number, set: ByteSet | undefined): number {
    if (set !== undefined && set.size > 0) p = W.copy(W.long(p, set.size), set.members, 0, set.end);
    return W.byte(p, 0);
  }

  protected resultOf(set: ByteSet | undefined): Value {
    return set?.size ?? 0;
  }
}
