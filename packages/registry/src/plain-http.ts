import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** What a server said: its status and JSON, null where there is none. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** An answer beyond this is no schema. */
const MAX_ANSWER_BYTES = 64 << 20;

/** One request, JSON both ways. Rejects with the system's error, or with that of the deadline, where there is no whole answer. */
export function plainRequest(
  method: string,
  url: string,
  options: {
    readonly body?: unknown;
    readonly headers: Readonly<Record<string, string>>;
    readonly agent: Agent;
    readonly timeoutMs: number;
  },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const text = options.body === undefined ? undefined : JSON.stringify(options.body);
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const signal = AbortSignal.timeout(options.timeoutMs);
    const fail = (error: unknown): void =>
      reject(
        signal.aborted ? new Error(`no answer within ${options.timeoutMs} ms`) : error instanceof Error ? error : new Error(String(error)),
      );
    const request = send(url, { method, headers: headersOf(options.headers, text), agent: options.agent, signal }, (response) => {
      collect(response).then((body) => resolve({ status: response.statusCode ?? 0, body: jsonOf(body) }), fail);
    });
    request.on('error', fail);
    request.end(text);
  });
}

function headersOf(headers: Readonly<Record<string, string>>, text: string | undefined): Record<string, string> {
  const json = 'application/vnd.schemaregistry.v1+json';
  const all: Record<string, string> = { accept: `${json}, application/json`, ...headers };
  if (text === undefined) return all;
  return { ...all, 'content-type': json, 'content-length': String(Buffer.byteLength(text)) };
}

async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
