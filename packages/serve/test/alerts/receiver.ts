/** A target that is told of incidents: a real HTTP server that answers as it is bid. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

interface Told {
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Receiver {
  url: string;
  /** Every request, answered or not. */
  readonly told: Told[];
  /** How it answers from now on; default: 202. */
  answer: (response: ServerResponse, told: Told) => void;
}

/** Listens on a free port; closed after the tests of the file. */
export async function openReceiver(): Promise<Receiver> {
  const told: Told[] = [];
  const receiver: Receiver = { url: '', told, answer: accept };
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const one: Told = { headers: request.headers, body: JSON.parse(text) as Told['body'] };
      told.push(one);
      receiver.answer(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  receiver.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/secret-path`;
  return receiver;
}

export function accept(response: ServerResponse): void {
  response.writeHead(202).end('taken');
}

/** Answers with a status, and with headers. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Receiver['answer'] {
  return (response) => response.writeHead(code, headers).end('no');
}
