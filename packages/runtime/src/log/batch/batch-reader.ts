/**
 * Fetched bytes -> record batches, as views: the header is read, the CRC checked, and the records stay where they are until a kernel reads
 * them. A compressed record section is unpacked when first asked for; zstd, which cannot be unpacked synchronously, before.
 */
import { crc32c } from '@node-rs/crc32';
import { LogError } from '../log.js';
import { type Compression, compressionName, unpack, unpackAsync } from './compression.js';
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BASE_TIMESTAMP,
  BATCH_LENGTH,
  COMPRESSION_MASK,
  CONTROL,
  CRC,
  HEADER_BYTES,
  LAST_OFFSET_DELTA,
  LENGTH_END,
  LEADER_EPOCH,
  MAGIC,
  MAX_TIMESTAMP,
  MIN_RECORD_BYTES,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORD_COUNT,
  TRANSACTIONAL,
  readBigInt64,
  readInt16,
  readInt32,
  readInt64,
} from './layout.js';
import type { RecordBatch } from './record-batch.js';

export interface ReadOptions {
  /** Check CRC-32C (6 GB/s). Default true. */
  readonly verifyCrc?: boolean;
  /** The bytes must be whole batches, nothing left over. Default false: a batch that is cut off at the end is ignored, as Kafka sends it. */
  readonly exact?: boolean;
  /** Named in errors, such as `orders-3`. */
  readonly where?: string;
}

/** A batch whose bytes are still those fetched. `bytes` is always a plain Uint8Array, never a Buffer: kernels then see one class only. */
export class BatchView implements RecordBatch {
  /** Unpacked record section; null until asked for. */
  private unpacked: Uint8Array | null = null;

  constructor(
    readonly baseOffset: number,
    readonly lastOffset: number,
    readonly recordCount: number,
    readonly baseTimestamp: number,
    readonly maxTimestamp: number,
    readonly attributes: number,
    readonly producerId: bigint,
    readonly producerEpoch: number,
    readonly baseSequence: number,
    readonly partitionLeaderEpoch: number,
    /** What was fetched; the whole batch, header included, is at `raw[rawStart, rawEnd)`. */
    readonly raw: Uint8Array,
    readonly rawStart: number,
    readonly rawEnd: number,
  ) {}

  get compression(): Compression {
    return compressionName(this.attributes & COMPRESSION_MASK);
  }

  /** An abort or commit marker of a transaction; not for users. */
  get isControl(): boolean {
    return (this.attributes & CONTROL) !== 0;
  }

  get isTransactional(): boolean {
    return (this.attributes & TRANSACTIONAL) !== 0;
  }

  /** Throws LogError `corrupt` when a compressed section cannot be unpacked; `unsupported` for zstd not yet prepared. */
  get bytes(): Uint8Array {
    if ((this.attributes & COMPRESSION_MASK) === 0) return this.raw;
    this.unpacked ??= this.checked(unpack(this.packed(), this.compression));
    return this.unpacked;
  }

  get start(): number {
    return (this.attributes & COMPRESSION_MASK) === 0 ? this.rawStart + HEADER_BYTES : 0;
  }

  get end(): number {
    return (this.attributes & COMPRESSION_MASK) === 0 ? this.rawEnd : this.bytes.length;
  }

  /** Unpacks zstd; nothing to do for the others. */
  async prepare(): Promise<void> {
    if (this.unpacked === null && this.compression === 'zstd') this.unpacked = this.checked(await unpackAsync(this.packed(), 'zstd'));
  }

  private packed(): Uint8Array {
    return this.raw.subarray(this.rawStart + HEADER_BYTES, this.rawEnd);
  }

  private checked(records: Uint8Array): Uint8Array {
    if (this.recordCount * MIN_RECORD_BYTES > records.length)
      throw new LogError('corrupt', `a batch says that it has ${this.recordCount} records, in ${records.length} bytes`, false);
    return records;
  }
}

/**
 * The batches in `bytes`, one after another. Synchronous; nothing is copied or unpacked. Errors are LogErrors: `corrupt` (a length, CRC or
 * count that cannot be right, offsets that go back), `unsupported` (formats v0 and v1, an unknown codec).
 */
