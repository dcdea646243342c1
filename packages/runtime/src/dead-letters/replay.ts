/**
 * Puts the records of letters back to where they came from, each once.
 *
 * What was replayed is told by the topic `rta.dlq-replays`: a record per transaction, which lists the letters of it by offset and time. It
 * is written in the transaction that writes the records, and that commits, for the group `rta.dlq-replay`, how far the topic was read
 * before: a second replay at the same time is refused, and reads it anew.
 */
import { Buffer } from 'node:buffer';
import { BatchBuilder } from '../log/batch/batch-builder.js';
import { encodeHeaders, records } from '../log/batch/records.js';
import { LogError, type CommittedOffset, type Log } from '../log/log.js';
import { partitionOf } from '../log/partitioner.js';
import type { Letter } from './letters.js';

const TOPIC = 'rta.dlq-replays';
const GROUP = 'rta.dlq-replay';
/** Letters of one transaction. */
const AT_A_TIME = 1000;
/** Bytes of keys and values of one transaction, about. */
const BYTES_AT_A_TIME = 8 * 1024 * 1024;
/** How often a replay gives way to another one. */
const MAX_TRIES = 20;

/** What was replayed so far. */
export class Replayed {
  private readonly letters = new Set<string>();
  private committed: CommittedOffset = { topic: TOPIC, partition: 0, offset: null, metadata: '' };
  private end = 0;

  private constructor() {}

  /** Rejects with LogError. Nothing is made: where nothing was replayed, there is no topic. */
  static async read(log: Log): Promise<Replayed> {
    const replayed = new Replayed();
    if (!(await log.topics()).some(({ name }) => name === TOPIC)) return replayed;
    // The offset first: what is committed after that makes it another.
    [replayed.committed] = await log.groupOffsets(GROUP, [{ topic: TOPIC, partition: 0 }]);
    const [{ low, high }] = await log.offsets(TOPIC);
    replayed.end = high;
    for await (const batch of log.read(TOPIC, 0, low, high))
      for (const { key, value } of records(batch, low)) {
        const place = Buffer.from(key ?? []).toString('utf8');
        for (const [offset, at] of JSON.parse(Buffer.from(value ?? []).toString('utf8')) as [number, number][])
          replayed.letters.add(`${place} ${String(offset)} ${String(at)}`);
      }
    return replayed;
  }

  /** By its time too: a topic that was deleted and made again has other letters under the same offsets. */
  has({ topic, partition, offset, at }: Letter): boolean {
    return this.letters.has(`${placeOf(topic, partition)} ${String(offset)} ${String(at)}`);
  }

  /** Of the commit that adds to it. */
  get offsets(): { readonly expected: CommittedOffset; readonly next: CommittedOffset & { readonly offset: number } } {
    return {
      expected: this.committed,
      next: { topic: TOPIC, partition: 0, metadata: '', offset: Math.max(this.end, this.committed.offset ?? 0) + 1 },
    };
  }
}

/** Where a letter's record goes: the partition it came from, so that its order among others of its key stays what it can be. */
export function targetPartition({ source, key }: Letter, partitions: number): number {
  if (source.partition < partitions) return source.partition;
  return key === null ? source.partition % partitions : partitionOf(key, 0, key.length, partitions);
}

/**
 * Writes the records of the letters that were not replayed before, in the order given. Resolves to how many were.
 *
 * Rejects with LogError; `in_use` where other replays do not end.
 */
export async function replay(log: Log, letters: readonly Letter[], onWritten: (count: number) => void = () => undefined): Promise<number> {
  await log.ensureTopics([{ name: TOPIC, partitions: 1, config: { 'cleanup.policy': 'delete', 'retention.ms': '-1' } }]);
  const partitions = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]));
  let written = 0;
  let tries = 0;
  for (let at = 0; at < letters.length;) {
    const replayed = await Replayed.read(log);
    const { chunk, next } = chunkOf(letters, at, replayed);
    try {
      if (chunk.length > 0) await commit(log, chunk, replayed, partitions);
    } catch (error) {
      if (!(error instanceof LogError) || (error.code !== 'fenced' && error.code !== 'in_use') || ++tries >= MAX_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100 * tries));
      continue;
    }
    written += chunk.length;
    at = next;
    onWritten(written);
  }
  return written;
}

function chunkOf(letters: readonly Letter[], from: number, replayed: Replayed): { readonly chunk: Letter[]; readonly next: number } {
  const chunk: Letter[] = [];
  let bytes = 0;
  let next = from;
  while (next < letters.length && chunk.length < AT_A_TIME && bytes < BYTES_AT_A_TIME) {
    const letter = letters[next++];
    if (replayed.has(letter)) continue;
    chunk.push(letter);
    bytes += (letter.key?.length ?? 0) + (letter.value?.length ?? 0);
  }
  return { chunk, next };
}

async function commit(log: Log, chunk: readonly Letter[], replayed: Replayed, partitions: ReadonlyMap<string, number>): Promise<void> {
  const builders = new Map<string, BatchBuilder>();
  const builder = (topic: string, partition: number): BatchBuilder => {
    const place = placeOf(topic, partition);
    const known = builders.get(place) ?? new BatchBuilder(topic, partition, 1_000_000);
    builders.set(place, known);
    return known;
  };
  const places = new Map<string, [number, number][]>();
  for (const letter of chunk) {
    const { source, key, value, headers } = letter;
    const count = partitions.get(source.topic);
    if (count === undefined) throw new LogError('unknown_topic', `the topic ${source.topic} of a letter does not exist any more`, false);
    builder(source.topic, targetPartition(letter, count)).append(
      source.timestamp,
      key,
      0,
      key?.length ?? 0,
      value,
      0,
      value?.length ?? 0,
      headers.length === 0 ? null : encodeHeaders(headers),
    );
    const place = placeOf(letter.topic, letter.partition);
    const list = places.get(place) ?? [];
    list.push([letter.offset, letter.at]);
    places.set(place, list);
  }
  for (const [place, list] of places) {
    const [key, value] = [Buffer.from(place), Buffer.from(JSON.stringify(list))];
    builder(TOPIC, 0).append(Date.now(), key, 0, key.length, value, 0, value.length, null);
  }
  const { expected, next } = replayed.offsets;
  await log.commitIdle({
    group: GROUP,
    transactionalId: GROUP,
    expected: [expected],
    outputs: [...builders.values()].flatMap((each) => each.take()),
    offsets: [next],
  });
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${String(partition)}`;
}
