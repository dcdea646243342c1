/** Asks the HTTP side of an rta that runs. */
import { Readable } from 'node:stream';
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';

/**
 * What it answers to GET, as it comes. Rejects as `fromServer`.
 *
 * @param path from `/` on
 */
export async function bytesFromServer(context: CliContext, url: string, path: string): Promise<Readable> {
  const { body } = await answerOf(context, url, path);
  if (body === null) throw new Failure('refused', `${url} answers nothing`);
  // Not `Readable.fromWeb`: whether node's type of a stream or the browser's is in sight, a reader has the same one.
  return Readable.from(chunksOf(body.getReader()), { objectMode: false });
}

async function* chunksOf(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      const { value } = await reader.read();
      if (value === undefined) return;
      yield value;
    }
  } finally {
    // Nobody reads on, perhaps before the end.
    await reader.cancel();
  }
}

/** What is used of a stream's reader. */
interface ByteReader {
  read(): Promise<{ readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/**
 * What it answers, as JSON. Rejects with Failure: `unavailable` where nothing answers, else with the code of the answer.
 *
 * @param url such as `http://localhost:8080`
 * @param path from `/` on
 * @param body sent as JSON; not there: GET
 */
export async function fromServer<T>(context: CliContext, url: string, path: string, body?: object): Promise<T> {
  const response = await answerOf(context, url, path, body);
  return (await response.json().catch(() => ({}))) as T;
}

async function answerOf({ env, signal }: CliContext, url: string, path: string, body?: object): Promise<Response> {
  const token = tokenOf({ env });
  const headers: Readonly<Record<string, string>> = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${url.replace(/\/$/, '')}${path}`, { signal, headers, ...sent }).catch((error: unknown) => {
    throw new Failure('unavailable', `${url} cannot be asked: ${(error as Error).message}`, undefined, { cause: error });
  });
  if (response.ok) return response;
  const { error, message } = (await response.json().catch(() => ({}))) as { readonly error?: string; readonly message?: string };
  throw new Failure(error ?? 'refused', message ?? `${url} answers ${response.status}`);
}

/** What queries are asked with; null: nothing. */
export function tokenOf({ env }: Pick<CliContext, 'env'>): string | null {
  const token = env['RTA_HTTP_TOKEN'] ?? '';
  return token === '' ? null : token;
}
