/**
 * Memory for large answers, used again when what they held has been processed. Left to the garbage collector, 64 MiB of them bring a
 * collection of everything, several a second at full speed, and each fresh one is zeroed by the system page by page.
 */

/** Smaller ones are left to the garbage collector. */
const LEAST_BYTES = 64 * 1024;
/** Sizes are rounded up to these, so that answers of about the same size can have the same memory. */
const STEP_BYTES = 256 * 1024;
/** Kept unused, at most. */
const KEPT_BYTES = 32 * 1024 * 1024;

export class AnswerMemory {
  private free: ArrayBufferLike[] = [];
  private freeBytes = 0;
  /** How many still read an answer. */
  private readonly readers = new WeakMap<ArrayBufferLike, number>();

  /** A buffer of `size` bytes that hold anything. */
  take(size: number): Buffer {
    if (size < LEAST_BYTES) return Buffer.allocUnsafe(size);
    // One that is much larger is left for answers of its size.
    const fits = this.free.filter(({ byteLength }) => byteLength >= size && byteLength <= 4 * size);
    if (fits.length === 0) return Buffer.allocUnsafeSlow(Math.ceil(size / STEP_BYTES) * STEP_BYTES).subarray(0, size);
    const memory = fits.reduce((best, other) => (other.byteLength < best.byteLength ? other : best));
    this.free = this.free.filter((other) => other !== memory);
    this.freeBytes -= memory.byteLength;
    return Buffer.from(memory, 0, size);
  }

  /**
   * One more reads an answer. Gives what says that it no longer does; when all have said so the memory is another answer's. Who never says it
   * leaves the memory to the garbage collector.
   */
  hold(memory: ArrayBufferLike): () => void {
    this.readers.set(memory, (this.readers.get(memory) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = this.readers.get(memory)! - 1;
      this.readers.set(memory, left);
      if (left > 0 || memory.byteLength < LEAST_BYTES || this.freeBytes + memory.byteLength > KEPT_BYTES) return;
      this.free.push(memory);
      this.freeBytes += memory.byteLength;
    };
  }
}

/** Of all connections of the thread. */
export const answerMemory = new AnswerMemory();
