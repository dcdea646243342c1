/** Records of a topic, all partitions together, in the order of their times where that is possible: within a partition offsets rule. */
import { setTimeout as sleep } from 'node:timers/promises';
import { records, type Log, type LogRecord, type PartitionOffsets } from '@rta/runtime';

/** A record with memory of its own. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  /** ms */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: LogRecord['headers'];
}

/** Where to read a partition: offsets, the end exclusive. */
export interface Range {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const POLL_MS = 200;

/** Records of finite ranges, merged by timestamp, equal ones by partition. Each range is read as it is needed. */
export async function* readMerged(log: Log, topic: string, ranges: readonly Range[]): AsyncGenerator<TopicRecord, void, undefined> {
  const readers = ranges.map((range) => readRange(log, topic, range));
  const heads = await Promise.all(readers.map((reader) => reader.next()));
  try {
    for (;;) {
      let first = -1;
      for (const [i, head] of heads.entries())
        if (head.done !== true && (first < 0 || head.value.timestamp < (heads[first].value as TopicRecord).timestamp)) first = i;
      if (first < 0) return;
      yield heads[first].value as TopicRecord;
      heads[first] = await readers[first].next();
    }
  } finally {
    await Promise.all(readers.map((reader) => reader.return()));
  }
}

/**
 * Ranges that hold at least the last `count` records of each partition, as far as there are so many. Offsets have gaps (compaction, markers of
 * transactions), so more is read until enough is found, or `isLate` says that it takes too long.
 */
export async function lastRanges(
  log: Log,
  topic: string,
  offsets: readonly PartitionOffsets[],
  count: number,
  isLate: () => boolean = () => false,
): Promise<Range[]> {
  return Promise.all(
    offsets.map(async ({ partition, low, stable }) => {
      for (let width = 2 * count; ; width *= 4) {
        const from = Math.max(low, stable - width);
        let found = 0;
        for await (const _ of readRange(log, topic, { partition, from, to: stable })) found++;
        if (found >= count || from === low || isLate()) return { partition, from, to: stable };
      }
    }),
  );
}

/**
 * What comes after the positions (by partition: the next offset), until the signal. What came since the last look is merged by timestamp.
 * A position that was deleted meanwhile goes on at the first offset that is kept.
 */
export async function* follow(
  log: Log,
  topic: string,
  positions: Map<number, number>,
  signal: AbortSignal,
): AsyncGenerator<TopicRecord, void, undefined> {
  while (!signal.aborted) {
    const ranges = (await log.offsets(topic))
      .map(({ partition, low, stable }) => ({ partition, from: Math.max(low, positions.get(partition) ?? low), to: stable }))
      .filter(({ from, to }) => from < to);
    for await (const record of readMerged(log, topic, ranges)) {
      if (signal.aborted) return;
      yield record;
    }
    for (const { partition, to } of ranges) positions.set(partition, to);
    if (ranges.length === 0) await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function* readRange(log: Log, topic: string, { partition, from, to }: Range): AsyncGenerator<TopicRecord, void, undefined> {
  for await (const batch of log.read(topic, partition, from, to))
    for (const { offset, timestamp, key, value, headers } of records(batch, from)) {
      if (offset >= to) return;
      // Keys and values are slices of a buffer that the next batch may use again.
      yield {
        partition,
        offset,
        timestamp,
        key: copy(key),
        value: copy(value),
        headers: headers.map((h) => ({ ...h, value: copy(h.value) })),
      };
    }
}

function copy(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : Uint8Array.from(bytes);
}
