/**
 * What the log is, read from LevelDB when it is opened, and whether that is all of it:
 * - each bookkeeping row has its CRC, and their count and sum are what the last write left;
 * - each partition's batches follow one another without a hole from its low to its high offset (keys alone are read, about half a million
 *   a second; the batches' own CRCs are checked whenever they are read, or here with `everything`);
 * - nothing that the witness saw committed is gone.
 * Otherwise opening fails with a LogError `corrupt` that names topics, partitions and offsets.
 */
import { messageOf } from '@rta/dsl/message-of';
import { LogError } from '../log.js';
import {
  AFTER_BATCHES,
  BATCHES,
  BATCH_KEY_BYTES,
  BEFORE_BATCHES,
  FORMAT,
  type GroupRow,
  type HeadRow,
  type PartitionRow,
  type TopicRow,
  batchKeyParts,
  decodeRow,
  parseBookKey,
  rowCrc,
} from './format.js';
import { type Database, checkedBatch, missing } from './partition-reader.js';
import { Partition } from './partition.js';
import type { WitnessLine } from './witness.js';
import { Ledger } from './writer.js';

export interface Topic {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly partitions: readonly Partition[];
}

export interface CommittedRow {
  readonly offset: number;
  readonly metadata: string;
}

export interface RecoveredState {
  readonly commit: number;
  readonly nextId: number;
  readonly ledger: Ledger;
  readonly topics: Map<string, Topic>;
  /** By group, then `groupTopicKey`. */
  readonly groups: Map<string, Map<string, CommittedRow>>;
  /** Ids of deleted topics' partitions that still have batches on the disk. */
  readonly orphans: readonly number[];
}

interface Books {
  head: HeadRow | null;
  readonly topics: Map<string, TopicRow>;
  readonly partitions: Map<number, PartitionRow>;
  readonly groups: Map<string, Map<string, GroupRow>>;
  readonly ledger: Ledger;
  readonly damaged: string[];
}

/** @param everything also reads every batch and checks its CRCs */
export async function recover(db: Database, witness: readonly WitnessLine[], everything: boolean): Promise<RecoveredState> {
  const books = await readBooks(db);
  const head = books.head ?? { format: FORMAT, commit: 0, nextId: 0, rows: 0, sum: 0 };
  if (head.format !== FORMAT)
    throw new LogError('unsupported', `the embedded log has format ${head.format}; this version of rta reads ${FORMAT}`, false);
  const losses = [...books.damaged, ...lostCommits(books, head.commit, witness)];
  if (books.ledger.rows !== head.rows || books.ledger.sum !== head.sum)
    losses.push(
      `the bookkeeping is not what commit ${head.commit} left: ${books.ledger.rows} rows instead of ${head.rows}` +
        (books.ledger.rows === head.rows ? ', with another checksum' : ''),
    );
  const topics = new Map<string, Topic>();
  const byId = new Map<number, Partition>();
  for (const [name, row] of books.topics) {
    const partitions: Partition[] = [];
    for (let i = 0; i < row.partitions; i++) {
      const id = row.firstId + i;
      const kept = books.partitions.get(id);
      if (kept === undefined) losses.push(`the bookkeeping of ${name}-${i} is missing`);
      const partition = new Partition(name, i, id, kept?.low ?? 0, kept?.high ?? 0, kept?.clean ?? 0, kept?.kept ?? 0);
      partitions.push(partition);
      byId.set(id, partition);
    }
    topics.set(name, { name, config: row.config, partitions });
  }
  const orphans = new Set<number>();
  losses.push(...(await scanBatches(db, byId, orphans, everything)));
  if (losses.length > 0) throw corrupt(losses);
  return { commit: head.commit, nextId: head.nextId, ledger: books.ledger, topics, groups: books.groups, orphans: [...orphans] };
}

export function groupTopicKey(topic: string, partition: number): string {
  return `${topic}\0${partition}`;
}

async function readBooks(db: Database): Promise<Books> {
  const books: Books = { head: null, topics: new Map(), partitions: new Map(), groups: new Map(), ledger: new Ledger(), damaged: [] };
  for (const range of [BEFORE_BATCHES, AFTER_BATCHES]) {
    const rows = db.iterator({ ...range, highWaterMarkBytes: 1024 * 1024 });
    try {
      for (;;) {
        const entries = await rows.nextv(1000);
        if (entries.length === 0) break;
        for (const [key, value] of entries) readRow(books, key, value);
      }
    } catch (error) {
      throw corrupt([`LevelDB cannot read the bookkeeping: ${messageOf(error)}`]);
    } finally {
      await rows.close();
    }
  }
  return books;
}

