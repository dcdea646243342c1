import { LogError, tpKey, type CommitRequest, type CommittedOffset } from '../log/log.js';
import { decodePosition } from './position.js';

/**
 * What a worker has seen committed, kept over the members that it joins with. Within one history of a pipeline the offsets of its group
 * never go back; but a coordinator can answer with older ones, or none: Kafka up to 4.3 at least opens a group's partition too early when it
 * loses and regains it while it still reads it (docs/reliability.md). A task with a changelog has its position there too; one without
 * would read again, and double.
 */
export class KnownCommits {
  private readonly known = new Map<string, { readonly offset: number; readonly metadata: string }>();

  /** Offsets of a commit that is certain. */
  remember(offsets: CommitRequest['offsets']): void {
    for (const { topic, partition, offset, metadata } of offsets) this.known.set(tpKey(topic, partition), { offset, metadata });
  }

  /**
   * Requires that the group's offsets are not behind them.
   *
   * @param generation of the pipeline's history, as the group has it now; a later one is of a reset, and what is known before it is over
   * @throws LogError `unreachable`, retriable: the coordinator may not have read all of its log yet
   */
  require(committed: readonly CommittedOffset[], generation: number | null): void {
    for (const { topic, partition, offset } of committed) {
      const key = tpKey(topic, partition);
      const known = this.known.get(key);
      if (known === undefined || (offset !== null && offset >= known.offset)) continue;
      if (generation !== null && generation > (decodePosition(known.metadata)?.generation ?? 0)) this.known.delete(key);
      else
        throw new LogError(
          'unreachable',
          `the group's coordinator has ${offset === null ? 'no offset' : `offset ${String(offset)}`} of ${key}, of which ` +
            `${String(known.offset)} is committed: it has not read its log to the end, or has lost offsets; ` +
            'where they were set back on purpose, start the process again',
          true,
        );
    }
  }
}
