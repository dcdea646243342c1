/** Reading one partition from here to there, without a group: restores, `tail`, tests. */
import type { BatchView } from '../batch/batch-reader.js';
import type { RecordBatch } from '../batch/record-batch.js';
import { LogError, type TopicPartition } from '../log.js';
import type { Brokers } from './brokers.js';
import { check } from './errors.js';
import { toOffset } from './offsets.js';
import { filterAbortedMessages } from './replace/filter-aborted-messages.js';
import { fetch, type FetchPartition } from './requests.js';

/** Bytes asked for at a time; one such answer is read ahead. */
const FETCH_BYTES = 4 * 1024 * 1024;
/** ms that the broker may hold an answer back while a transaction is pending. */
const WAIT_MS = 100;

/** What one fetch of a partition has brought. */
export interface Fetched {
  /** Without control batches and aborted data, and without what ends before the offset asked for. */
  readonly batches: readonly BatchView[];
  readonly nextOffset: number;
  readonly stable: number;
  /** Bytes of the batches, unpacked. */
  readonly bytes: number;
}

/** What a fetch of `from` has brought, of a partition that has no error. */
export function readFetched(answer: FetchPartition, from: number): Fetched {
  const { messages, abortedTransactions } = answer;
  const batches: BatchView[] = [];
  let bytes = 0;
  for (const { batch } of filterAbortedMessages({ messages, abortedTransactions })) {
    // Compaction may leave a batch without records.
    if (batch.isControl || batch.lastOffset < from || batch.recordCount === 0) continue;
    batches.push(batch);
    bytes += batch.end - batch.start;
  }
  const nextOffset = messages.length === 0 ? from : Math.max(from, messages[messages.length - 1].batch.lastOffset + 1);
  return { batches, nextOffset, stable: toOffset(answer.lastStableOffset), bytes };
}

/**
 * Committed batches from `from` until `to`, or until what was the end of the partition when reading began, whichever comes first. Batches
 * may begin before `from` and end after `to`.
 *
 * Below that end transactions may be pending, or be committed while their markers are still being written: it waits for them, since a
 * restore that stopped short would lose what is committed. Where one stays open longer than `retryMs`, a `to` that was named cannot be
 * reached and LogError `unreachable` is thrown; without one (Infinity) it ends there.
 *
 * Throws LogError `offset_out_of_range` when `from` is no longer, or not yet, there; the reason of `signal` when that ends the waiting.
 */
export async function* readPartition(
  brokers: Brokers,
  { topic, partition, from, to, signal }: Stretch,
): AsyncGenerator<RecordBatch, void, undefined> {
  if (from >= to) return;
  const next = (offset: number, wait: boolean): Promise<Answer> => {
    const answer = fetchOnce(brokers, { topic, partition, signal }, offset, wait);
    // The caller may stop reading: a fetch that is not awaited then must not end the process when it fails.
    answer.catch(() => undefined);
    return answer;
  };
  let offset = from;
  let target = to;
  let patience = brokers.deadline();
  let ahead = next(offset, false);
  for (let first = true; ; first = false) {
    signal?.throwIfAborted();
    const { batches, nextOffset, stable, high } = await ahead;
    if (first) target = Math.min(to, high);
    if (nextOffset > offset) patience = brokers.deadline();
    else if (offset < Math.min(target, stable))
      throw new LogError(
        'corrupt',
        `${topic}-${partition} gives nothing at offset ${offset}, below its last stable offset ${stable}`,
        false,
      );
    else if (offset < target && patience.remainingMs === 0) {
      if (to === Infinity) return;
      throw new LogError('unreachable', `${topic}-${partition}: a transaction has been open at offset ${stable} for too long`, true);
    }
    offset = nextOffset;
    const ended = offset >= target;
    if (!ended) ahead = next(offset, offset >= stable);
    for (const batch of batches) if (batch.baseOffset < to) yield batch;
    if (ended) return;
  }
}

/** What is to be read of a partition. */
interface Stretch extends TopicPartition {
  readonly from: number;
  readonly to: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal | undefined;
}

interface Answer extends Fetched {
  readonly high: number;
}

async function fetchOnce(
  brokers: Brokers,
  { topic, partition, signal }: Omit<Stretch, 'from' | 'to'>,
  offset: number,
  wait: boolean,
): Promise<Answer> {
  const once = async (): Promise<Answer> => {
    const leader = await brokers.leader(topic, partition);
    const { errorCode, responses } = await brokers.send(
      leader,
      fetch({
        maxWaitTime: WAIT_MS,
        minBytes: wait ? 1 : 0, // without waiting an empty answer tells at once where the partition ends
        maxBytes: FETCH_BYTES,
        topics: [{ topic, partitions: [{ partition, fetchOffset: offset, maxBytes: FETCH_BYTES }] }],
      }),
    );
    const what = `reading ${topic}-${partition} at offset ${offset}`;
    check(errorCode, what);
    const answer = responses[0]?.partitions[0] as FetchPartition | undefined;
    if (answer === undefined) throw new LogError('corrupt', `${what}: the answer does not name the partition`, false);
    check(answer.errorCode, what);
    return { ...readFetched(answer, offset), high: toOffset(answer.highWatermark) };
  };
  return brokers.retrying([topic], once, brokers.deadline(brokers.settings.retryMs, signal));
}
