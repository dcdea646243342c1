/** The last step before a batch leaves: what only the adapter knows is stamped into the header, and the CRC is computed. */
import { crc32c } from '@node-rs/crc32';
import { type Compression, compressionCode, pack } from './compression.js';
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BATCH_LENGTH,
  COMPRESSION_MASK,
  CRC,
  HEADER_BYTES,
  LEADER_EPOCH,
  LENGTH_END,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  TRANSACTIONAL,
  readInt16,
  writeBigInt64,
  writeInt16,
  writeInt32,
  writeInt64,
} from './layout.js';

export interface Seal {
  /** Offset of the first record; brokers set it themselves. Default 0. */
  readonly baseOffset?: number;
  /** Default -1: not idempotent. */
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  /** Default -1. */
  readonly partitionLeaderEpoch?: number;
}

/** Stamps one v2 batch in place, and its CRC-32C; may be done again (a retry under another producer). Gives the same array back. */
export function sealBatch(batch: Uint8Array, seal: Seal): Uint8Array {
  writeInt64(batch, BASE_OFFSET, seal.baseOffset ?? 0);
  writeInt32(batch, LEADER_EPOCH, seal.partitionLeaderEpoch ?? -1);
  const attributes = readInt16(batch, ATTRIBUTES) & ~TRANSACTIONAL;
  writeInt16(batch, ATTRIBUTES, seal.transactional === true ? attributes | TRANSACTIONAL : attributes);
  writeBigInt64(batch, PRODUCER_ID, seal.producerId ?? -1n);
  writeInt16(batch, PRODUCER_EPOCH, seal.producerEpoch ?? -1);
  writeInt32(batch, BASE_SEQUENCE, seal.baseSequence ?? -1);
  writeInt32(batch, CRC, crc32c(batch.subarray(ATTRIBUTES)) | 0);
  return batch;
}

/** One uncompressed v2 batch with its record section packed; to be sealed afterwards. The same array where that makes it no smaller. */
export async function compressBatch(batch: Uint8Array, compression: Compression): Promise<Uint8Array> {
  if (compression === 'none') return batch;
  const packed = await pack(batch.subarray(HEADER_BYTES), compression);
  if (HEADER_BYTES + packed.length >= batch.length) return batch;
  const out = new Uint8Array(HEADER_BYTES + packed.length);
  out.set(batch.subarray(0, HEADER_BYTES));
  out.set(packed, HEADER_BYTES);
  writeInt32(out, BATCH_LENGTH, out.length - LENGTH_END);
  writeInt16(out, ATTRIBUTES, (readInt16(out, ATTRIBUTES) & ~COMPRESSION_MASK) | compressionCode(compression));
  return out;
}
