/**
 * What the embedded log keeps in LevelDB. Integers in keys are big-endian, so that LevelDB's order is the log's.
 *
 * ```
 * key    := 'H'                                                        head       one row
 *         | 'T' name:utf8                                              topic
 *         | 'P' id:uint32                                              partition
 *         | 'G' groupLength:uint16 group topicLength:uint16 topic partition:uint32      committed offset of a group
 *         | 'B' id:uint32 lastOffset:uint64 baseOffset:uint64          record batch
 * value  := crc:uint32 json:utf8                                       of H, T, P, G: CRC-32C over key and json
 *         | batch                                                      of B: a v2 record batch, its leader epoch being the row's CRC
 * ```
 * A batch is found by its last offset: the first key at or after (id, offset) is the batch that holds the offset, or follows the hole
 * that compaction left. The v2 format's own CRC covers a batch from its attributes on; the row's CRC, which takes the place of the
 * leader epoch (without meaning here), covers the key and the rest of the header. So every bit of a row is covered, at one pass.
 *
 * Each write has a number, and the head row carries the last one with the count and the sum of the CRCs of all T, P and G rows: one such
 * row that is lost, or comes back in an older version, shows when the log is opened.
 */
import { crc32c } from '@node-rs/crc32';
import { ATTRIBUTES, LEADER_EPOCH, MAGIC, readInt32, writeInt32 } from '../batch/layout.js';

export const FORMAT = 1;

export interface HeadRow {
  readonly format: number;
  /** Number of the last write, from 1. */
  readonly commit: number;
  /** Partition ids are never used again. */
  readonly nextId: number;
  readonly rows: number;
  readonly sum: number;
}

export interface TopicRow {
  /** Partition p has the id `firstId + p`. */
  readonly firstId: number;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface PartitionRow {
  readonly low: number;
  readonly high: number;
  /** Records below have been compacted; 0 where the topic is not. */
  readonly clean: number;
  /** Records that compaction has left below `clean`. */
  readonly kept: number;
  readonly commit: number;
}

export interface GroupRow {
  readonly offset: number;
  readonly metadata: string;
  readonly commit: number;
}

export type BookRow = HeadRow | TopicRow | PartitionRow | GroupRow;

const H = 0x48;
const T = 0x54;
const P = 0x50;
const G = 0x47;
const B = 0x42;
export const BATCH_KEY_BYTES = 21;

export const HEAD_KEY: Uint8Array = Uint8Array.of(H);

export function topicKey(name: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(T), Buffer.from(name, 'utf8')]);
}

export function partitionKey(id: number): Uint8Array {
  const key = new Uint8Array(5);
  key[0] = P;
  writeInt32(key, 1, id);
  return key;
}

export function groupKey(group: string, topic: string, partition: number): Uint8Array {
  const g = Buffer.from(group, 'utf8');
  const t = Buffer.from(topic, 'utf8');
  const key = Buffer.alloc(9 + g.length + t.length);
  key[0] = G;
  key.writeUInt16BE(g.length, 1);
  g.copy(key, 3);
  key.writeUInt16BE(t.length, 3 + g.length);
  t.copy(key, 5 + g.length);
  key.writeUInt32BE(partition, 5 + g.length + t.length);
  return key;
}

/** The key of a batch; with `baseOffset` 0 also the lower bound of all batches that end at or after `lastOffset`. */
export function batchKey(id: number, lastOffset: number, baseOffset: number): Uint8Array {
  const key = new Uint8Array(BATCH_KEY_BYTES);
  key[0] = B;
  writeInt32(key, 1, id);
  writeOffset(key, 5, lastOffset);
  writeOffset(key, 13, baseOffset);
  return key;
}

export function batchKeyParts(key: Uint8Array): { id: number; lastOffset: number; baseOffset: number } {
  return { id: readInt32(key, 1) >>> 0, lastOffset: readOffset(key, 5), baseOffset: readOffset(key, 13) };
}

