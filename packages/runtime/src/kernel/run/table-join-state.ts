/**
 * A join of a stream with a table in one task. As of the row's time: rows wait until the watermark has passed them, and meet the newest
 * version at or before their time; a version goes when a newer one holds at the watermark, a deletion as soon as it holds there. Latest: one
 * version of each row, and no waiting. Entries are those of `JoinState`: rows of the stream on the left, versions on the right.
 */
import { type Bucket, JoinState, type Kept } from './join-state.js';
import type { TaskState } from './task-state.js';

export class TableJoinState extends JoinState {
  override take(
    K: TaskState,
    side: 0 | 1,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    b: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    K.rowsIn[this.index]++;
    const time = Number(K.cursor.at(b, valueStart, valueEnd).long());
    const start = K.cursor.pos;
    // Of a key that nothing is kept of, nothing is to be.
    if (this.latest) {
      const newest = this.buckets.get(key, keyStart, keyEnd)?.rows[1].at(-1);
      if (side === 0) {
        this.hand(K, time, b, start, valueEnd, newest);
        return;
      }
      if (newest !== undefined) this.drop(K, newest);
      if (b[start] === 0) return;
    }
    const bucket = this.bucketOf(key, keyStart, keyEnd);
    if (side === 0) this.touch(this.keep(bucket, 0, time, b, start, valueEnd));
    else this.version(bucket, time, b, start, valueEnd);
  }

  protected override lasts(side: 0 | 1): boolean {
    return side === 1;
  }

  private get latest(): boolean {
    return this.node.transform.how.kind === 'latest';
  }

  /** Takes a version of a table's row: a byte says whether there is one. */
  private version(bucket: Bucket, time: number, b: Uint8Array, start: number, end: number): void {
    const kept = this.keep(bucket, 1, time, b, start + 1, end, b[start] === 0);
    this.touch(kept);
    const rows = bucket.rows[1];
    const i = rows.indexOf(kept);
    if (i > 0) this.schedule(rows[i - 1]);
  }

  protected override dueOf(kept: Kept): number {
    if (kept.side === 0) return kept.time + 1;
    if (this.latest) return Infinity;
    if (kept.deleted) return kept.time;
    const rows = kept.bucket.rows[1];
    const next = rows.indexOf(kept) + 1;
    return next < rows.length ? rows[next].time : Infinity;
  }

  protected override giveDue(K: TaskState, dueRows: readonly Kept[]): void {
    const due = dueRows.filter((kept) => !kept.gone);
    const waiting = due.filter((kept) => kept.side === 0).sort((a, b) => a.time - b.time || a.number - b.number);
    for (const kept of waiting) {
      const row = this.rowOf(kept);
      const from = this.rowAt;
      this.hand(K, kept.time, row, from, from + kept.length, this.versionAt(kept));
      this.drop(K, kept);
    }
    for (const kept of due) if (kept.side === 1 && !kept.gone) this.drop(K, kept);
  }

  private versionAt({ bucket, time }: Kept): Kept | undefined {
    return bucket.rows[1].findLast((version) => version.time <= time);
  }

  /** Hands on a row of the stream with what the table has for it. */
  private hand(K: TaskState, time: number, b: Uint8Array, start: number, end: number, version: Kept | undefined): void {
    const { code } = this;
    const row = version === undefined || version.deleted ? null : this.rowOf(version);
    const from = this.rowAt;
    const to = from + (version?.length ?? 0);
    if (row !== null && (code.meets === null || code.meets(K, time, b, start, end, row, from, to)))
      code.pair(K, time, b, start, end, row, from, to);
    else if (this.pads[0]) code.left(K, time, b, start, end);
  }
}
