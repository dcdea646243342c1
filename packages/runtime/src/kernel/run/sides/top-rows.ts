/** topRows: the first rows of a group in an order, best first; over a table all of its rows, and how often. */
import { compareValues, type Order, type Row, type Value } from '@rta/dsl';
import { compareBytes } from '../../../state/group-table-hash.js';
import type { GroupTable } from '../../../state/group-table.js';
import { SideState } from '../../../state/side-state.js';
import type { AvroCursor } from '../avro-cursor.js';
import { comparePlaces, orderOfPlaces, type Place } from '../places.js';
import type { Scratch } from '../scratch.js';
import type { Skipper } from '../skipper.js';
import type { ValueReader } from '../value-reader.js';
import type { ValueWriter } from '../value-writer.js';
import { eachItem, SideKind } from './side-kind.js';

interface TopRow extends Place {
  /** The values of the orders. */
  readonly by: readonly Value[];
  /** The row's Avro. */
  readonly row: Uint8Array;
  /** Of a table: how many there are of it, less than 0 in partials. Of a stream always one. */
  n: number;
}

/** Of an object, about. */
const OVERHEAD = 200;

class TopList extends SideState {
  bytes = OVERHEAD;
  readonly list: TopRow[] = [];
}

interface TopRowsSpec {
  readonly limit: number;
  readonly ties: boolean;
  /** The field of the rows that says which of them it is; null: none. */
  readonly rank: string | null;
  readonly retracts: boolean;
  /** The result is an array; else the best row. */
  readonly isArray: boolean;
  readonly orders: readonly (Pick<Order, 'descending' | 'nullsFirst'> & { readonly read: ValueReader; readonly write: ValueWriter })[];
  readonly skip: Skipper;
  readonly read: (bytes: Uint8Array) => Value;
}

export class TopRowsKept extends SideKind<TopList> {
  /** The values of the orders of the row that `takes` and `put` are called for. */
  by: Value[];

  constructor(
    side: number,
    private readonly spec: TopRowsSpec,
  ) {
    super(side);
    this.by = spec.orders.map(() => null);
  }

  /** Whether a row may be one of the first; most are not. */
  takes(T: GroupTable, slot: number, time: number, partition: number, offset: number): boolean {
    const { limit, ties } = this.spec;
    const { list } = this.stateOf(T, slot);
    if (list.length < limit) return true;
    const last = list[list.length - 1];
    const order = this.compareBy(this.by, last.by);
    return order < 0 || (order === 0 && (ties || orderOfPlaces(time, partition, offset, last.time, last.partition, last.offset) <= 0));
  }

  /** Takes in the row whose Avro is `bytes[start, end)`, `n` times. */
  put(
    T: GroupTable,
    slot: number,
    time: number,
    partition: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    n: number,
  ): void {
    const state = this.stateOf(T, slot);
    const before = state.bytes;
    this.insert(state, { by: this.by.slice(), time, partition, offset, row: bytes.slice(start, end), n });
    this.changed(T, state, before);
  }

  private insert(state: TopList, row: TopRow): void {
    const { list } = state;
    let at = list.length;
    let order = 1;
    while (at > 0 && (order = this.compare(list[at - 1], row)) > 0) at--;
    if (this.spec.retracts && at > 0 && order === 0) {
      const same = list[at - 1];
      same.n += row.n;
      if (same.n === 0) state.bytes -= bytesOf(list.splice(at - 1, 1)[0]);
      return;
    }
    list.splice(at, 0, row);
    state.bytes += bytesOf(row);
    if (!this.spec.retracts) while (list.length > this.spec.limit && !this.tiesWithLast(list)) state.bytes -= bytesOf(list.pop()!);
  }

  private tiesWithLast(list: readonly TopRow[]): boolean {
    return this.spec.ties && this.compareBy(list[list.length - 1].by, list[this.spec.limit - 1].by) === 0;
  }

  private compareBy(a: readonly Value[], b: readonly Value[]): number {
    const { orders } = this.spec;
    for (let i = 0; i < orders.length; i++) {
      const [x, y] = [a[i], b[i]];
      const { descending, nullsFirst } = orders[i];
      if (x === null || y === null) {
        if (x !== y) return (x === null) === nullsFirst ? -1 : 1;
        continue;
      }
      const order = compareValues(x, y);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  }

  private compare(a: TopRow, b: TopRow): number {
    return this.compareBy(a.by, b.by) || comparePlaces(a, b) || compareBytes(a.row, 0, a.row.length, b.row, 0, b.row.length);
  }

  protected fresh(): TopList {
    return new TopList();
  }

  protected join(into: TopList, from: TopList): void {
    for (const row of from.list) this.insert(into, { ...row });
  }

  protected readInto(c: AvroCursor, state: TopList): void {
    const { orders, skip, retracts } = this.spec;
    eachItem(c, () => {
      const by = orders.map(({ read }) => (c.index(2) === 0 ? null : read(c)));
      const time = Number(c.long());
      const partition = c.int();
      const offset = Number(c.long());
      const start = c.pos;
      skip(c);
      const row = c.bytes.slice(start, c.pos);
      this.insert(state, { by, time, partition, offset, row, n: retracts ? Number(c.long()) : 1 });
    });
  }

  protected writeState(W: Scratch, p: number, state: TopList | undefined): number {
    if (state !== undefined && state.list.length > 0) {
      p = W.long(p, state.list.length);
      for (const { by, time, partition, offset, row, n } of state.list) {
        for (const [i, { write }] of this.spec.orders.entries()) p = by[i] === null ? W.byte(p, 0) : write(W, W.byte(p, 2), by[i]);
        p = W.copy(W.long(W.long(W.long(p, time), partition), offset), row, 0, row.length);
        if (this.spec.retracts) p = W.long(p, n);
      }
    }
    return W.byte(p, 0);
  }

  protected resultOf(state: TopList | undefined): Value {
    const { read, isArray, rank } = this.spec;
    const list = state?.list ?? [];
    if (!isArray) return list.length === 0 ? null : read(list[0].row);
    const rows: Value[] = [];
    for (const { row, n } of list)
      for (let i = 0; i < n; i++) rows.push(rank === null ? read(row) : { [rank]: rows.length + 1, ...(read(row) as Row) });
    return rows;
  }
}

function bytesOf({ row, by }: TopRow): number {
  return OVERHEAD + row.length + by.reduce<number>((sum, value) => sum + (typeof value === 'string' ? 2 * value.length : 8), 0);
}
