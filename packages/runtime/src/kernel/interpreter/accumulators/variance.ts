/** The variance of a sample, of exact sums. */
import { doubleOfRatio } from '../../exact-ratio.js';
import { bigintOfBytes, bytesOfBigint } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';
import { exactOfDouble, partsOfExact } from '../exact-sum.js';
import type { Kind } from './kind.js';

export interface Squares {
  readonly n: number;
  /** Values that are NaN or infinite. */
  readonly bad: number;
  /** In units of 2^-1074. */
  readonly sum: bigint;
  /** In units of 2^-2148. */
  readonly squares: bigint;
}

export const variance: Kind<Squares> = {
  empty: { n: 0, bad: 0, sum: 0n, squares: 0n },
  of: ({ value }) => {
    if (!Number.isFinite(value)) return { n: 1, bad: 1, sum: 0n, squares: 0n };
    const exact = exactOfDouble(value as number);
    return { n: 1, bad: 0, sum: exact, squares: exact * exact };
  },
  merge: (a, b) => ({ n: a.n + b.n, bad: a.bad + b.bad, sum: a.sum + b.sum, squares: a.squares + b.squares }),
  inverse: ({ n, bad, sum, squares }) => ({ n: -n, bad: -bad, sum: -sum, squares: -squares }),
  result: ({ n, bad, sum, squares }) => {
    if (n < 2) return null;
    if (bad > 0) return NaN;
    const count = BigInt(n);
    return doubleOfRatio(count * squares - sum * sum, count * (count - 1n), -2148);
  },
  toRaw: ({ n, bad, sum, squares }) => ({ n, bad, sum: partsOfExact(sum), squares: [], wide: bytesOfBigint(squares) }),
  fromDatum: (datum) => {
    const fields = datum as ReadonlyMap<string, Datum>;
    const parts = (name: string): bigint => (fields.get(name) as number[]).map(exactOfDouble).reduce((a, b) => a + b, 0n);
    const squares = (parts('squares') << 1074n) + bigintOfBytes(fields.get('wide') as Uint8Array);
    return { n: Number(fields.get('n')), bad: Number(fields.get('bad')), sum: parts('sum'), squares };
  },
};
