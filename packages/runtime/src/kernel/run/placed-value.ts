/**
 * first and last: a value and the place of its row, in three doubles of a slot (time, partition, offset; the time is NaN where there is none)
 * and a blob with the value's Avro.
 */
import type { GroupTable } from '../../state/group-table.js';
import { compareBytes } from '../../state/group-table-hash.js';
import type { AvroCursor } from './avro-cursor.js';
import { orderOfPlaces } from './places.js';
import type { Scratch } from './scratch.js';
import { eachItem } from './sides/side-kind.js';
import type { Skipper } from './skipper.js';

/** Where in a slot the three doubles and the blob are. */
export interface PlacedField {
  readonly num: number;
  readonly blob: number;
  /** 1: the last row is kept; -1: the first. */
  readonly sign: 1 | -1;
  /** Passes over a value. */
  readonly skip: Skipper;
}

export const placed = {
  offer(
    T: GroupTable,
    slot: number,
    { num: first, blob, sign }: PlacedField,
    time: number,
    partition: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const { num } = T;
    const n = slot * T.numStride + first;
    if (!Number.isNaN(num[n])) {
      const m = slot * T.metaStride + blob;
      const at = T.meta[m] >>> 0;
      const order =
        orderOfPlaces(time, partition, offset, num[n], num[n + 1], num[n + 2]) ||
        compareBytes(bytes, start, end, T.arena, at, at + T.meta[m + 1]);
      if (order * sign <= 0) return;
    }
    num[n] = time;
    num[n + 1] = partition;
    num[n + 2] = offset;
    T.setBlob(slot, blob, bytes, start, end);
  },

  merge(T: GroupTable, from: number, to: number, field: PlacedField): void {
    const n = from * T.numStride + field.num;
    if (Number.isNaN(T.num[n])) return;
    const m = from * T.metaStride + field.blob;
    const at = T.meta[m] >>> 0;
    // The arena may move: through a copy.
    const value = T.arena.slice(at, at + T.meta[m + 1]);
    placed.offer(T, to, field, T.num[n], T.num[n + 1], T.num[n + 2], value, 0, value.length);
  },

  read(c: AvroCursor, T: GroupTable, slot: number, field: PlacedField): void {
    eachItem(c, () => {
      const time = Number(c.long());
      const partition = c.int();
      const offset = Number(c.long());
      const start = c.pos;
      field.skip(c);
      placed.offer(T, slot, field, time, partition, offset, c.bytes, start, c.pos);
    });
  },

  write(W: Scratch, p: number, T: GroupTable, slot: number, { num: first, blob }: PlacedField): number {
    const n = slot * T.numStride + first;
    if (Number.isNaN(T.num[n])) return W.byte(p, 0);
    const m = slot * T.metaStride + blob;
    const at = T.meta[m] >>> 0;
    p = W.long(W.long(W.long(W.long(p, 1), T.num[n]), T.num[n + 1]), T.num[n + 2]);
    return W.byte(W.copy(p, T.arena, at, at + T.meta[m + 1]), 0);
  },

  /** Bytes of the length in front of a text, of text and length together. */
  prefix(length: number): number {
    return length <= 64 ? 1 : length <= 8193 ? 2 : length <= 1_048_578 ? 3 : length <= 134_217_731 ? 4 : 5;
  },
};
