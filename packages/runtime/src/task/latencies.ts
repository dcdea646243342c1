import { HistogramCounter, type Histogram } from './histogram.js';

/** A bounded set of the latest measurements, for quantiles that people look at, and counts of all of them for those who collect figures. */
export class Latencies {
  private readonly endToEnd = new Ring(512);
  private readonly commits = new Ring(128);
  private readonly allEndToEnd = new HistogramCounter();
  private readonly allCommits = new HistogramCounter();

  /** Rows for a sink were committed at `now`, the newest of them of `eventTime`; ms. */
  record(eventTime: number, now: number): void {
    const ms = Math.max(0, now - eventTime);
    this.endToEnd.add(ms);
    this.allEndToEnd.add(ms);
  }

  commit(ms: number): void {
    this.commits.add(ms);
    this.allCommits.add(ms);
  }

  /** Since the worker began. */
  histograms(): { readonly endToEnd: Histogram; readonly commitTime: Histogram } {
    return { endToEnd: this.allEndToEnd.read(), commitTime: this.allCommits.read() };
  }

  /** ms; null before the first. */
  quantiles(): {
    readonly endToEndP50: number | null;
    readonly endToEndP95: number | null;
    readonly endToEndP99: number | null;
    readonly commitP50: number | null;
    readonly commitP99: number | null;
  } {
    return {
      endToEndP50: this.endToEnd.quantile(0.5),
      endToEndP95: this.endToEnd.quantile(0.95),
      endToEndP99: this.endToEnd.quantile(0.99),
      commitP50: this.commits.quantile(0.5),
      commitP99: this.commits.quantile(0.99),
    };
  }
}

class Ring {
  private readonly values: Float64Array;
  private count = 0;

  constructor(size: number) {
    this.values = new Float64Array(size);
  }

  add(value: number): void {
    this.values[this.count++ % this.values.length] = value;
  }

  /** Nearest rank. */
  quantile(q: number): number | null {
    const n = Math.min(this.count, this.values.length);
    if (n === 0) return null;
    return this.values.slice(0, n).sort()[Math.min(n - 1, Math.floor(q * n))];
  }
}
