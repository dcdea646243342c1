/** The owner's side of the socket: serves topics, reads and appends to the other commands (`tail`, `generate`, `topics`). */
import { chmodSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import type { BatchView } from '../batch/batch-reader.js';
import { type IdleCommit, type Log, LogError, type OutputBatch, type TopicPartition, type TopicSpec } from '../log.js';
import { type Frame, FrameReader, PROTOCOL, encodeFrame } from './frames.js';
import { messageOf } from './partition-reader.js';

const READ_BYTES = 1024 * 1024;

/** What is served: its batches must be whole, to go over the wire as they are. */
export type ServedLog = Omit<Log, 'read'> & { read(topic: string, partition: number, from: number, to: number): AsyncIterable<BatchView> };

export interface Served {
  close(): Promise<void>;
}

interface Answer {
  readonly result: unknown;
  readonly body?: readonly Uint8Array[];
}

/** Listens at `path` until closed; keeps no process alive. Rejects when it cannot listen there. */
export async function serveLog(log: () => ServedLog, path: string): Promise<Served> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.unref();
    socket.on('close', () => sockets.delete(socket));
    serveSocket(log, socket);
  });
  await listen(server, path);
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  server.unref();
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function serveSocket(log: () => ServedLog, socket: Socket): void {
  const reader = new FrameReader();
  let order = Promise.resolve();
  socket.on('error', () => socket.destroy());
  socket.on('data', (data: Buffer) => {
    let frames: Frame[];
    try {
      frames = reader.push(data);
    } catch {
      socket.destroy();
      return;
    }
    for (const frame of frames) {
      order = order.then(async () => {
        const parts = await answer(log, frame);
        if (!socket.destroyed) for (const part of parts) socket.write(part);
      });
    }
  });
}

async function answer(log: () => ServedLog, frame: Frame): Promise<Uint8Array[]> {
  try {
    const { op, args } = frame.head as { op: string; args: unknown[] };
    const { result, body } = await perform(log(), op, args, frame.body);
    return encodeFrame(frame.id, { result }, body ?? []);
  } catch (error) {
    const known = error instanceof LogError ? error : new LogError('unreachable', messageOf(error), false);
    return encodeFrame(frame.id, { error: { code: known.code, message: known.message, retriable: known.retriable } }, []);
  }
}

async function perform(log: ServedLog, op: string, args: unknown[], body: Uint8Array): Promise<Answer> {
  switch (op) {
    case 'hello':
      return { result: { protocol: PROTOCOL, pid: process.pid } };
    case 'topics':
      return { result: await log.topics() };
    case 'ensureTopics':
      await log.ensureTopics(args[0] as TopicSpec[]);
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

function outputsOf(list: readonly WireOutput[], body: Uint8Array): OutputBatch[] {
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
