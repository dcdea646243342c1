/** Numbers from a seed, the same on every machine. Source: Chris Doty-Humphrey's `sfc32` (PractRand), 128 bits of state. */
export class Random {
  private a = 0;
  private b = 0;
  private c: number;
  private counter = 1;

  /** @param seed its lower 32 bits count */
  constructor(seed: number) {
    this.c = seed >>> 0;
    // The first numbers of close seeds are alike.
    for (let i = 0; i < 15; i++) this.unit();
  }

  /** Uniform in [0, 1). */
  unit(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** A uniform integer of [from, to], both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.unit() * (to - from + 1));
  }

  /** Exponentially distributed with this mean. */
  exponential(mean: number): number {
    return -Math.log(1 - this.unit()) * mean;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)];
  }
}
