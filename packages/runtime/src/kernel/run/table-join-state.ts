/**
 * A join of a stream with a table in one task. As of the row's time: rows wait until the watermark has passed them, and meet the newest
 * version at or before their time; a version goes when a newer one holds at the watermark, a deletion as soon as it holds there. Latest: one
 * version of each row, and no waiting. Entries are those of `JoinState`: rows of the stream on the left, versions on the right.
 */
import { byteString } from './bytes.js';
import { JoinState, type Kept } from './join-state.js';
import type { TaskState } from './task-state.js';

export class TableJoinState extends JoinState {
  protected override take(
    K: TaskState,
    side: 0 | 1,
    b: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    K.rowsIn[this.index]++;
    const time = Number(K.cursor.at(b, valueStart, valueEnd).long());
    const start = K.cursor.pos;
    const name = byteString(b, keyStart, keyEnd);
    const key = (): Uint8Array => b.slice(keyStart, keyEnd);
    if (side === 1) this.version(K, name, key, time, b[start] === 0, b.slice(start + 1, valueEnd));
    else if (this.latest) this.hand(K, time, b, start, valueEnd, this.buckets[1].get(name)?.rows.at(-1));
    else this.touch(this.keep(0, name, key, time, this.nextNumber++, b.slice(start, valueEnd)));
  }

  private get latest(): boolean {
    return this.node.transform.how.kind === 'latest';
  }

  private version(K: TaskState, name: string, key: () => Uint8Array, time: number, deleted: boolean, row: Uint8Array): void {
    if (this.latest) {
      for (const old of [...(this.buckets[1].get(name)?.rows ?? [])]) this.drop(K, old);
      if (deleted) return;
    }
    const kept = this.keep(1, name, key, time, this.nextNumber++, row, deleted);
    this.touch(kept);
    const { rows } = kept.bucket;
    const i = rows.indexOf(kept);
    if (i > 0) this.schedule(rows[i - 1]);
  }

  protected override dueOf(kept: Kept): number {
    if (kept.side === 0) return kept.time + 1;
    if (this.latest) return Infinity;
    if (kept.deleted) return kept.time;
    const { rows } = kept.bucket;
    const next = rows.indexOf(kept) + 1;
    return next < rows.length ? rows[next].time : Infinity;
  }

  override flush(K: TaskState, watermark: number): void {
    const due = this.due.take(watermark).filter((kept) => !kept.gone);
    const waiting = due.filter((kept) => kept.side === 0).sort((a, b) => a.time - b.time || a.number - b.number);
    for (const kept of waiting) {
      const row = this.rowOf(kept);
      this.hand(K, kept.time, row, 0, row.length, this.versionAt(kept));
      this.drop(K, kept);
    }
    for (const kept of due) if (kept.side === 1 && !kept.gone) this.drop(K, kept);
    this.logDirty(K);
  }

  private versionAt({ bucket, time }: Kept): Kept | undefined {
    return this.buckets[1].get(bucket.name)?.rows.findLast((version) => version.time <= time);
  }

  /** Hands on a row of the stream with what the table has for it. */
  private hand(K: TaskState, time: number, b: Uint8Array, start: number, end: number, version: Kept | undefined): void {
    const { code } = this;
    const row = version === undefined || version.deleted ? null : this.rowOf(version);
    if (row !== null && (code.meets === null || code.meets(K, time, b, start, end, row, 0, row.length)))
      code.pair(K, time, b, start, end, row, 0, row.length);
    else if (this.pads[0]) code.left(K, time, b, start, end);
  }
}
