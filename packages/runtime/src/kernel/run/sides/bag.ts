/** Aggregates over tables: the values of all rows and how many rows have them, so that any may be taken back. */
import { compareValues, type PositionFn, type Value } from '@rta/dsl';
import { compareBytes } from '../../../state/group-table-hash.js';
import type { GroupTable } from '../../../state/group-table.js';
import { SideState } from '../../../state/side-state.js';
import { AvroCursor } from '../avro-cursor.js';
import { byteString } from '../bytes.js';
import type { Scratch } from '../scratch.js';
import type { Skipper } from '../skipper.js';
import type { ValueReader } from '../value-reader.js';
import { eachItem, SideKind } from './side-kind.js';

interface Item {
  /** As they are written: [by] time value. */
  readonly bytes: Uint8Array;
  n: number;
}

const OVERHEAD = 120;

class Items extends SideState {
  readonly items = new Map<string, Item>();
  bytes = OVERHEAD;

  add(bytes: Uint8Array, start: number, end: number, n: number): void {
    const id = byteString(bytes, start, end);
    const item = this.items.get(id);
    if (item === undefined) {
      this.items.set(id, { bytes: bytes.slice(start, end), n });
      this.bytes += OVERHEAD + 2 * (end - start);
    } else if (item.n + n !== 0) item.n += n;
    else {
      this.items.delete(id);
      this.bytes -= OVERHEAD + 2 * (end - start);
    }
  }
}

/** An item, read. */
interface Kept {
  readonly by: Value;
  readonly time: number;
  readonly value: Value;
  readonly bytes: Uint8Array;
  readonly n: number;
}

/** Aggregates that keep all values. */
export type BagFn = 'min' | 'max' | PositionFn | 'distinct';

interface BagSpec {
  readonly fn: BagFn;
  readonly limit: number;
  readonly isArray: boolean;
  readonly readRank: ValueReader | null;
  readonly skipRank: Skipper | null;
  readonly read: ValueReader;
  readonly skip: Skipper;
}

export class Bag extends SideKind<Items> {
  private readonly cursor = new AvroCursor();

  constructor(
    side: number,
    private readonly spec: BagSpec,
  ) {
    super(side);
  }

  /** Adds `n` rows whose item is `bytes[start, end)`; less than 0 takes them back. */
  add(T: GroupTable, slot: number, bytes: Uint8Array, start: number, end: number, n: number): void {
    const state = this.stateOf(T, slot);
    const before = state.bytes;
    state.add(bytes, start, end, n);
    this.changed(T, state, before);
  }

  protected fresh(): Items {
    return new Items();
  }

  protected join(into: Items, from: Items): void {
    for (const { bytes, n } of from.items.values()) into.add(bytes, 0, bytes.length, n);
  }

  protected readInto(c: AvroCursor, state: Items): void {
    const { skipRank, skip } = this.spec;
    eachItem(c, () => {
      const start = c.pos;
      skipRank?.(c);
      c.long();
      skip(c);
      const end = c.pos;
      state.add(c.bytes, start, end, Number(c.long()));
    });
  }

  protected writeState(W: Scratch, p: number, state: Items | undefined): number {
    if (state !== undefined && state.items.size > 0) {
      p = W.long(p, state.items.size);
      for (const { bytes, n } of state.items.values()) p = W.long(W.copy(p, bytes, 0, bytes.length), n);
    }
    return W.byte(p, 0);
  }

  protected resultOf(state: Items | undefined): Value {
    const { fn, limit, isArray } = this.spec;
    const there = [...(state?.items.values() ?? [])].filter(({ n }) => n > 0);
    if (fn === 'distinct') return there.length;
    const kept = there.map((item) => this.readItem(item));
    if (!isArray) return kept.length === 0 ? null : kept.reduce((a, b) => (this.compare(b, a) < 0 ? b : a)).value;
    kept.sort((a, b) => this.compare(a, b));
    const values: Value[] = [];
    for (const { value, n } of kept) for (let i = 0; i < n && values.length < limit; i++) values.push(value);
    return values;
  }

  private readItem({ bytes, n }: Item): Kept {
    const c = this.cursor.at(bytes, 0, bytes.length);
    const by = this.spec.readRank?.(c) ?? null;
    const time = Number(c.long());
    const start = c.pos;
    return { by, time, value: this.spec.read(c), bytes: bytes.subarray(start), n };
  }

  /** The better one is less. */
  private compare(a: Kept, b: Kept): number {
    const { fn } = this.spec;
    if (fn === 'min') return compareTotally(a.value, b.value);
    if (fn === 'max') return compareTotally(b.value, a.value);
    const rank = this.spec.readRank === null ? 0 : fn === 'argMin' ? compareValues(a.by, b.by) : compareValues(b.by, a.by);
    if (rank !== 0) return rank;
    const order = a.time - b.time || compareBytes(a.bytes, 0, a.bytes.length, b.bytes, 0, b.bytes.length);
    return fn === 'last' ? -order : order;
  }
}

/** -0 comes before 0. */
function compareTotally(a: Value, b: Value): number {
  return compareValues(a, b) || (a === 0 && b === 0 ? Number(Object.is(b, -0)) - Number(Object.is(a, -0)) : 0);
}
