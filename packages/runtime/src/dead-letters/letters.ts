/** Dead letters and late records, as `BadRecords` of a task writes them: found, and taken apart again. */
import { Buffer } from 'node:buffer';
import { records, type LogRecord, type RecordHeader } from '../log/batch/records.js';
import { LogError, type Log } from '../log/log.js';

/** A dead letter, or a late record. */
export interface Letter {
  /** Where the letter is. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When it was written, ms. */
  readonly at: number;
  /** `late`, or why the record could not be read or computed. */
  readonly reason: string;
  /** What was wrong with it; of a late record, the windows that it missed. */
  readonly message: string;
  readonly pipeline: string;
  readonly step: string;
  /** Where the record stood. */
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number; readonly timestamp: number };
  /** The record's own, byte for byte. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** What stands in front of the headers that are added to the record's own. */
const FIRST_HEADER = 'rta.reason';

/**
 * The letters of a topic, partition by partition, as far as it reaches now; records that are no letters are left out, and a topic that does
 * not exist has none. Rejects with LogError.
 *
 * @param range of a partition's offsets: from, to (exclusive); null: nothing of it
 */
export async function* lettersOf(
  log: Log,
  topic: string,
  range: (partition: number) => { readonly from: number; readonly to: number } | null = () => ({ from: 0, to: Infinity }),
): AsyncGenerator<Letter, void, undefined> {
  const offsets = await log.offsets(topic).catch((error: unknown) => {
    if (error instanceof LogError && error.code === 'unknown_topic') return [];
    throw error;
  });
  for (const { partition, low, stable } of offsets) {
    const wanted = range(partition);
    const [from, to] = [Math.max(low, wanted?.from ?? 0), Math.min(stable, wanted?.to ?? 0)];
    if (from >= to) continue;
    for await (const batch of log.read(topic, partition, from, to))
      for (const record of records(batch, from)) {
        if (record.offset >= to) break;
        const letter = letterOf(topic, partition, record);
        if (letter !== null) yield letter;
      }
  }
}

/** Null for a record that is no letter. The bytes are copies. */
function letterOf(topic: string, partition: number, record: LogRecord): Letter | null {
  const all = record.headers;
  // A record may have come from such a topic itself, and have been a letter before: the last ones count.
  const first = all.map(({ key }) => key).lastIndexOf(FIRST_HEADER);
  if (first < 0) return null;
  const added = new Map(all.slice(first).map(({ key, value }) => [key, Buffer.from(value ?? []).toString('utf8')]));
  const source = {
    topic: added.get('rta.topic') ?? '',
    partition: Number(added.get('rta.partition') ?? NaN),
    offset: Number(added.get('rta.offset') ?? NaN),
    timestamp: Number(added.get('rta.timestamp') ?? NaN),
  };
  if (source.topic === '' || ![source.partition, source.offset, source.timestamp].every(Number.isSafeInteger)) return null;
  return {
    topic,
    partition,
    offset: record.offset,
    at: record.timestamp,
    reason: added.get(FIRST_HEADER) ?? '',
    message: added.get('rta.message') ?? added.get('rta.windows') ?? '',
    pipeline: added.get('rta.pipeline') ?? '',
    step: added.get('rta.step') ?? '',
    source,
    key: copy(record.key),
    value: copy(record.value),
    headers: all.slice(0, first).map(({ key, value }) => ({ key, value: copy(value) })),
  };
}

function copy(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : Uint8Array.from(bytes);
}
