/**
 * Replaces `consumer/filterAbortedMessages`.
 *
 * Stock takes the broker's list of aborted transactions to be sorted by first offset (it hardly ever is), admits one of them for each
 * message, and takes any message whose key is four zero bytes for an abort marker: aborted data leaks to read_committed readers. As Java's
 * `CompletedFetch`: sorted first, all that begin at or before the batch's last offset admitted, and markers only from control batches.
 */
import { Cursor } from '../../batch/varint.js';
import type { BatchView } from '../../batch/batch-reader.js';
import type { BatchMessage } from './decode-messages.js';
import type { Replacement } from './replacement.js';

/** An aborted transaction that overlaps the fetched range, as the broker lists it (64-bit numbers as text). */
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/** Key of a control record: version:int16 type:int16, type 0 is ABORT and 1 COMMIT. */
const ABORT = 0;

/** Without the batches of aborted transactions. Control batches stay, as in stock; the caller drops them. */
export function filterAbortedMessages({
  messages,
  abortedTransactions,
}: {
  messages: readonly BatchMessage[];
  abortedTransactions: readonly AbortedTransaction[] | null | undefined;
}): readonly BatchMessage[] {
  if (abortedTransactions === null || abortedTransactions === undefined || abortedTransactions.length === 0) return messages;
  const begins = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId: BigInt(producerId), firstOffset: Number(firstOffset) }))
    .sort((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<bigint>();
  let next = 0;
  return messages.filter(({ batch }) => {
    while (next < begins.length && begins[next].firstOffset <= batch.lastOffset) aborting.add(begins[next++].producerId);
    if (batch.isControl) {
      if (isAbortMarker(batch)) aborting.delete(batch.producerId);
      return true;
    }
    return !(batch.isTransactional && aborting.has(batch.producerId));
  });
}

/** A control batch holds one record. Compaction may have emptied it: then there is nothing left of its transaction either. */
function isAbortMarker(batch: BatchView): boolean {
  if (!batch.isControl || batch.recordCount === 0) return false;
  const bytes = batch.bytes;
  const cursor = new Cursor(bytes, batch.start, batch.end);
  cursor.varint(); // length
  cursor.pos += 1; // attributes
  cursor.varlong(); // timestamp delta
  cursor.varint(); // offset delta
  if (cursor.varint() < 4) return false;
  return ((bytes[cursor.pos + 2] << 8) | bytes[cursor.pos + 3]) === ABORT;
}

export const filterAbortedMessagesReplacement: Replacement = {
  path: 'src/consumer/filterAbortedMessages.js',
  sha256: '54ce50f2a41ee1686da8b73bf8b502c7dd07c9d7cb0a494cdb36a7fc536ced8e',
  create: () => filterAbortedMessages,
};
