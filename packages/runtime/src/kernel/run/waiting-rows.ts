/** Rows, by number, that wait for the watermark, in buckets by event time, so that a flush looks only at those that may be due. */
const BUCKET_MS = 128;

export class WaitingRows {
  /** Time of the earliest row; Infinity: none waits. */
  earliest = Infinity;
  /** Those that came since rows were last taken out: most are due the next time. */
  private recent: number[] = [];
  private readonly buckets = new Map<number, number[]>();

  constructor(private readonly times: { timeOf(row: number): number }) {}

  add(row: number, time: number): void {
    this.recent.push(row);
    if (time < this.earliest) this.earliest = time;
  }

  /** How many came since rows were last taken out. */
  get added(): number {
    return this.recent.length;
  }

  /** Takes out all rows before `watermark`, those that have waited longer first. */
  take(watermark: number): number[] {
    const { buckets, times } = this;
    const due: number[] = [];
    const whole = Math.floor(watermark / BUCKET_MS);
    const reached = [...buckets.keys()].filter((bucket) => bucket <= whole).sort((a, b) => a - b);
    for (const bucket of reached) {
      const rows = buckets.get(bucket)!;
      const rest: number[] = [];
      for (const row of rows) (times.timeOf(row) < watermark ? due : rest).push(row);
      if (rest.length === 0) buckets.delete(bucket);
      else buckets.set(bucket, rest);
    }
    const { recent } = this;
    this.recent = [];
    for (const row of recent) {
      const time = times.timeOf(row);
      if (time < watermark) {
        due.push(row);
        continue;
      }
      const bucket = Math.floor(time / BUCKET_MS);
      const rows = buckets.get(bucket);
      if (rows === undefined) buckets.set(bucket, [row]);
      else rows.push(row);
    }
    this.earliest = this.findEarliest();
    return due;
  }

  private findEarliest(): number {
    let first = Infinity;
    for (const bucket of this.buckets.keys()) if (bucket < first) first = bucket;
    let earliest = Infinity;
    for (const row of this.buckets.get(first) ?? []) earliest = Math.min(earliest, this.times.timeOf(row));
    return earliest;
  }
}
