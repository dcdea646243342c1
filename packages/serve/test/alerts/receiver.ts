/** A target that is told of incidents: a real HTTP server that answers as it is bid. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { startReceiver } from '@rta/tools';
import { afterTests } from '@rta/tools/after-tests';

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
  const { url, close } = await startReceiver((body, { headers }, response) => {
    const one: Told = { headers, body: body as Told['body'] };
    told.push(one);
    receiver.answer(response, one);
  });
  afterTests(close);
  receiver.url = `${url}/secret-path`;
  return receiver;
}

export function accept(response: ServerResponse): void {
  response.writeHead(202).end('taken');
}

/** Answers with a status, and with headers. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Receiver['answer'] {
  return (response) => response.writeHead(code, headers).end('no');
}
