/** What others ask the owner of an embedded log for: topics, reads and appends, whatever way the requests come (`server.ts`, `port-server.ts`). */
import { messageOf } from '@rta/dsl/message-of';
import type { BatchView } from '../batch/batch-reader.js';
import { type IdleCommit, type Log, LogError, type OutputBatch, type TopicChange, type TopicPartition, type TopicSpec } from '../log.js';
import { PROTOCOL, type WireError } from './frames.js';

const READ_BYTES = 1024 * 1024;

/** What is served: its batches must be whole, to go over the wire as they are. */
export type ServedLog = Omit<Log, 'read'> & { read(topic: string, partition: number, from: number, to: number): AsyncIterable<BatchView> };

interface Answer {
  readonly result: unknown;
  readonly body?: readonly Uint8Array[];
}

/** Does what a request asks for; rejects with LogError. @param body the batches of an append */
export async function perform(log: ServedLog, op: string, args: unknown[], body: Uint8Array): Promise<Answer> {
  switch (op) {
    case 'hello':
      return { result: { protocol: PROTOCOL, pid: process.pid } };
    case 'topics':
      return { result: await log.topics() };
    case 'ensureTopics':
      await log.ensureTopics(args[0] as TopicSpec[]);
      return { result: null };
    case 'configureTopics':
      await log.configureTopics(args[0] as TopicChange[]);
      return { result: null };
    case 'deleteTopics':
      await log.deleteTopics(args[0] as string[]);
      return { result: null };
    case 'offsets':
      return { result: await log.offsets(args[0] as string) };
    case 'deleteRecords':
      await log.deleteRecords(args[0] as string, args[1] as number, args[2] as number);
      return { result: null };
    case 'groupOffsets':
      return { result: await log.groupOffsets(args[0] as string, args[1] as TopicPartition[]) };
    case 'groupMembers':
      return { result: await log.groupMembers(args[0] as string) };
    case 'commitIdle': {
      const [request, outputs] = args as [Omit<IdleCommit, 'outputs'>, WireOutput[]];
      return { result: await log.commitIdle({ ...request, outputs: outputsOf(outputs, body) }) };
    }
    case 'append':
      return { result: await log.append(outputsOf(args[0] as WireOutput[], body)) };
    case 'read':
      return read(log, args as [string, number, number, number]);
    default:
      throw new LogError('unsupported', `the owner of the embedded log does not know the request ${JSON.stringify(op)}`, false);
  }
}

/** An output without its batch, which is in the frame's body. */
export interface WireOutput {
  readonly topic: string;
  readonly partition: number;
  readonly recordCount: number;
  readonly bytes: number;
}

/** @param body their batches, one after another */
export function outputsOf(list: readonly WireOutput[], body: Uint8Array): OutputBatch[] {
  let at = 0;
  return list.map(({ topic, partition, recordCount, bytes }) => {
    const batch = body.subarray(at, at + bytes);
    at += bytes;
    return { topic, partition, recordCount, batch };
  });
}

/** About 1 MB of batches; `next` is where to go on, `done` that there is no more before `to`. */
async function read(log: ServedLog, [topic, partition, from, to]: [string, number, number, number]): Promise<Answer> {
  const body: Uint8Array[] = [];
  let bytes = 0;
  let next = from;
  let done = true;
  for await (const view of log.read(topic, partition, from, to)) {
    body.push(view.raw.subarray(view.rawStart, view.rawEnd));
    bytes += view.rawEnd - view.rawStart;
    next = view.lastOffset + 1;
    if (bytes >= READ_BYTES) {
      done = false;
      break;
    }
  }
  return { result: { next, done }, body };
}

/** An error as the other end gets it. */
export function wireError(error: unknown): WireError {
  const { code, message, retriable } = error instanceof LogError ? error : new LogError('unreachable', messageOf(error), false);
  return { code, message, retriable };
}
