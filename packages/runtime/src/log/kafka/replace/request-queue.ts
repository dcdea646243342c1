/**
 * Replaces `network/requestQueue`: stock arms a timer of 1 ms after every response, and again whenever it fires, for as long as the
 * connection lives, although nothing waits to be sent (KafkaJS #1751). Here it is armed only while something waits.
 */
import type { Replacement } from './replacement.js';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

type RequestQueueConstructor = new (...parameters: unknown[]) => RequestQueue;

/** Stock's queue without the idle timer. */
export function quietRequestQueue(stock: RequestQueueConstructor): RequestQueueConstructor {
  return class QuietRequestQueue extends stock {
    override scheduleCheckPendingRequests(): void {
      if (this.pending.length > 0) super.scheduleCheckPendingRequests();
    }
  };
}

export const requestQueueReplacement: Replacement = {
  path: 'src/network/requestQueue/index.js',
  sha256: 'b55986089c14f8f7bfc377922e2e65b3e4c1e7c7af2752d3b10a75dfe9e9260c',
  create: ({ stock }) => quietRequestQueue(stock() as RequestQueueConstructor),
};
