/**
 * A join of two tables on a foreign key, in one task: rows of the left one by the row that they refer to. Whenever either side of such a pair
 * changes, the owner of the left row is told what it is joined with now. A row is written to the changelog as it changes; its bytes may then be
 * in the store only.
 */
import type { StageNode } from '../../plan/physical.js';
import { padded } from '../../plan/join-times.js';
import { byteString, readInt32 } from './bytes.js';
import { type EvictableRow, EvictableRows } from './evictable-rows.js';
import type { Receiver } from './receive.js';
import type { RowsState } from './rows-state.js';
import { Scratch } from './scratch.js';
import type { TaskState } from './task-state.js';

type ForeignNode = Extract<StageNode, { op: 'foreign' }>;

/** A row of either side: Avro of { time, c0, … }. */
interface Kept extends EvictableRow {
  /** Of the left: its own key; of the right: none. */
  readonly key: Uint8Array | null;
  readonly place: Place;
  version: number;
  length: number;
  /** In the changelog; and of a left row: its owner knows of it. */
  logged: boolean;
}

/** What is referred to by one foreign key. */
interface Place {
  readonly name: string;
  readonly foreign: Uint8Array;
  readonly left: Map<string, Kept>;
  right: Kept | null;
  touched: boolean;
}

/** Bytes that a row takes beside its own, about. */
const ROW_OVERHEAD = 200;

export class ForeignState extends EvictableRows<Kept> {
  private readonly places = new Map<string, Place>();
  private readonly pads: boolean;
  private readonly message = new Scratch();
  /** Places whose right row changed. */
  private touched: Place[] = [];

  constructor(
    private readonly node: ForeignNode,
    private readonly index: number,
    K: TaskState,
    private readonly fingerprint: number,
    /** The fold that is told, where it is in this task. */
    private readonly owner: number | null,
  ) {
    super(K, ROW_OVERHEAD);
    this.pads = padded(node.transform)[0];
  }

  /** What reads input `input` of the stage. */
  receiver(input: number): Receiver {
    const left = this.node.sides[0].includes(input);
    return {
      receive: (K, b, keyStart, keyEnd, valueStart, valueEnd) => {
        K.rowsIn[this.index]++;
        const place = this.placeOf(b, keyStart, keyEnd);
        if (left) this.takeLeft(K, place, b, valueStart, valueEnd);
        else this.takeRight(K, place, b, valueStart, valueEnd);
      },
    };
  }

  private placeOf(b: Uint8Array, start: number, end: number): Place {
    const name = byteString(b, start, end);
    let place = this.places.get(name);
    if (place === undefined) {
      place = { name, foreign: b.slice(start, end), left: new Map(), right: null, touched: false };
      this.places.set(name, place);
    }
    return place;
  }

  private takeLeft(K: TaskState, place: Place, b: Uint8Array, start: number, end: number): void {
    const cursor = K.cursor.at(b, start, end);
    const length = Number(cursor.long());
    const keyStart = cursor.skip(length);
    const name = byteString(b, keyStart, keyStart + length);
    const version = Number(cursor.long());
    const { pos } = cursor;
    const kept = place.left.get(name) ?? this.keep(place, b.slice(keyStart, keyStart + length), name);
    kept.version = version;
    this.put(kept, b[pos] === 0 ? null : b.slice(pos + 1, end));
  }

  private takeRight(K: TaskState, place: Place, b: Uint8Array, start: number, end: number): void {
    K.cursor.at(b, start, end).long();
    const { pos } = K.cursor;
    // The time in front belongs to the row, and a byte that says whether there is one stands between.
    const row = b[pos] === 0 ? null : joinedBytes(b.subarray(start, pos), b.subarray(pos + 1, end));
    this.put((place.right ??= this.keep(place, null, '')), row);
    if (place.touched) return;
    place.touched = true;
    this.touched.push(place);
  }

  private keep(place: Place, key: Uint8Array | null, name: string): Kept {
    const kept: Kept = { key, place, version: 0, row: null, length: 0, dirty: false, logged: false, gone: true, flush: 0, listed: false };
    if (key !== null) place.left.set(name, kept);
    this.count++;
    return kept;
  }

  private put(kept: Kept, row: Uint8Array | null): void {
    if (kept.row !== null) this.heldBytes -= kept.length;
    kept.gone = row === null;
    kept.row = row;
    kept.length = row?.length ?? 0;
    this.heldBytes += kept.length;
    if (kept.dirty) return;
    kept.dirty = true;
    this.dirty.push(kept);
  }

  // ---- Flush ----

  flush(K: TaskState, _watermark: number): void {
    const { dirty, touched } = this;
    this.dirty = [];
    this.touched = [];
    for (const kept of dirty) if (kept.key !== null) this.tell(K, kept);
    for (const place of touched) {
      place.touched = false;
      for (const kept of place.left.values()) if (!kept.dirty) this.tell(K, kept);
    }
    for (const kept of dirty) this.log(K, kept);
    this.flushed();
  }

