import type { BatchTooLargeError } from '../log/log.js';

/**
 * How large batches and records may be for each topic (`max.message.bytes`): as far as the log says, and beyond that as the broker's
 * refusals teach. Shared by the tasks of a worker, and kept when they are made anew.
 */
export class SizeLimits {
  private readonly batches = new Map<string, number>();
  private readonly records: Map<string, number>;
  /** Topics of which the limit in `records` is a guess. */
  private readonly learnt = new Set<string>();

  /**
   * @param known by topic, bytes; others have no limit until one is learnt
   * @param batchBytes batches are closed before they grow past this, whatever a topic takes
   */
  constructor(
    known: ReadonlyMap<string, number>,
    private readonly batchBytes: number,
  ) {
    this.records = new Map(known);
  }

  /** Bytes that a batch of several records stays under. */
  ofBatches(topic: string): number {
    return Math.min(this.batchBytes, this.batches.get(topic) ?? Infinity, this.ofRecords(topic));
  }

  /** Bytes that a batch of one record may have. */
  ofRecords(topic: string): number {
    return this.records.get(topic) ?? Infinity;
  }

  /** Bytes to cut down to what may be cut. Of a limit that is learnt it is only known that it is below. */
  ofCut(topic: string): number {
    return this.learnt.has(topic) ? Math.floor(this.ofRecords(topic) / 2) : this.ofRecords(topic);
  }

  /** A batch was refused: smaller ones from now on; where it was a single record, records of its size are not sent again. */
  learn({ topic, bytes, recordCount }: BatchTooLargeError): void {
    if (recordCount > 1) this.batches.set(topic, Math.floor(bytes / 2));
    else {
      this.records.set(topic, Math.min(this.ofRecords(topic), bytes - 1));
      this.learnt.add(topic);
    }
  }
}
