import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real HTTP server that is told things as JSON: a target of alerts, of a sink, of traces. */
export interface Receiver {
  /** `http://127.0.0.1:1234` */
  readonly url: string;
  /** Breaks off what is under way, and listens no more. */
  readonly close: () => void;
}

/**
 * Listens on 127.0.0.1; rejects where it cannot.
 *
 * @param take is given each body, and answers
 * @param port 0: a free one
 */
export async function startReceiver(
  take: (body: unknown, request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<Receiver> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      take(JSON.parse(text), request, response);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
