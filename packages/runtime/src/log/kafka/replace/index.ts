/** The modules of KafkaJS 2.2.4 that ours take the place of, each in its own file with the reason. */
import { connectionReplacement } from './connection.js';
import { decodeMessagesReplacement } from './decode-messages.js';
import { filterAbortedMessagesReplacement } from './filter-aborted-messages.js';
import { groupMessagesPerPartitionReplacement } from './group-messages-per-partition.js';
import { offsetFetchReplacement } from './offset-fetch.js';
import { produceRequestReplacement } from './produce-request.js';
import type { Replacement } from './replacement.js';
import { requestReplacement } from './request.js';
import { requestQueueReplacement } from './request-queue.js';
import { txnOffsetCommitReplacement } from './txn-offset-commit.js';

export type { Replacement } from './replacement.js';

export const REPLACEMENTS: readonly Replacement[] = [
  connectionReplacement,
  decodeMessagesReplacement,
  filterAbortedMessagesReplacement,
  groupMessagesPerPartitionReplacement,
  offsetFetchReplacement,
  produceRequestReplacement,
  requestReplacement,
  requestQueueReplacement,
  txnOffsetCommitReplacement,
];