export function parseBatches(bytes: Uint8Array, options: ReadOptions = {}): BatchView[] {
  const raw = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const batches: BatchView[] = [];
  const size = raw.length;
  let at = 0;
  let previous = -1;
  while (at + LENGTH_END <= size) {
    const length = readInt32(raw, at + BATCH_LENGTH);
    const end = at + LENGTH_END + length;
    // Formats v0 and v1 have the magic byte in the same place and may be shorter.
    if (length < MAGIC + 1 - LENGTH_END) throw corrupt(options, at, `has the impossible length ${length}`);
    if (at + MAGIC < size && raw[at + MAGIC] !== 2) throw magic(options, at, raw[at + MAGIC]);
    if (length < HEADER_BYTES - LENGTH_END) throw corrupt(options, at, `has the impossible length ${length}`);
    if (end > size) break;
    const batch = parseOne(raw, at, end, options);
    if (batch.baseOffset <= previous)
      throw corrupt(options, at, `has offset ${batch.baseOffset}, which is not after ${previous}, the last of the batch before`);
    previous = batch.lastOffset;
    batches.push(batch);
    at = end;
  }
  if (options.exact === true && at !== size) throw corrupt(options, at, `is cut off: ${size - at} bytes are left over`);
  return batches;
}

/**
 * As `parseBatches`, with what needs unpacking asynchronously unpacked: an array at once where nothing does (none, gzip, snappy, lz4),
 * else a promise. `await` takes both.
 */
export function decodeBatches(bytes: Uint8Array, options: ReadOptions = {}): BatchView[] | Promise<BatchView[]> {
  const batches = parseBatches(bytes, options);
  return prepareBatches(batches);
}

/** Unpacks those of `batches` that cannot be unpacked on the way; the same array, at once where there are none. */
export function prepareBatches(batches: BatchView[]): BatchView[] | Promise<BatchView[]> {
  for (const batch of batches) {
    if ((batch.attributes & COMPRESSION_MASK) === 4) return Promise.all(batches.map((b) => b.prepare())).then(() => batches);
  }
  return batches;
}

function parseOne(raw: Uint8Array, at: number, end: number, options: ReadOptions): BatchView {
  if (options.verifyCrc !== false) {
    const stored = readInt32(raw, at + CRC) >>> 0;
    const computed = crc32c(raw.subarray(at + ATTRIBUTES, end));
    if (stored !== computed) throw corrupt(options, at, `fails its CRC-32C (${hex(computed)}, stored is ${hex(stored)})`);
  }
  const baseOffset = readInt64(raw, at + BASE_OFFSET);
  const attributes = readInt16(raw, at + ATTRIBUTES) & 0xffff;
  const lastOffsetDelta = readInt32(raw, at + LAST_OFFSET_DELTA);
  const recordCount = readInt32(raw, at + RECORD_COUNT);
  const lastOffset = baseOffset + lastOffsetDelta;
  if (baseOffset < 0 || !Number.isSafeInteger(lastOffset)) throw corrupt(options, at, `has offset ${baseOffset}`);
  // Compaction leaves holes, and may leave a batch without records: fewer than the offsets, never more.
  if (lastOffsetDelta < 0 || recordCount < 0 || recordCount > lastOffsetDelta + 1)
    throw corrupt(options, at, `has ${recordCount} records but its last offset delta is ${lastOffsetDelta}`);
  const codec = attributes & COMPRESSION_MASK;
  if (codec === 0 && recordCount * MIN_RECORD_BYTES > end - at - HEADER_BYTES)
    throw corrupt(options, at, `has ${recordCount} records in ${end - at - HEADER_BYTES} bytes`);
  if (codec !== 0) compressionName(codec); // known, or throws
  return new BatchView(
    baseOffset,
    lastOffset,
    recordCount,
    readInt64(raw, at + BASE_TIMESTAMP),
    readInt64(raw, at + MAX_TIMESTAMP),
    attributes,
    readBigInt64(raw, at + PRODUCER_ID),
    readInt16(raw, at + PRODUCER_EPOCH),
    readInt32(raw, at + BASE_SEQUENCE),
    readInt32(raw, at + LEADER_EPOCH),
    raw,
    at,
    end,
  );
}

function where(options: ReadOptions): string {
  return options.where === undefined ? '' : ` of ${options.where}`;
}

function corrupt(options: ReadOptions, at: number, what: string): LogError {
  return new LogError('corrupt', `the record batch at byte ${at}${where(options)} ${what}`, false);
}

function magic(options: ReadOptions, at: number, value: number): LogError {
  const advice =
    value < 2
      ? `is in the old message format v${value} (before Kafka 0.11); rewrite the topic, for example by reading it into a new one`
      : `has the unknown format ${value}`;
  return new LogError('unsupported', `the record batch at byte ${at}${where(options)} ${advice}`, false);
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0');
}
