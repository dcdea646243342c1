/**
 * DDSketch (Masson, Rim and Lee, VLDB 2019) with a relative error of 1 %: a positive number x is counted in bucket ceil(log(x) / log(gamma)),
 * gamma = 1.01 / 0.99, and bucket i stands for 2 gamma^i / (gamma + 1), which is no further than 1 % from any number in it. Negative numbers have
 * buckets of their own. Buckets are never collapsed, so that a sketch does not depend on the order of what came and merging is adding;
 * doubles have at most 72,712 of either sign. The formulas are part of the state's format: they must never change.
 */

const ERROR = 0.01;
const GAMMA = (1 + ERROR) / (1 - ERROR);
const LOG_GAMMA = Math.log(GAMMA);

/** The bucket of a positive number. */
export function bucketOf(x: number): number {
  return Math.ceil(Math.log(x) / LOG_GAMMA);
}

/** What a bucket stands for. Below 2^-1022 doubles are further apart than the error. */
function valueOfBucket(bucket: number): number {
  const value = (Math.exp(bucket * LOG_GAMMA) * 2) / (GAMMA + 1);
  return Math.min(Number.MAX_VALUE, Math.max(Number.MIN_VALUE, value));
}

/** How many values of each kind a sketch has; buckets by number, in order. */
export interface Sketched {
  readonly nan: number;
  readonly pos: number;
  readonly neg: number;
  readonly zero: number;
  readonly above: readonly (readonly [bucket: number, count: number])[];
  readonly below: readonly (readonly [bucket: number, count: number])[];
}

/** The value at rank floor(fraction * (n - 1)), infinities at the ends and NaN last; null of nothing. */
export function quantile({ nan, pos, neg, zero, above, below }: Sketched, fraction: number): number | null {
  const ordered: (readonly [value: () => number, count: number])[] = [
    [() => -Infinity, neg],
    ...[...below].reverse().map(([bucket, count]) => [() => -valueOfBucket(bucket), count] as const),
    [() => 0, zero],
    ...above.map(([bucket, count]) => [() => valueOfBucket(bucket), count] as const),
    [() => Infinity, pos],
    [() => NaN, nan],
  ];
  const n = ordered.reduce((sum, [, count]) => sum + count, 0);
  let rest = Math.floor(fraction * (n - 1));
  for (const [value, count] of ordered) {
    if (rest < count) return value();
    rest -= count;
  }
  return null;
}
