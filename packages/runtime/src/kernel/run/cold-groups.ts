/**
 * The groups of one fold that were evicted: they are in the state store only, and come back when a record of theirs does. What stays in memory
 * is a filter by key hash, so that new keys do not ask the store each time, and, where somebody must find a group again without a record of it
 * (a window that closes, a ttl that runs out, a board that has to be read anew), its key bytes in a list per window or due time.
 *
 * A key may stand in a list more than once, or in one that is out of date: whoever reads a list looks whether the group is in the table by
 * now, and what the store has of it.
 */
import { compareBytes } from '../../state/group-table-hash.js';
import type { StateReader } from '../../state/state-reader.js';

/** One bit of the filter per so many bytes of memory allowed: 32 MiB for 1 GiB. */
const BYTES_PER_FILTER_BIT = 4;
const MIN_FILTER_BITS = 2 ** 16;
const MAX_FILTER_BITS = 2 ** 31;
/** A list is rid of doubles when it has more than this many keys per evicted group. */
const MAX_DOUBLES = 2;

export class ColdGroups {
  /** Entries flushed by this flush at the latest are in the store. Entries of restores have negative numbers. */
  stored = -Infinity;
  /** The store has groups that were not added here: each key that is not in the table may be there. */
  hasStrangers = false;
  private filter: Int32Array | null = null;
  private readonly bits: number;
  private readonly lists = new Map<number, KeyList>();

  constructor(
    private readonly store: StateReader,
    memoryLimit: number,
    /** Whether keys are kept by window or due time. */
    readonly listed: boolean,
  ) {
    const wanted = Math.min(MAX_FILTER_BITS, Math.max(MIN_FILTER_BITS, memoryLimit / BYTES_PER_FILTER_BIT));
    this.bits = 2 ** Math.ceil(Math.log2(wanted));
  }

  get bytes(): number {
    let bytes = this.filter?.byteLength ?? 0;
    for (const list of this.lists.values()) bytes += list.bytes.length;
    return bytes;
  }

  /** A group goes: its hash, its key, and the list that it is to be found in. */
  add(hash: number, list: number, key: Uint8Array, start: number, end: number): void {
    if (!this.hasStrangers) {
      const filter = (this.filter ??= new Int32Array(this.bits / 32));
      const one = hash & (this.bits - 1);
      const other = otherHash(hash) & (this.bits - 1);
      filter[one >>> 5] |= 1 << (one & 31);
      filter[other >>> 5] |= 1 << (other & 31);
    }
    if (!this.listed) return;
    let keys = this.lists.get(list);
    if (keys === undefined) {
      keys = new KeyList();
      this.lists.set(list, keys);
    }
    keys.add(key, start, end);
  }

  /** Whether a key of that hash may have been evicted. */
  mayHave(hash: number): boolean {
    const { filter } = this;
    if (filter === null) return false;
    const one = hash & (this.bits - 1);
    if ((filter[one >>> 5] & (1 << (one & 31))) === 0) return false;
    const other = otherHash(hash) & (this.bits - 1);
    return (filter[other >>> 5] & (1 << (other & 31))) !== 0;
  }

  get(storeKey: Uint8Array): Uint8Array | undefined {
    return this.store.get(storeKey);
  }

  /** The keys of a list, sorted and each once; the list is gone then. */
  take(list: number): Uint8Array[] {
    const keys = this.lists.get(list);
    if (keys === undefined) return [];
    this.lists.delete(list);
    return keys.sorted();
  }

  /** The keys of a list, sorted and each once; the list stays. */
  keys(list: number): Uint8Array[] {
    return this.lists.get(list)?.sorted() ?? [];
  }

  /** Lists up to `last`, in order. */
  listsUpTo(last: number): number[] {
    return [...this.lists.keys()].filter((list) => list <= last).sort((a, b) => a - b);
  }

  /** Keeps a list in proportion to the groups that are evicted. */
  tidy(list: number, evicted: number): void {
    const keys = this.lists.get(list);
    if (keys === undefined || keys.count <= evicted * MAX_DOUBLES + 1000) return;
    const fresh = new KeyList();
    for (const key of keys.sorted()) fresh.add(key, 0, key.length);
    this.lists.set(list, fresh);
  }
}

/** A second place in the filter (Bloom, "Space/time trade-offs in hash coding", 1970), from the bits that the first does not use. */
function otherHash(hash: number): number {
  const h = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
  return h ^ (h >>> 13);
}

/** Keys one after another: length:uint32 LE bytes. */
class KeyList {
  bytes = new Uint8Array(64);
  count = 0;
  private end = 0;

  add(key: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.end + length + 4 > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.end + length + 4));
      larger.set(this.bytes);
      this.bytes = larger;
    }
    const b = this.bytes;
    let p = this.end;
    for (let shift = 0; shift < 32; shift += 8) b[p++] = length >>> shift;
    for (let i = start; i < end; i++) b[p++] = key[i];
    this.end = p;
    this.count++;
  }

  sorted(): Uint8Array[] {
    const keys: Uint8Array[] = [];
    const b = this.bytes;
    for (let p = 0; p < this.end;) {
      const length = b[p] | (b[p + 1] << 8) | (b[p + 2] << 16) | (b[p + 3] << 24);
      keys.push(b.subarray(p + 4, p + 4 + length));
      p += 4 + length;
    }
    keys.sort((x, y) => compareBytes(x, 0, x.length, y, 0, y.length));
    return keys.filter((key, i) => i === 0 || compareBytes(key, 0, key.length, keys[i - 1], 0, keys[i - 1].length) !== 0);
  }
}
