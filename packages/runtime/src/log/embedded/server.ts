/** The owner's side of the socket: serves topics, reads and appends to the other commands (`tail`, `generate`, `topics`). */
import { chmodSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { type Frame, FrameReader, encodeFrame } from './frames.js';
import { type ServedLog, perform, wireError } from './requests.js';

export interface Served {
  close(): Promise<void>;
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
    return encodeFrame(frame.id, { error: wireError(error) }, []);
  }
}
