import { createServer } from 'node:net';

// Below the range from which systems take the ports of outgoing connections: a client that keeps reconnecting to a stopped server on
// a port of that range can be given that very port, and is then connected to itself.
const FIRST = 20_000;
const LAST = 32_000;
const handedOut = new Set<number>();

/** A port of 127.0.0.1 that nothing listens on, and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!handedOut.has(port) && (await isFree(port))) {
      handedOut.add(port);
      return port;
    }
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