/** What a bookkeeping key names; null when it is none of the format. */
export function parseBookKey(
  key: Uint8Array,
):
  | { readonly kind: 'head' }
  | { readonly kind: 'topic'; readonly name: string }
  | { readonly kind: 'partition'; readonly id: number }
  | { readonly kind: 'group'; readonly group: string; readonly topic: string; readonly partition: number }
  | null {
  const b = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (b[0] === H && b.length === 1) return { kind: 'head' };
  if (b[0] === T && b.length > 1) return { kind: 'topic', name: b.toString('utf8', 1) };
  if (b[0] === P && b.length === 5) return { kind: 'partition', id: b.readUInt32BE(1) };
  if (b[0] === G && b.length >= 9) {
    const groupEnd = 3 + b.readUInt16BE(1);
    if (groupEnd + 6 > b.length) return null;
    const topicEnd = groupEnd + 2 + b.readUInt16BE(groupEnd);
    if (topicEnd + 4 !== b.length) return null;
    return {
      kind: 'group',
      group: b.toString('utf8', 3, groupEnd),
      topic: b.toString('utf8', groupEnd + 2, topicEnd),
      partition: b.readUInt32BE(topicEnd),
    };
  }
  return null;
}

/** Range of all bookkeeping rows except batches: two halves around 'B', and the range of batches. */
export const BATCHES = { gte: Uint8Array.of(B), lt: Uint8Array.of(B + 1) };
export const AFTER_BATCHES = { gte: Uint8Array.of(B + 1) };
export const BEFORE_BATCHES = { lt: Uint8Array.of(B) };

/** A bookkeeping row's value. */
export function encodeRow(key: Uint8Array, row: BookRow): Uint8Array {
  const value = Buffer.concat([Buffer.alloc(4), Buffer.from(JSON.stringify(row), 'utf8')]);
  value.writeUInt32BE(crc32c(value.subarray(4), crc32c(key)));
  return value;
}

/** The CRC stored in a bookkeeping row's value. */
export function rowCrc(value: Uint8Array): number {
  return readInt32(value, 0) >>> 0;
}

/** A bookkeeping row; null when its CRC is wrong. */
export function decodeRow(key: Uint8Array, value: Uint8Array): unknown {
  if (value.length < 6 || rowCrc(value) !== crc32c(value.subarray(4), crc32c(key))) return null;
  try {
    return JSON.parse(Buffer.from(value.buffer, value.byteOffset + 4, value.byteLength - 4).toString('utf8')) as unknown;
  } catch {
    return null;
  }
}

/** Stamps the row's CRC into a batch that is otherwise sealed. */
export function stampBatchRow(key: Uint8Array, batch: Uint8Array): void {
  writeInt32(batch, LEADER_EPOCH, batchRowCrc(key, batch));
}

/** Whether key and header belong together; the records are covered by the batch's own CRC. */
export function batchRowIsRight(key: Uint8Array, batch: Uint8Array): boolean {
  return batch.length > ATTRIBUTES && readInt32(batch, LEADER_EPOCH) === batchRowCrc(key, batch);
}

function batchRowCrc(key: Uint8Array, batch: Uint8Array): number {
  const covered = new Uint8Array(BATCH_KEY_BYTES + LEADER_EPOCH + (ATTRIBUTES - MAGIC));
  covered.set(key);
  covered.set(batch.subarray(0, LEADER_EPOCH), BATCH_KEY_BYTES);
  covered.set(batch.subarray(MAGIC, ATTRIBUTES), BATCH_KEY_BYTES + LEADER_EPOCH);
  return crc32c(covered) | 0;
}

function writeOffset(key: Uint8Array, at: number, offset: number): void {
  writeInt32(key, at, Math.floor(offset / 0x1_0000_0000));
  writeInt32(key, at + 4, offset | 0);
}

function readOffset(key: Uint8Array, at: number): number {
  return (readInt32(key, at) >>> 0) * 0x1_0000_0000 + (readInt32(key, at + 4) >>> 0);
}
