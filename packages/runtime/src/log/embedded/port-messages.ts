/**
 * How worker threads talk to the thread that owns an embedded log: messages over a MessagePort. Bodies are whole batches, one after another,
 * in a buffer of their own that changes hands without being copied again.
 *
 * ```
 * thread ── {id, op, args, body} ──▶ owner      ops of `requests.ts`, and of members: join, next, start, pause, resume, holds, committed, commit, leave
 * thread ◀── {id, result, body} ─── owner      or {id, error}; none for start, pause, resume and holds
 * ```
 * Requests are served side by side: a member's `next` may wait while its commit is under way.
 */
import type { BatchView } from '../batch/batch-reader.js';
import type { MemberEvent, TopicPartition } from '../log.js';
import type { WireError } from './frames.js';

export interface PortRequest {
  readonly id: number;
  readonly op: string;
  readonly args: readonly unknown[];
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface PortAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: WireError;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** An event without its batches, which are in the body; an error as plain data. */
export type WireEvent =
  | Exclude<MemberEvent, { readonly type: 'records' | 'failed' }>
  | Omit<Extract<MemberEvent, { readonly type: 'records' }>, 'batches'>
  | { readonly type: 'failed'; readonly error: WireError };

/** Event time that a member has reached in a partition: see `MemberOptions.timeReached`. */
export interface ReachedTime extends TopicPartition {
  readonly time: number;
}

/** The parts in one buffer of their own. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The bytes of whole batches, as they were fetched. */
export function bytesOf(batches: readonly Pick<BatchView, 'raw' | 'rawStart' | 'rawEnd'>[]): Uint8Array[] {
  return batches.map((view) => view.raw.subarray(view.rawStart, view.rawEnd));
}
