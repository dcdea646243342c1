/** What `/console/ask/windows` answers: the windows of each step that has some, as committed state has them. Times are ms since the epoch. */
export interface WindowsAnswer {
  readonly asOf: number;
  readonly steps: readonly WindowedStep[];
}

export interface WindowedStep {
  readonly pipeline: string;
  readonly step: string;
  /** `hopping 5m every 1m, grace 10s` */
  readonly window: string;
  /** How long past the watermark a window stays open. */
  readonly graceMs: number;
  /** Null: there is none yet. */
  readonly watermark: number | null;
  /** Records that came too late for it, since the start of the process. */
  readonly late: number;
  /** By their ends. */
  readonly open: readonly WindowFacts[];
  /** That have closed since somebody looked, by their ends; the last ones. */
  readonly closed: readonly WindowFacts[];
  /** There are more rows than were looked at: counts are of those. */
  readonly more: boolean;
}

export interface WindowFacts {
  readonly start: number;
  readonly end: number;
  /** That it has, or had when it was seen last. */
  readonly rows: number;
}
