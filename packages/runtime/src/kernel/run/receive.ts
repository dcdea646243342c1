/** Reads the records of a repartition topic: rows for folds and ranks, and watermark markers. */
import type { RecordBatch } from '../../log/batch/record-batch.js';
import { readDoubleBE, readInt32 } from './bytes.js';
import type { FoldState } from './fold-state.js';
import type { OverState } from './over-state.js';
import type { RankState } from './rank-state.js';
import type { TaskState } from './task-state.js';

/** The last watermark heard from each upstream partition; -Infinity until heard. */
export class Upstream {
  watermarks = new Float64Array(0);

  heard(partition: number, watermark: number): void {
    if (partition >= this.watermarks.length) {
      const more = new Float64Array(partition + 1).fill(-Infinity);
      more.set(this.watermarks);
      this.watermarks = more;
    }
    this.watermarks[partition] = watermark;
  }
}

export function receive(
  K: TaskState,
  batch: RecordBatch,
  from: number,
  upstream: Upstream,
  readers: readonly (FoldState | RankState | OverState)[],
): void {
  const { bytes: b, end, baseOffset } = batch;
  let p = batch.start;
  while (p < end) {
    const length = K.varint(b, p, end);
    const recordEnd = K.next + length;
    if (length < 0 || recordEnd > end) throw K.corrupt(NaN);
    K.varint(b, K.next + 1, recordEnd); // attributes, timestamp delta
    const offset = baseOffset + K.varint(b, K.next, recordEnd);
    const keyLength = K.varint(b, K.next, recordEnd);
    const keyStart = K.next;
    const keyEnd = keyStart + keyLength;
    const valueLength = K.varint(b, Math.max(keyStart, keyEnd), recordEnd);
    const valueStart = K.next;
    const valueEnd = valueStart + valueLength;
    p = recordEnd;
    if (valueEnd > recordEnd) throw K.corrupt(offset);
    if (offset < from) continue;
    K.recordsIn++;
    if (keyLength < 0) {
      if (valueLength !== 12) throw K.corrupt(offset);
      upstream.heard(readInt32(b, valueStart), readDoubleBE(b, valueStart + 4));
    } else for (const reader of readers) reader.receive(K, b, keyStart, keyEnd, valueStart, valueEnd);
  }
}
