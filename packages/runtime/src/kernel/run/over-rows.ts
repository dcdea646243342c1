/**
 * The rows of an `over` in one task that wait: for the watermark, or to be written to the changelog. A row is a number, and what is known of it lies
 * in one array: as an object of its own, each would be moved about by the collector of garbage until it goes.
 */
import { compareBytes } from '../../state/group-table-hash.js';
import type { GroupTable } from '../../state/group-table.js';
import { compareKeys } from './key-order.js';
import type { Chunk } from './over-group.js';
import { orderOfPlaces } from './places.js';
import { RowBytes } from './row-bytes.js';

/** Numbers per row: one line of a processor's cache. */
const STRIDE = 8;
const TIME = 0;
const PARTITION = 1;
const OFFSET = 2;
/** Of the group. */
const SLOT = 3;
/** Number of the block, place in it, and length: its columns, as Avro. */
const BLOCK = 4;
const START = 5;
const LENGTH = 6;
const POSITION = 7;

const FIRST_ROWS = 64;

/** Bytes that a row takes beside its own. */
export const WAITING_BYTES = STRIDE * 8;

export class OverRows {
  /** How many there are. */
  count = 0;
  /** Bytes of their columns. */
  bytes = 0;
  private data = new Float64Array(FIRST_ROWS * STRIDE);
  /** The entry of the changelog that has a row that waits; null: none does. */
  private readonly chunks = new Array<Chunk | null>(FIRST_ROWS).fill(null);
  private readonly rowBytes = new RowBytes();
  private used = new Uint8Array(FIRST_ROWS);
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
    const { data } = this;
    const d = row * STRIDE;
    data[d + TIME] = time;
    data[d + PARTITION] = partition;
    data[d + OFFSET] = offset;
    data[d + SLOT] = slot;
    data[d + BLOCK] = this.rowBytes.block;
    data[d + START] = at;
    data[d + LENGTH] = end - start;
    data[d + POSITION] = -1;
    this.chunks[row] = chunk;
    this.bytes += end - start;
    this.count++;
    return row;
  }

  /** The next number that is free: numbers that follow each other mostly, as what came together is looked at together. */
  private another(): number {
    if (this.count * 4 >= this.used.length * 3) this.grow();
    const { used } = this;
    let row = this.hand;
    while (used[row] !== 0) if (++row === used.length) row = 0;
    used[row] = 1;
    this.hand = row + 1 < used.length ? row + 1 : 0;
    return row;
  }

  private grow(): void {
    const rows = this.used.length * 2;
    this.hand = this.used.length;
    const used = new Uint8Array(rows);
    used.set(this.used);
    this.used = used;
    const data = new Float64Array(rows * STRIDE);
    data.set(this.data);
    this.data = data;
    while (this.chunks.length < rows) this.chunks.push(null);
  }

  /** Its number will be that of another row. */
  remove(row: number): void {
    this.bytes -= this.lengthOf(row);
    this.rowBytes.release(this.data[row * STRIDE + BLOCK]);
    this.chunks[row] = null;
    this.used[row] = 0;
    this.count--;
  }

  timeOf(row: number): number {
    return this.data[row * STRIDE + TIME];
  }

  partitionOf(row: number): number {
    return this.data[row * STRIDE + PARTITION];
  }

  offsetOf(row: number): number {
    return this.data[row * STRIDE + OFFSET];
  }

  slotOf(row: number): number {
    return this.data[row * STRIDE + SLOT];
  }

  /** Its columns are `bytesOf(row)[start, start + length)`. */
  bytesOf(row: number): Uint8Array {
    return this.rowBytes.blocks[this.data[row * STRIDE + BLOCK]];
  }

  startOf(row: number): number {
    return this.data[row * STRIDE + START];
  }

  lengthOf(row: number): number {
    return this.data[row * STRIDE + LENGTH];
  }

  chunkOf(row: number): Chunk | null {
    return this.chunks[row];
  }

  setChunk(row: number, chunk: Chunk): void {
    this.chunks[row] = chunk;
  }

  /** In its group; -1: it waits for the watermark. */
  positionOf(row: number): number {
    return this.data[row * STRIDE + POSITION];
  }

  /** Whether it was given and is before `position` in its group. */
  isBefore(row: number, position: number): boolean {
    const own = this.positionOf(row);
    return own >= 0 && own < position;
  }

  setPosition(row: number, position: number): void {
    this.data[row * STRIDE + POSITION] = position;
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
    const { data } = this;
    const [i, j] = [a * STRIDE, b * STRIDE];
    return orderOfPlaces(data[i + TIME], data[i + PARTITION], data[i + OFFSET], data[j + TIME], data[j + PARTITION], data[j + OFFSET]);
  }

  private compare(a: number, b: number): number {
    const order = this.comparePlaces(a, b) || compareKeys(this.keys, this.slotOf(a), this.slotOf(b));
    if (order !== 0) return order;
    const [i, j] = [this.startOf(a), this.startOf(b)];
    return compareBytes(this.bytesOf(a), i, i + this.lengthOf(a), this.bytesOf(b), j, j + this.lengthOf(b));
  }
}
