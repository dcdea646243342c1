/** Rows that wait for the watermark, in buckets by event time, so that a flush looks only at those that may be due. */
const BUCKET_MS = 128;

export class WaitingRows<R extends { readonly time: number }> {
  size = 0;
  /** Time of the earliest row; Infinity: none waits. */
  earliest = Infinity;
  private readonly buckets = new Map<number, R[]>();

  add(row: R): void {
    const bucket = Math.floor(row.time / BUCKET_MS);
    const rows = this.buckets.get(bucket);
    if (rows === undefined) this.buckets.set(bucket, [row]);
    else rows.push(row);
    if (row.time < this.earliest) this.earliest = row.time;
    this.size++;
  }

  /** Takes out all rows before `watermark`. */
  take(watermark: number): R[] {
    if (!(this.earliest < watermark)) return [];
    const due: R[] = [];
    const whole = Math.floor(watermark / BUCKET_MS);
    let first = Infinity;
    for (const [bucket, rows] of this.buckets) {
      if (bucket < whole) {
        for (const row of rows) due.push(row);
        this.buckets.delete(bucket);
      } else if (bucket === whole) {
        const rest = rows.filter((row) => row.time >= watermark);
        for (const row of rows) if (row.time < watermark) due.push(row);
        if (rest.length > 0) {
          this.buckets.set(bucket, rest);
          first = bucket;
        } else this.buckets.delete(bucket);
      } else if (bucket < first) first = bucket;
    }
    this.size -= due.length;
    this.earliest = Infinity;
    for (const { time } of this.buckets.get(first) ?? []) if (time < this.earliest) this.earliest = time;
    return due;
  }
}
