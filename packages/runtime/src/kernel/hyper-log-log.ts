/**
 * HyperLogLog with 4096 registers (Flajolet, Fusy, Gandouet and Meunier, 2007) of a 64-bit hash: the first 12 bits choose a register, which
 * keeps the greatest rank, the number of leading zeros of the other 52 plus one. Standard error 1.04 / sqrt(4096) = 1.6 %. What is estimated of
 * the registers is Ertl's improved raw estimator ("New cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6),
 * which needs no tables and no change of method for small numbers.
 *
 * The hash is two MurmurHash3 x86_32 (Austin Appleby, public domain) of the value's Avro bytes, of the seeds 0 and 0x9747b28c. It is part
 * of the state's format: it must never change.
 */

export const REGISTERS = 4096;
export const SEEDS = [0, 0x9747b28c] as const;
/** The greatest rank: all 52 bits are zeros. */
export const MAX_RANK = 53;
/** Bytes of an entry of the short form; it is written while it is shorter than all registers. */
export const SHORT_ENTRY = 3;

/** How many different values there were, from how many registers have each rank (0 to MAX_RANK). */
export function estimate(histogram: ArrayLike<number>): number {
  let z = REGISTERS * tau(1 - histogram[MAX_RANK] / REGISTERS);
  for (let rank = MAX_RANK - 1; rank >= 1; rank--) z = 0.5 * (z + histogram[rank]);
  z += REGISTERS * sigma(histogram[0] / REGISTERS);
  return Math.round((REGISTERS * REGISTERS) / (2 * Math.LN2 * z));
}

function sigma(x: number): number {
  if (x === 1) return Infinity;
  let y = 1;
  let z = x;
  for (let before = NaN; z !== before;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let y = 1;
  let z = 1 - x;
  for (let before = NaN; z !== before;) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
