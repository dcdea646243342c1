import type { JSX } from 'preact';

export const SPARK = { width: 56, height: 16 };

/** How a value has gone; from its least to its greatest, since totals are large against what they grow by. */
export function Sparkline({ values }: { readonly values: readonly (number | null)[] }): JSX.Element {
  const { width, height } = SPARK;
  const points = sparkPoints(values);
  const last = points.at(-1);
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      {points.length > 1 && <polyline points={points.map(([x, y]) => `${x},${y}`).join(' ')} />}
      {last !== undefined && <circle cx={last[0]} cy={last[1]} r="1.8" />}
    </svg>
  );
}

/** Places within `SPARK`. */
export function sparkPoints(values: readonly (number | null)[]): readonly (readonly [number, number])[] {
  const known = values.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const across = (SPARK.width - 6) / Math.max(1, values.length - 1);
  return values.flatMap((value, i) => {
    if (value === null) return [];
    const part = most > least ? (value - least) / (most - least) : 0.5;
    return [[round(2 + i * across), round(SPARK.height - 3 - part * (SPARK.height - 6))] as const];
  });
}

function round(at: number): number {
  return Math.round(at * 10) / 10;
}
