/**
 * The compression codecs of Kafka's record batches, by their number in the attributes. All but zstd work synchronously.
 *
 * Snappy comes in the framing of xerial's SnappyOutputStream, which the Java client writes:
 * ```
 * stream  := magic:82 53 4e 41 50 50 59 00 version:int32(=1) compatible:int32(=1) block*
 * block   := length:int32 snappy
 * ```
 * or as one raw block (librdkafka reads both, kafkajs writes raw). LZ4 is the standard frame format, gzip and zstd are themselves.
 */
import { messageOf } from '@rta/dsl/message-of';
import { createRequire } from 'node:module';
import { gunzipSync, gzipSync } from 'node:zlib';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import zstd from '@mongodb-js/zstd';
import { LogError } from '../log.js';
import { readInt32, writeInt32 } from './layout.js';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

const NAMES: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** The number of a codec in a batch's attributes. */
export function compressionCode(compression: Compression): number {
  return NAMES.indexOf(compression);
}

/** The codec of a number; throws LogError `unsupported` where Kafka has none. */
export function compressionName(code: number): Compression {
  if (code >= NAMES.length) throw new LogError('unsupported', `compression codec ${code} is not known to Kafka's batch format v2`, false);
  return NAMES[code];
}

/** No batch unpacks to more: a damaged or hostile length must not take all memory. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

interface Snappy {
  compress(data: Uint8Array): Uint8Array;
  uncompress(data: Uint8Array): Uint8Array;
}

// snappyjs is kafkajs-snappy's only dependency; kafkajs-snappy itself offers it asynchronously and without xerial framing on the way out.
const fromHere = createRequire(import.meta.url);
const snappy = createRequire(fromHere.resolve('kafkajs-snappy'))('snappyjs') as Snappy;

const XERIAL = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0);
const XERIAL_HEADER_BYTES = 16;
/** What xerial's stream compresses at a time. */
const XERIAL_BLOCK_BYTES = 32 * 1024;

/** Unpacks synchronously. Throws LogError `corrupt` when the data is damaged, `unsupported` for zstd (see `unpackAsync`). */
export function unpack(data: Uint8Array, compression: Compression): Uint8Array {
  try {
    switch (compression) {
      case 'none':
        return data;
      case 'gzip':
        return plain(gunzipSync(data, { maxOutputLength: MAX_UNPACKED_BYTES }));
      case 'snappy':
        return unpackSnappy(data);
      case 'lz4':
        return plain(limited(decompressFrameSync(asBuffer(data))));
      case 'zstd':
        throw new LogError('unsupported', 'a zstd batch must be decoded by decodeBatches before its records are read', false);
    }
  } catch (error) {
    throw damaged(compression, error);
  }
}

/** Unpacks by any codec; errors as `unpack`. */
export async function unpackAsync(data: Uint8Array, compression: Compression): Promise<Uint8Array> {
  if (compression !== 'zstd') return unpack(data, compression);
  try {
    if (zstdContentSize(data) > MAX_UNPACKED_BYTES) throw new RangeError('unpacks to too many bytes');
    return plain(limited(await zstd.decompress(asBuffer(data))));
  } catch (error) {
    throw damaged(compression, error);
  }
}

/** Packs by any codec. */
export async function pack(data: Uint8Array, compression: Compression): Promise<Uint8Array> {
  switch (compression) {
    case 'none':
      return data;
    case 'gzip':
      return plain(gzipSync(data));
    case 'snappy':
      return packSnappy(data);
    case 'lz4':
      return plain(compressFrameSync(asBuffer(data)));
    case 'zstd':
      return plain(await zstd.compress(asBuffer(data), 3));
  }
}

function damaged(compression: Compression, error: unknown): LogError {
  if (error instanceof LogError) return error;
  const message = messageOf(error);
  return new LogError('corrupt', `a ${compression} batch cannot be unpacked: ${message}`, false, { cause: error });
}

function unpackSnappy(data: Uint8Array): Uint8Array {
  if (!isXerial(data)) return unpackSnappyBlock(data);
  const blocks: Uint8Array[] = [];
  let total = 0;
  for (let p = XERIAL_HEADER_BYTES; p < data.length;) {
    if (p + 4 > data.length) throw new RangeError('a block length is cut off');
    const length = readInt32(data, p);
    p += 4;
    if (length < 0 || p + length > data.length) throw new RangeError('a block is cut off');
    const block = unpackSnappyBlock(data.subarray(p, p + length));
    p += length;
    total += block.length;
    if (total > MAX_UNPACKED_BYTES) throw new RangeError('unpacks to too many bytes');
    blocks.push(block);
  }
  if (blocks.length === 1) return blocks[0];
  const out = new Uint8Array(total);
  let at = 0;
  for (const block of blocks) {
    out.set(block, at);
    at += block.length;
  }
  return out;
}

function isXerial(data: Uint8Array): boolean {
  return data.length >= XERIAL_HEADER_BYTES && XERIAL.every((byte, i) => data[i] === byte);
}

/** The block begins with the unpacked length; snappyjs would allocate whatever it says. Three bytes unpack to 64 at most. */
function unpackSnappyBlock(block: Uint8Array): Uint8Array {
  let length = 0;
  for (let i = 0, scale = 1; ; i++, scale *= 128) {
    if (i === 5 || i === block.length) throw new RangeError('the unpacked length is cut off');
    length += (block[i] & 0x7f) * scale;
    if (block[i] < 0x80) break;
  }
  if (length > block.length * 22 + 64) throw new RangeError('the unpacked length is impossible');
  return snappy.uncompress(plain(block));
}

function packSnappy(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = XERIAL_HEADER_BYTES;
  for (let p = 0; p < data.length; p += XERIAL_BLOCK_BYTES) {
    const part = snappy.compress(plain(data.subarray(p, Math.min(p + XERIAL_BLOCK_BYTES, data.length))));
    parts.push(part);
    total += 4 + part.length;
  }
  const out = new Uint8Array(total);
  out.set(XERIAL);
  writeInt32(out, 8, 1);
  writeInt32(out, 12, 1);
  let at = XERIAL_HEADER_BYTES;
  for (const part of parts) {
    writeInt32(out, at, part.length);
    out.set(part, at + 4);
    at += 4 + part.length;
  }
  return out;
}

/** What a zstd frame's header says that it unpacks to; 0 where it does not say (RFC 8878, 3.1.1.1). */
function zstdContentSize(data: Uint8Array): number {
  if (data.length < 6) return 0;
  const descriptor = data[4];
  const singleSegment = (descriptor >> 5) & 1;
  const sizeFlag = descriptor >> 6;
  const p = 5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  const bytes = sizeFlag === 0 ? singleSegment : 1 << sizeFlag;
  if (p + bytes > data.length) return 0;
  let size = 0;
  for (let i = bytes - 1; i >= 0; i--) size = size * 256 + data[p + i];
  return bytes === 2 ? size + 256 : size;
}

function limited(data: Uint8Array): Uint8Array {
  if (data.length > MAX_UNPACKED_BYTES) throw new RangeError('unpacks to too many bytes');
  return data;
}

function asBuffer(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Without Buffer's own class: loops that see one class of array only are faster, and snappyjs treats Buffers apart. */
function plain(data: Uint8Array): Uint8Array {
  return data.constructor === Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
