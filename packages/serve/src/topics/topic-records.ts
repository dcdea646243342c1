/** Records of a topic, within bounds of number and time. */
import type { Log, PartitionOffsets } from '@rta/runtime';
import type { AskedOfLog } from '../asked-of-log.js';
import { decodedJson, RecordDecoder } from '../lookups/decode-record.js';
import { isoTime } from '../lookups/letter-json.js';
import { lastRanges, readMerged, type Range, type TopicRecord } from '../lookups/read-topic.js';
import { Refused } from '../refused.js';

interface RecordsAsked {
  readonly topic: string;
  /** Whether values may be framed with the id of a schema; else they are the engine's own. */
  readonly isFramed: boolean;
  /** Null: all. */
  readonly partition: number | null;
  /** From there on; null: not by offset. */
  readonly offset: number | null;
  /** From that time on, ms; null: not by time. With neither, the newest are first. */
  readonly since: number | null;
  readonly limit: number;
}

/** After that long nothing more is read, ms. */
const PATIENCE_MS = 2_000;
/** A batch may have more records than this: then the first record of a time is looked for record by record. */
const NEAR = 512;

/**
 * Records as far as they are committed. `complete` is false where there was no time for all that was asked for. Rejects with LogError, RegistryError
 * and Refused.
 */
export async function topicRecords({ log, registry }: AskedOfLog, asked: RecordsAsked): Promise<object> {
  const { topic, isFramed, partition, offset, since } = asked;
  const time = Date.now();
  const deadline = performance.now() + PATIENCE_MS;
  const isLate = (): boolean => performance.now() > deadline;
  const all = await log.offsets(topic);
  const offsets = all.filter((each) => partition === null || each.partition === partition);
  if (offsets.length === 0) throw new Refused(404, 'unknown_partition', `${topic} has partitions 0 to ${all.length - 1}`);
  const isNewest = offset === null && since === null;
  const ranges = isNewest
    ? await lastRanges(log, topic, offsets, asked.limit, isLate)
    : await Promise.all(offsets.map((each) => startAt(log, asked, each, isLate)));
  const { found, complete } = await within(readMerged(log, topic, ranges), asked, isNewest, isLate);
  const decoder = new RecordDecoder(isFramed ? registry : null);
  return {
    topic,
    asOf: new Date(time).toISOString(),
    complete,
    partitions: offsets,
    records: await Promise.all((isNewest ? found.reverse() : found).map((record) => recordJson(record, decoder))),
  };
}

async function within(
  records: AsyncIterable<TopicRecord>,
  { since, limit }: RecordsAsked,
  isNewest: boolean,
  isLate: () => boolean,
): Promise<{ readonly found: TopicRecord[]; readonly complete: boolean }> {
  const found: TopicRecord[] = [];
  for await (const record of records) {
    if (isLate()) return { found, complete: false };
    if (since !== null && record.timestamp < since) continue;
    found.push(record);
    if (!isNewest && found.length === limit) break;
    if (found.length > limit) found.shift();
  }
  return { found, complete: true };
}

async function startAt(
  log: Log,
  { topic, offset, since }: RecordsAsked,
  { partition, low, stable }: PartitionOffsets,
  isLate: () => boolean,
): Promise<Range> {
  if (since === null) return { partition, from: Math.min(stable, Math.max(low, offset ?? low)), to: stable };
  // Times go up, more or less: where they do not, it begins where they first come near.
  let [from, end] = [low, stable];
  while (end - from > NEAR && !isLate()) {
    const middle = Math.floor((from + end) / 2);
    const next = await reaches(log, topic, partition, { from: middle, to: end }, since);
    if (next === null) end = middle;
    else from = next;
  }
  return { partition, from, to: stable };
}

/** Null where the first batch there has a record of that time or a later one, or there is none; else the offset behind it. */
async function reaches(
  log: Log,
  topic: string,
  partition: number,
  { from, to }: { from: number; to: number },
  time: number,
): Promise<number | null> {
  for await (const { maxTimestamp, lastOffset } of log.read(topic, partition, from, to))
    return maxTimestamp >= time ? null : lastOffset + 1;
  return null;
}

async function recordJson({ partition, offset, timestamp, key, value, headers }: TopicRecord, decoder: RecordDecoder): Promise<object> {
  return {
    partition,
    offset,
    time: isoTime(timestamp),
    bytes: (key?.length ?? 0) + (value?.length ?? 0),
    key: decodedJson(await decoder.decode(key)),
    value: decodedJson(await decoder.decode(value)),
    headers: await Promise.all(headers.map(async (header) => ({ key: header.key, ...decodedJson(await decoder.decode(header.value)) }))),
  };
}
