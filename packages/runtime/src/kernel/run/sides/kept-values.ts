/** argMin, argMax, collect, topK: the values of some rows, best first. */
import { compareValues, type Value } from '@rta/dsl';
import { compareBytes } from '../../../state/group-table-hash.js';
import type { GroupTable } from '../../../state/group-table.js';
import { SideState } from '../../../state/side-state.js';
import type { AvroCursor } from '../avro-cursor.js';
import { orderOfPlaces, type Place } from '../places.js';
import type { Scratch } from '../scratch.js';
import type { Skipper } from '../skipper.js';
import type { ValueReader } from '../value-reader.js';
import type { ValueWriter } from '../value-writer.js';
import { eachItem, SideKind } from './side-kind.js';

interface Kept extends Place {
  /** Null where rows are not ranked. */
  readonly by: Value;
  /** The value's Avro. */
  readonly value: Uint8Array;
}

/** Of an object, about. */
const OVERHEAD = 160;

class KeptList extends SideState {
  bytes = OVERHEAD;
  readonly list: Kept[] = [];
}

/** What an accumulator of this kind is made of. */
interface KeptSpec {
  /** Nulls: rows are not ranked. */
  readonly rank: { readonly read: ValueReader; readonly write: ValueWriter; readonly descending: boolean } | null;
  readonly limit: number;
  /** The result is an array; else the best value. */
  readonly isArray: boolean;
  readonly skip: Skipper;
  readonly read: (bytes: Uint8Array) => Value;
}

export class KeptValues extends SideKind<KeptList> {
  constructor(
    side: number,
    private readonly spec: KeptSpec,
  ) {
    super(side);
  }

  /** Takes in the value whose Avro is `bytes[start, end)`, and which is not kept. */
  offer(
    T: GroupTable,
    slot: number,
    by: Value,
    time: number,
    partition: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const state = this.stateOf(T, slot);
    const before = state.bytes;
    this.insert(state, by, time, partition, offset, bytes, start, end);
    this.changed(T, state, before);
  }

  private insert(
    state: KeptList,
    by: Value,
    time: number,
    partition: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const { list } = state;
    const { limit } = this.spec;
    let at = list.length;
    while (at > 0 && this.compare(list[at - 1], by, time, partition, offset, bytes, start, end) > 0) at--;
    if (at >= limit) return;
    const kept = { by, time, partition, offset, value: bytes.slice(start, end) };
    if (list.length === limit) state.bytes -= bytesOf(list.pop()!);
    list.splice(at, 0, kept);
    state.bytes += bytesOf(kept);
  }

  private compare(
    a: Kept,
    by: Value,
    time: number,
    partition: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const { rank } = this.spec;
    if (rank !== null) {
      const order = compareValues(a.by, by);
      if (order !== 0) return rank.descending ? -order : order;
    }
    return (
      orderOfPlaces(a.time, a.partition, a.offset, time, partition, offset) || compareBytes(a.value, 0, a.value.length, bytes, start, end)
    );
  }

  protected fresh(): KeptList {
    return new KeptList();
  }

  protected join(into: KeptList, from: KeptList): void {
    for (const { by, time, partition, offset, value } of from.list) this.insert(into, by, time, partition, offset, value, 0, value.length);
  }

  protected readInto(c: AvroCursor, state: KeptList): void {
    const { rank, skip } = this.spec;
    eachItem(c, () => {
      const by = rank === null ? null : rank.read(c);
      const time = Number(c.long());
      const partition = c.int();
      const offset = Number(c.long());
      const start = c.pos;
      skip(c);
      this.insert(state, by, time, partition, offset, c.bytes, start, c.pos);
    });
  }

  protected writeState(W: Scratch, p: number, state: KeptList | undefined): number {
    const { rank } = this.spec;
    if (state !== undefined && state.list.length > 0) {
      p = W.long(p, state.list.length);
      for (const { by, time, partition, offset, value } of state.list) {
        if (rank !== null) p = rank.write(W, p, by);
        p = W.copy(W.long(W.long(W.long(p, time), partition), offset), value, 0, value.length);
      }
    }
    return W.byte(p, 0);
  }

  protected resultOf(state: KeptList | undefined): Value {
    const { read, isArray } = this.spec;
    const list = state?.list ?? [];
    if (isArray) return list.map(({ value }) => read(value));
    return list.length === 0 ? null : read(list[0].value);
  }
}

function bytesOf({ by, value }: Kept): number {
  return OVERHEAD + value.length + (typeof by === 'string' ? 2 * by.length : 0);
}
