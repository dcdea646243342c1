/**
 * Rows that come and go together, one after the other in larger pieces of memory: an array of bytes of its own for each row costs more than most
 * rows. A piece goes when the last reference to it goes.
 */
const SLAB_BYTES = 32 * 1024;

export class RowSlabs {
  /** The piece that the last row is in. */
  bytes: Uint8Array = new Uint8Array(0);
  private used = 0;

  /** Copies a row; where in `bytes` it begins. */
  add(b: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (this.used + length > this.bytes.length) {
      this.bytes = new Uint8Array(Math.max(SLAB_BYTES, length));
      this.used = 0;
    }
    const at = this.used;
    const { bytes } = this;
    if (length < 64) for (let i = 0; i < length; i++) bytes[at + i] = b[start + i];
    else bytes.set(b.subarray(start, end), at);
    this.used += length;
    return at;
  }
}
