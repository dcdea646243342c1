/**
 * Kafka's record batch, format v2 (magic 2), read lazily.
 *
 * ```
 * batch   := baseOffset:int64 batchLength:int32 partitionLeaderEpoch:int32 magic:int8(=2) crc:uint32 attributes:int16
 *            lastOffsetDelta:int32 baseTimestamp:int64 maxTimestamp:int64 producerId:int64 producerEpoch:int16 baseSequence:int32
 *            recordCount:int32 records
 * records := record*            (compressed as a whole where attributes & 7 says so)
 * record  := length:varint attributes:int8 timestampDelta:varint(64) offsetDelta:varint keyLength:varint key
 *            valueLength:varint value headerCount:varint header*
 * header  := keyLength:varint key valueLength:varint value
 * ```
 * varint is zigzag; a length of -1 is null; crc is CRC-32C of everything from `attributes` on.
 */
export interface RecordBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly recordCount: number;
  /** ms */
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** 12-31 of attributes unused; bit 3: timestamp is the broker's append time; bit 4: transactional; bit 5: control */
  readonly attributes: number;
  readonly producerId: bigint;
  /** Decompressed record section: records are at `bytes[start, end)`. The buffer may be shared and must not be kept beyond processing. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