  /** Tells the owner of a left row what it is joined with. */
  private tell(K: TaskState, kept: Kept): void {
    if (kept.gone && !kept.logged) return;
    const { right } = kept.place;
    const w = this.message;
    let p = w.long(w.long(0, kept.gone ? -1 : kept.logged ? 0 : 1), kept.version);
    const other = right === null || right.gone ? null : this.rowOf(right);
    if (kept.gone || (other === null && !this.pads)) p = w.byte(p, 0);
    else {
      const row = this.rowOf(kept);
      const time = Number(K.cursor.at(row, 0, row.length).long());
      const start = K.cursor.pos;
      const otherTime = other === null ? -Infinity : Number(K.cursor.at(other, 0, other.length).long());
      p = w.copy(w.long(w.byte(p, 2), Math.max(time, otherTime)), row, start, row.length);
      if (other !== null) p = w.copy(p, other, K.cursor.pos, other.length);
      else for (const _ of this.node.rightColumns) p = w.byte(p, 0);
    }
    this.send(K, kept.key!, w.bytes, p);
  }

  private send(K: TaskState, key: Uint8Array, bytes: Uint8Array, end: number): void {
    const { output } = this.node;
    K.rowsOut[this.index]++;
    if (output === null) {
      (K.nodes[this.owner!] as RowsState).claim(K, key, 0, key.length, bytes, 0, end);
      return;
    }
    K.builder(output, K.partitionOf(output, key, 0, key.length)).append(K.now, key, 0, key.length, bytes, 0, end, null);
    K.wrote[output] = true;
  }

  private log(K: TaskState, kept: Kept): void {
    kept.dirty = false;
    const keyEnd = this.storeKey(K, kept);
    if (kept.gone) {
      if (kept.logged) K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, null, 0, 0, null);
      this.forget(kept);
      return;
    }
    const w = K.values;
    let p = w.long(w.int32(0, this.fingerprint), kept.version);
    if (kept.key === null) p = w.byte(p, 0);
    p = w.copy(w.byte(p, 2), kept.row!, 0, kept.length);
    if (kept.key !== null) p = w.byte(p, 0);
    K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, w.bytes, 0, p, null);
    kept.logged = true;
    this.noteLogged(kept);
  }

  private forget(kept: Kept): void {
    const { place, key } = kept;
    if (key === null) place.right = null;
    else place.left.delete(byteString(key, 0, key.length));
    this.count--;
    this.noteGone(kept);
    if (place.right === null && place.left.size === 0) this.places.delete(place.name);
  }

  /** Writes the entry's key to `K.keys`; its end. */
  private storeKey(K: TaskState, { key, place: { foreign } }: Kept): number {
    const w = K.keys;
    const p = w.sized(w.byte(w.byte(0, this.node.store), key === null ? 1 : 0), foreign, 0, foreign.length);
    return key === null ? p : w.copy(p, key, 0, key.length);
  }

  // ---- State ----

  restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const cursor = K.cursor.at(key, 1, key.length);
    const length = Number(cursor.long());
    const start = cursor.skip(length);
    const own = key[0] === 0 ? key.slice(start + length) : null;
    const place = this.placeOf(key, start, start + length);
    const name = own === null ? '' : byteString(own, 0, own.length);
    const known = own === null ? place.right : (place.left.get(name) ?? null);
    if (value === null) {
      if (known !== null) {
        if (known.row !== null) this.heldBytes -= known.length;
        this.forget(known);
      } else if (place.right === null && place.left.size === 0) this.places.delete(place.name);
      return;
    }
    const kept = known ?? this.keep(place, own, name);
    if (own === null) place.right = kept;
    if (kept.row !== null) this.heldBytes -= kept.length;
    kept.version = this.versionOf(K, value);
    kept.row = this.rowIn(K, value, own !== null);
    kept.length = kept.row.length;
    this.heldBytes += kept.length;
    kept.gone = false;
    kept.logged = true;
  }

  private versionOf(K: TaskState, value: Uint8Array): number {
    const found = readInt32(value, 0) >>> 0;
    if (found !== this.fingerprint)
      throw new Error(`the state of ${this.node.id} was written with another layout (${found}, expected ${this.fingerprint})`);
    return Number(K.cursor.at(value, 4, value.length).long());
  }

  /** The row in a store's value: behind the version. */
  private rowIn(K: TaskState, value: Uint8Array, left: boolean): Uint8Array {
    K.cursor.at(value, 4, value.length).long();
    const { pos } = K.cursor;
    return left ? value.slice(pos + 1, -1) : value.slice(pos + 2);
  }

  restored(): void {
    for (const { left, right } of this.places.values()) {
      for (const kept of left.values()) this.noteWritten(kept);
      if (right !== null) this.noteWritten(right);
    }
  }

  /** The row, from the store where it was evicted. Leaves `K.cursor` anywhere. */
  private rowOf(kept: Kept): Uint8Array {
    if (kept.row !== null) return kept.row;
    const { K } = this;
    const value = K.env.store!.get(K.keys.slice(0, this.storeKey(K, kept)));
    if (value === undefined) throw new Error(`a row of ${this.node.id} is not in the store`);
    return this.rowIn(K, value, kept.key !== null);
  }

  nextDue(): number {
    return Infinity;
  }
}

function joinedBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
