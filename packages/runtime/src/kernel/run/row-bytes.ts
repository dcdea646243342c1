const BLOCK_BYTES = 64 * 1024;

/** Copies of rows, in large blocks: a block lives as long as one of its rows. An array for each row costs more than most rows. */
export class RowBytes {
  block = new Uint8Array(BLOCK_BYTES);
  private end = 0;

  /** Copies `from[start, end)`; gives where in `block` it is. */
  add(from: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (this.end + length > this.block.length) {
      this.block = new Uint8Array(Math.max(BLOCK_BYTES, length));
      this.end = 0;
    }
    const at = this.end;
    if (length > 64) this.block.set(from.subarray(start, end), at);
    else for (let block = this.block, i = 0; i < length; i++) block[at + i] = from[start + i];
    this.end += length;
    return at;
  }
}
