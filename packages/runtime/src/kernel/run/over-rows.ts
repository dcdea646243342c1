/**
 * The rows of an `over` in one task that wait: for the watermark, or to be written to the changelog. A row is a number, and what is known of it lies
 * in common arrays: as an object of its own, each would be moved about by the collector of garbage until it goes.
 */
import { compareBytes } from '../../state/group-table-hash.js';
import type { GroupTable } from '../../state/group-table.js';
import { compareKeys } from './key-order.js';
import { longer } from './longer.js';
import type { Chunk } from './over-groups.js';
import { orderOfPlaces } from './places.js';
import { RowBytes } from './row-bytes.js';

/** Doubles per row: times and places may be greater than any int. */
const DOUBLES = 4;
const TIME = 0;
const OFFSET = 1;
const POSITION = 2;
/** Ints per row. */
const INTS = 8;
const PARTITION = 0;
/** Of the group. */
const SLOT = 1;
/** Number of the block, place in it, and length: its columns, as Avro. */
const BLOCK = 2;
const START = 3;
const LENGTH = 4;
/** 0: there is no such row. */
const USED = 5;

const FIRST_ROWS = 64;

/** Bytes that a row takes beside its own. */
export const WAITING_BYTES = DOUBLES * 8 + INTS * 4;

export class OverRows {
  /** How many there are. */
  count = 0;
  /** Bytes of their columns. */
  bytes = 0;
  private doubles = new Float64Array(FIRST_ROWS * DOUBLES);
  private ints = new Int32Array(FIRST_ROWS * INTS);
  /** The entry of the changelog that has a row that waits; null: none does. */
  private readonly chunks = new Array<Chunk | null>(FIRST_ROWS).fill(null);
  private readonly rowBytes = new RowBytes();
  /** Where a free number is looked for. */
  private hand = 0;

  /** @param keys of the groups, by slot */
  constructor(private readonly keys: GroupTable) {}

  /** Adds a row of the group at a slot with a copy of its columns; `chunk` is the entry of the changelog that has it. */
  add(
    slot: number,
    time: number,
    partition: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    chunk: Chunk | null,
  ): number {
    const row = this.another();
    const at = this.rowBytes.add(bytes, start, end);
    const { doubles, ints } = this;
    const d = row * DOUBLES;
    doubles[d + TIME] = time;
    doubles[d + OFFSET] = offset;
    doubles[d + POSITION] = -1;
    const i = row * INTS;
    ints[i + PARTITION] = partition;
    ints[i + SLOT] = slot;
    ints[i + BLOCK] = this.rowBytes.block;
    ints[i + START] = at;
    ints[i + LENGTH] = end - start;
    this.chunks[row] = chunk;
    this.bytes += end - start;
    this.count++;
    return row;
  }

  /** The next number that is free: numbers that follow each other mostly, as what came together is looked at together. */
  private another(): number {
    if (this.count * 4 >= this.chunks.length * 3) this.grow();
    const { ints } = this;
    const rows = this.chunks.length;
    let row = this.hand;
    while (ints[row * INTS + USED] !== 0) if (++row === rows) row = 0;
    ints[row * INTS + USED] = 1;
    this.hand = row + 1 < rows ? row + 1 : 0;
    return row;
  }

  private grow(): void {
    const rows = this.chunks.length;
    this.hand = rows;
    this.doubles = longer(this.doubles, rows * 2 * DOUBLES);
    this.ints = longer(this.ints, rows * 2 * INTS);
    while (this.chunks.length < rows * 2) this.chunks.push(null);
  }

  /** Its number will be that of another row. */
  remove(row: number): void {
    const { ints } = this;
    const i = row * INTS;
    this.bytes -= ints[i + LENGTH];
    this.rowBytes.release(ints[i + BLOCK]);
    this.chunks[row] = null;
    ints[i + USED] = 0;
    this.count--;
  }

  timeOf(row: number): number {
    return this.doubles[row * DOUBLES + TIME];
  }

  partitionOf(row: number): number {
    return this.ints[row * INTS + PARTITION];
  }

  offsetOf(row: number): number {
    return this.doubles[row * DOUBLES + OFFSET];
  }

  slotOf(row: number): number {
    return this.ints[row * INTS + SLOT];
  }

  /** Its columns are `bytesOf(row)[start, start + length)`. */
  bytesOf(row: number): Uint8Array {
    return this.rowBytes.blocks[this.ints[row * INTS + BLOCK]];
  }

  startOf(row: number): number {
    return this.ints[row * INTS + START];
  }

  lengthOf(row: number): number {
    return this.ints[row * INTS + LENGTH];
  }

  chunkOf(row: number): Chunk | null {
    return this.chunks[row];
  }

  setChunk(row: number, chunk: Chunk): void {
    this.chunks[row] = chunk;
  }

  /** In its group; -1: it waits for the watermark. */
  positionOf(row: number): number {
    return this.doubles[row * DOUBLES + POSITION];
  }

  /** Whether it was given and is before `position` in its group. */
  isBefore(row: number, position: number): boolean {
    const own = this.positionOf(row);
    return own >= 0 && own < position;
  }

  setPosition(row: number, position: number): void {
    this.doubles[row * DOUBLES + POSITION] = position;
  }

  /**
   * Sorts rows, which mostly are in order already: by event time, partition and offset, what is equal in those (no record's, or of several topics) by its bytes. Of
   * rows that are equal in all it does not matter which is first.
   */
  inOrder(rows: number[]): number[] {
    for (let i = 1; i < rows.length; i++) if (this.comparePlaces(rows[i - 1], rows[i]) >= 0) return rows.sort((a, b) => this.compare(a, b));
    return rows;
  }

  private comparePlaces(a: number, b: number): number {
    return orderOfPlaces(this.timeOf(a), this.partitionOf(a), this.offsetOf(a), this.timeOf(b), this.partitionOf(b), this.offsetOf(b));
  }

  private compare(a: number, b: number): number {
    const order = this.comparePlaces(a, b) || compareKeys(this.keys, this.slotOf(a), this.slotOf(b));
    if (order !== 0) return order;
    const [i, j] = [this.startOf(a), this.startOf(b)];
    return compareBytes(this.bytesOf(a), i, i + this.lengthOf(a), this.bytesOf(b), j, j + this.lengthOf(b));
  }
}
