/** A registry server that something is done to on the way: it refuses, is slow, is gone, or something happens beside it. */
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterTests } from '@rta/tools/after-tests';

/** What becomes of a request: passed on, answered with a status, or never answered. */
type Fate = 'pass' | 'silence' | { readonly status: number; readonly error_code: number; readonly message: string };

export interface Between {
  readonly url: string;
  /** Decides on each request. */
  before: (method: string, path: string) => Fate;
  /** Told when the server has answered, before the answer is passed on, which waits for it. */
  after: (method: string, path: string) => unknown;
}

/** Whether a request registers a schema. */
export function registers(method: string, path: string): boolean {
  return method === 'POST' && /^\/subjects\/[^/]+\/versions$/.test(path);
}

/** Closed after the tests of the file. */
export async function registryBetween(target: string): Promise<Between> {
  const between: { -readonly [K in keyof Between]: Between[K] } = { url: '', before: () => 'pass', after: () => undefined };
  const server = createServer((incoming, outgoing) => {
    void bodyOf(incoming).then((body) => {
      const [method, path] = [incoming.method ?? '', incoming.url ?? ''];
      const fate = between.before(method, path);
      if (fate === 'silence') return;
      if (fate !== 'pass') {
        const { status, ...answer } = fate;
        outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
        return;
      }
      const { host: _host, ...headers } = incoming.headers;
      const passed = request(`${target}${path}`, { method, headers }, (answer) => {
        void bodyOf(answer).then(async (text) => {
          await between.after(method, path);
          outgoing.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' }).end(text);
        });
      });
      passed.on('error', () => outgoing.destroy());
      passed.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTests(() => {
    server.closeAllConnections();
    server.close();
  });
  between.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return between;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
