/** The owner's side of the socket: serves topics, reads and appends to the other commands (`tail`, `generate`, `topics`). */
import { chmodSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { LogError } from '../log.js';
import { type Frame, FrameReader, encodeFrame } from './frames.js';
import { type ServedLog, perform, wireError } from './requests.js';

export interface Serving {
  readonly log: () => ServedLog;
  /** Of a process that wants to have the log open itself; null: it does not get it. */
  readonly cede: (() => Promise<void>) | null;
}

export interface Served {
  close(): Promise<void>;
}

/** Listens at `path` until closed; keeps no process alive. Rejects when it cannot listen there. */
export async function serveLog(what: Serving, path: string): Promise<Served> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.unref();
    socket.on('close', () => sockets.delete(socket));
    serveSocket(what, socket);
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

function serveSocket(what: Serving, socket: Socket): void {
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
        const parts = await answer(what, frame);
        if (!socket.destroyed) for (const part of parts) socket.write(part);
      });
    }
  });
}

async function answer({ log, cede }: Serving, frame: Frame): Promise<Uint8Array[]> {
  try {
    const { op, args } = frame.head as { op: string; args: unknown[] };
    if (op === 'cede') {
      if (cede === null) throw new LogError('in_use', `process ${process.pid} keeps the embedded log`, true);
      await cede();
      return encodeFrame(frame.id, { result: null }, []);
    }
    const { result, body } = await perform(log(), op, args, frame.body);
    return encodeFrame(frame.id, { result }, body ?? []);
  } catch (error) {
    return encodeFrame(frame.id, { error: wireError(error) }, []);
  }
}
