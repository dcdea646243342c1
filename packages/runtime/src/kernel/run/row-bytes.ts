const BLOCK_BYTES = 64 * 1024;
/** Longer ones have an array of their own. */
const LONG = BLOCK_BYTES / 8;
/** How many blocks of which nothing is wanted are kept for what comes, beside a quarter of those in use. */
const SPARE = 4;
const NONE = new Uint8Array(0);

/** Copies of rows, in large blocks that are used again when all their rows are released. An array for each row costs more than most rows. */
export class RowBytes {
  /** By number. */
  readonly blocks: Uint8Array[] = [];
  /** Number of the block that has what was added last. */
  block = -1;
  /** The block that is being filled, and where its next row begins. */
  private filling = -1;
  private end = BLOCK_BYTES;
  /** How many rows of each block are not released. */
  private readonly live: number[] = [];
  /** Blocks that can be filled again; numbers that have none. */
  private readonly free: number[] = [];
  private readonly vacant: number[] = [];

  /** Copies `from[start, end)`; gives where in the block of number `block` it is. */
  add(from: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length > LONG) {
      this.block = this.enter(from.slice(start, end));
      this.live[this.block] = 1;
      return 0;
    }
    if (this.end + length > BLOCK_BYTES) this.next();
    const at = this.end;
    const block = this.blocks[this.filling];
    if (length > 64) block.set(from.subarray(start, end), at);
    else for (let i = 0; i < length; i++) block[at + i] = from[start + i];
    this.end += length;
    this.live[this.filling]++;
    this.block = this.filling;
    return at;
  }

  /** One row of a block is not wanted any more. */
  release(block: number): void {
    if (--this.live[block] === 0 && block !== this.filling) this.reuse(block);
  }

  private next(): void {
    const full = this.filling;
    this.filling = this.free.pop() ?? this.enter(new Uint8Array(BLOCK_BYTES));
    this.end = 0;
    if (full >= 0 && this.live[full] === 0) this.reuse(full);
  }

  private enter(bytes: Uint8Array): number {
    const number = this.vacant.pop() ?? this.blocks.length;
    this.blocks[number] = bytes;
    this.live[number] = 0;
    return number;
  }

  private reuse(block: number): void {
    const { blocks, free, vacant } = this;
    if (blocks[block].length !== BLOCK_BYTES) {
      this.drop(block);
      return;
    }
    free.push(block);
    while (free.length > SPARE + (blocks.length - vacant.length - free.length) / 4) this.drop(free.pop()!);
  }

  private drop(block: number): void {
    this.blocks[block] = NONE;
    this.vacant.push(block);
  }
}
