/** Entries by keys of bytes: open addressing with linear probing, and removal by shifting back (Knuth, TAOCP 3, 6.4, algorithm R). */
import { hashBytes } from '../../state/group-table-hash.js';

const LEAST = 16;

export class BytesMap<E extends { readonly key: Uint8Array }> {
  size = 0;
  private entries: (E | undefined)[] = new Array<E | undefined>(LEAST).fill(undefined);
  private hashes = new Int32Array(LEAST);

  /** The entry whose key is `b[start, end)`. */
  get(b: Uint8Array, start: number, end: number): E | undefined {
    const hash = hashBytes(b, start, end);
    const mask = this.hashes.length - 1;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const entry = this.entries[i];
      if (entry === undefined || (this.hashes[i] === hash && equals(entry.key, b, start, end))) return entry;
    }
  }

  /** Adds an entry whose key is not there yet. */
  add(entry: E): void {
    // Half full at most: probes stay short.
    if (++this.size * 2 > this.hashes.length) this.resize(this.hashes.length * 2);
    this.put(entry, hashBytes(entry.key, 0, entry.key.length));
  }

  /** Takes out an entry that is there. */
  delete(entry: E): void {
    const { entries, hashes } = this;
    const mask = hashes.length - 1;
    let hole = hashBytes(entry.key, 0, entry.key.length) & mask;
    while (entries[hole] !== entry) hole = (hole + 1) & mask;
    for (let i = (hole + 1) & mask; entries[i] !== undefined; i = (i + 1) & mask) {
      // What would be found no more from its own place on, if there were a hole before it.
      if (((i - hashes[i]) & mask) < ((i - hole) & mask)) continue;
      entries[hole] = entries[i];
      hashes[hole] = hashes[i];
      hole = i;
    }
    entries[hole] = undefined;
    this.size--;
    if (this.size * 8 < hashes.length && hashes.length > LEAST) this.resize(hashes.length / 2);
  }

  *values(): Generator<E> {
    for (const entry of this.entries) if (entry !== undefined) yield entry;
  }

  private put(entry: E, hash: number): void {
    const mask = this.hashes.length - 1;
    let i = hash & mask;
    while (this.entries[i] !== undefined) i = (i + 1) & mask;
    this.entries[i] = entry;
    this.hashes[i] = hash;
  }

  private resize(slots: number): void {
    const { entries, hashes } = this;
    this.entries = new Array<E | undefined>(slots).fill(undefined);
    this.hashes = new Int32Array(slots);
    for (const [i, entry] of entries.entries()) if (entry !== undefined) this.put(entry, hashes[i]);
  }
}

function equals(key: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== b[start + i]) return false;
  return true;
}
