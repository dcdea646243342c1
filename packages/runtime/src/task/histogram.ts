/** Measured durations, counted by how long they took. */
export interface Histogram {
  /** Upper bounds in seconds, ascending and inclusive; the last bucket, beyond them, has none. */
  readonly bounds: readonly number[];
  /** Of each bucket, not cumulative: one more than bounds. */
  readonly counts: readonly number[];
  /** Seconds, of all of them. */
  readonly sum: number;
}

/** From a commit on a quiet machine to a pipeline that has fallen behind by minutes; seconds. */
export const DURATION_BOUNDS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export class HistogramCounter {
  private readonly counts = new Float64Array(DURATION_BOUNDS.length + 1);
  private sum = 0;

  add(ms: number): void {
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < DURATION_BOUNDS.length && seconds > DURATION_BOUNDS[bucket]) bucket++;
    this.counts[bucket]++;
    this.sum += seconds;
  }

  read(): Histogram {
    return { bounds: DURATION_BOUNDS, counts: [...this.counts], sum: this.sum };
  }
}

/** Of all of them together. @param histograms one at least */
export function addHistograms(histograms: readonly Histogram[]): Histogram {
  const { bounds, counts } = histograms[0];
  return {
    bounds,
    counts: counts.map((_, i) => histograms.reduce((total, histogram) => total + histogram.counts[i], 0)),
    sum: histograms.reduce((total, { sum }) => total + sum, 0),
  };
}