function readRow(books: Books, key: Uint8Array, value: Uint8Array): void {
  const what = parseBookKey(key);
  const row = decodeRow(key, value);
  if (what === null) books.damaged.push(`a row has a key that is none (${Buffer.from(key).toString('hex')})`);
  else if (row === null) books.damaged.push(`the row of ${nameOf(what)} fails its checksum`);
  else if (what.kind === 'head') books.head = row as HeadRow;
  else {
    books.ledger.put(key, rowCrc(value));
    if (what.kind === 'topic') books.topics.set(what.name, row as TopicRow);
    else if (what.kind === 'partition') books.partitions.set(what.id, row as PartitionRow);
    else {
      let group = books.groups.get(what.group);
      if (group === undefined) books.groups.set(what.group, (group = new Map<string, GroupRow>()));
      group.set(groupTopicKey(what.topic, what.partition), row as GroupRow);
    }
  }
}

function nameOf(what: NonNullable<ReturnType<typeof parseBookKey>>): string {
  switch (what.kind) {
    case 'head':
      return 'the last commit';
    case 'topic':
      return `topic ${what.name}`;
    case 'partition':
      return `partition id ${what.id}`;
    case 'group':
      return `group ${what.group} for ${what.topic}-${what.partition}`;
  }
}

/** What the witness saw committed and the log does not know. */
function lostCommits(books: Books, commit: number, witness: readonly WitnessLine[]): string[] {
  const losses: string[] = [];
  const lost = witness.filter((line) => line.commit > commit);
  if (lost.length > 0) {
    const batches = new Map<string, [number, number]>();
    const groups = new Set<string>();
    for (const line of lost) {
      for (const [topic, partition, base, last] of line.batches) {
        const range = batches.get(`${topic}-${partition}`);
        if (range === undefined) batches.set(`${topic}-${partition}`, [base, last]);
        else range[1] = last;
      }
      for (const [group] of line.groups) groups.add(group);
    }
    losses.push(`commits ${lost[0].commit} to ${lost[lost.length - 1].commit} are lost, the last one kept is ${commit}`);
    for (const [name, [base, last]] of batches) losses.push(`offsets ${base} to ${last} of ${name} are lost`);
    for (const group of groups) losses.push(`newer offsets of group ${group} are lost`);
  }
  // Older versions of rows that have come back: the witness's last word on each says so.
  for (const line of witness) {
    if (line.commit > commit) continue;
    for (const [topic, partition, , last] of line.batches) {
      const row = books.topics.get(topic);
      const kept = row === undefined ? undefined : books.partitions.get(row.firstId + partition);
      if (kept !== undefined && kept.commit < line.commit && kept.high <= last)
        losses.push(`offsets ${kept.high} to ${last} of ${topic}-${partition} are lost (commit ${line.commit})`);
    }
    for (const [group, topic, partition, offset] of line.groups) {
      const kept = books.groups.get(group)?.get(groupTopicKey(topic, partition));
      if (kept !== undefined && kept.commit < line.commit)
        losses.push(`the offset ${offset} of group ${group} for ${topic}-${partition} is lost (commit ${line.commit})`);
    }
  }
  return losses;
}

/** Walks over all batches and checks that each partition's follow one another from low to high. */
async function scanBatches(db: Database, byId: Map<number, Partition>, orphans: Set<number>, everything: boolean): Promise<string[]> {
  const losses: string[] = [];
  const ends = new Map<number, number>();
  const rows = db.iterator({ ...BATCHES, values: everything, highWaterMarkBytes: 4 * 1024 * 1024 });
  try {
    for (;;) {
      const entries = await rows.nextv(1000);
      if (entries.length === 0) break;
      for (const [key, value] of entries) {
        if (key.length !== BATCH_KEY_BYTES) {
          losses.push(`a batch has a key that is none (${Buffer.from(key).toString('hex')})`);
          continue;
        }
        const { id, lastOffset, baseOffset } = batchKeyParts(key);
        const partition = byId.get(id);
        if (partition === undefined) {
          orphans.add(id);
          continue;
        }
        // Below: deleted records that are not yet gone from the disk.
        if (lastOffset < partition.low) continue;
        const expected = ends.get(id) ?? Math.max(partition.low, 0);
        const first = !ends.has(id);
        if (baseOffset > expected) losses.push(missing(partition, expected, baseOffset).message);
        else if (baseOffset < expected && !first) losses.push(`two batches of ${partition.name} hold offset ${baseOffset}`);
        if (everything) checkedBatch(partition, key, value);
        ends.set(id, lastOffset + 1);
      }
      if (losses.length > 20) break;
    }
  } catch (error) {
    losses.push(error instanceof LogError ? error.message : `LevelDB cannot read the batches: ${messageOf(error)}`);
    return losses;
  } finally {
    await rows.close();
  }
  for (const [id, partition] of byId) {
    const end = ends.get(id) ?? partition.low;
    if (end < partition.high) losses.push(missing(partition, end, partition.high).message);
    if (end > partition.high)
      losses.push(`offsets ${partition.high} to ${end - 1} of ${partition.name} are there, but were never committed`);
  }
  return losses;
}

function corrupt(losses: readonly string[]): LogError {
  const shown = losses.slice(0, 12).join('; ');
  const more = losses.length > 12 ? `; and ${losses.length - 12} more` : '';
  return new LogError('corrupt', `the embedded log is damaged: ${shown}${more}`, false);
}
