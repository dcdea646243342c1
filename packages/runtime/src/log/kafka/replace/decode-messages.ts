/**
 * Replaces `protocol/requests/fetch/v4/decodeMessages` (fetch v5-v11 use it too).
 *
 * Stock makes an object, a Long and strings for each record (0.47 M records/s), pushes all records of a batch as arguments (stack overflow
 * beyond some 120,000) and never looks at the CRC. This gives one view for each record batch, CRC-32C checked, whose records stay in the
 * fetched bytes.
 */
import { type BatchView, decodeBatches } from '../../batch/batch-reader.js';
import type { Replacement } from './replacement.js';

/** A record batch in the guise of a message of KafkaJS' consumer: its offset is the batch's last, so that the consumer goes on after it. */
export class BatchMessage {
  constructor(readonly batch: BatchView) {}

  get offset(): string {
    return String(this.batch.lastOffset);
  }

  get firstOffset(): string {
    return String(this.batch.baseOffset);
  }

  get attributes(): number {
    return this.batch.attributes;
  }

  get isControlRecord(): boolean {
    return this.batch.isControl;
  }

  get batchContext(): { readonly producerId: string; readonly inTransaction: boolean; readonly isControlBatch: boolean } {
    return {
      producerId: this.batch.producerId.toString(),
      inTransaction: this.batch.isTransactional,
      isControlBatch: this.batch.isControl,
    };
  }
}

/** As much of KafkaJS' Decoder as is needed. */
interface Decoder {
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

/**
 * RECORDS := size:int32 batch*. The last batch may be cut off, since the broker cuts at the size asked for; it is left out.
 * Throws LogError `corrupt` and `unsupported` as `decodeBatches`.
 */
export async function decodeMessages(decoder: Decoder): Promise<BatchMessage[]> {
  const size = decoder.readInt32();
  if (size <= 0 || !decoder.canReadBytes(size)) return [];
  const batches = await decodeBatches(decoder.readBytes(size));
  return batches.map((batch) => new BatchMessage(batch));
}

export const decodeMessagesReplacement: Replacement = {
  path: 'src/protocol/requests/fetch/v4/decodeMessages.js',
  sha256: 'd9fede59bebf84ee15169d0ecc54df594a11722b6ba8d5db535ed1d8548d4fcc',
  create: () => decodeMessages,
};
