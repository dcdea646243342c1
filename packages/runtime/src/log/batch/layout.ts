/**
 * Where the fields of a v2 record batch's header are (grammar: `record-batch.ts`), and big-endian access to them. Plain functions on
 * Uint8Array: a DataView would be one more object per fetched chunk.
 */
export const BASE_OFFSET = 0;
export const BATCH_LENGTH = 8;
export const LEADER_EPOCH = 12;
export const MAGIC = 16;
export const CRC = 17;
/** The CRC covers everything from here on. */
export const ATTRIBUTES = 21;
export const LAST_OFFSET_DELTA = 23;
export const BASE_TIMESTAMP = 27;
export const MAX_TIMESTAMP = 35;
export const PRODUCER_ID = 43;
export const PRODUCER_EPOCH = 51;
export const BASE_SEQUENCE = 53;
export const RECORD_COUNT = 57;
/** Where the records begin. */
export const HEADER_BYTES = 61;
/** `batchLength` counts the bytes after itself. */
export const LENGTH_END = 12;
/** length, attributes, two deltas, two lengths and the header count: no record is shorter. */
export const MIN_RECORD_BYTES = 7;

export const COMPRESSION_MASK = 0x07;
export const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
export const CONTROL = 0x20;

export function readInt16(b: Uint8Array, p: number): number {
  return ((b[p] << 24) >> 16) | b[p + 1];
}

export function readInt32(b: Uint8Array, p: number): number {
  return (b[p] << 24) | (b[p + 1] << 16) | (b[p + 2] << 8) | b[p + 3];
}

/** As a number; bits below a double's precision are lost beyond 2^53. */
export function readInt64(b: Uint8Array, p: number): number {
  return readInt32(b, p) * 0x1_0000_0000 + (readInt32(b, p + 4) >>> 0);
}

export function readBigInt64(b: Uint8Array, p: number): bigint {
  return (BigInt(readInt32(b, p)) << 32n) | BigInt(readInt32(b, p + 4) >>> 0);
}

export function writeInt16(b: Uint8Array, p: number, v: number): void {
  b[p] = v >> 8;
  b[p + 1] = v;
}

export function writeInt32(b: Uint8Array, p: number, v: number): void {
  b[p] = v >> 24;
  b[p + 1] = v >> 16;
  b[p + 2] = v >> 8;
  b[p + 3] = v;
}

export function writeInt64(b: Uint8Array, p: number, v: number): void {
  const high = Math.floor(v / 0x1_0000_0000);
  writeInt32(b, p, high | 0);
  writeInt32(b, p + 4, (v - high * 0x1_0000_0000) | 0);
}

export function writeBigInt64(b: Uint8Array, p: number, v: bigint): void {
  writeInt32(b, p, Number(v >> 32n) | 0);
  writeInt32(b, p + 4, Number(v & 0xffff_ffffn) | 0);
}
