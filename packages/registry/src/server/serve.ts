import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { RegistryDirectory } from '../embedded/directory.js';
import { Refusal } from '../embedded/refusals.js';
import { IncompatibleSchema, RegistryError } from '../registry.js';
import { apiRoutes } from './api.js';
import { isAllowed, type Credentials } from './credentials.js';
import { routeOf, type Routes } from './routes.js';

export interface ServeOptions {
  /** Of the embedded registry. */
  readonly directory: string;
  /** Where to listen; default 127.0.0.1, which only this machine reaches. */
  readonly host?: string;
  /** 0: a free one. */
  readonly port: number;
  /** PEM. Not there: plain HTTP. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Not there: everybody may. */
  readonly credentials?: Credentials;
  /** Told of each answer. */
  readonly onAnswer?: (answer: { readonly method: string; readonly path: string; readonly status: number; readonly ms: number }) => void;
  /** Told of what is wrong with the directory, or with us. */
  readonly onError?: (error: unknown) => void;
}

export interface ServedRegistry {
  /** `http://127.0.0.1:8081` */
  readonly url: string;
  /** Answers what was asked, then stops. */
  close(): Promise<void>;
}

/** Serves an embedded registry with Confluent's REST API. Rejects with the system's error where it cannot listen there. */
export async function serveRegistry(options: ServeOptions): Promise<ServedRegistry> {
  const { host = '127.0.0.1', port, tls } = options;
  const routes = apiRoutes(new RegistryDirectory(options.directory));
  const listener: RequestListener = (request, response) => {
    const started = performance.now();
    void answer(routes, options, request).then(({ status, body, headers }) => {
      send(response, status, body, headers);
      const path = (request.url ?? '').replace(/\?.*$/, '');
      options.onAnswer?.({ method: request.method ?? '', path, status, ms: Math.round(performance.now() - started) });
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer({ ...tls }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  server.on('error', (error) => options.onError?.(error));
  const { port: taken } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `${tls === undefined ? 'http' : 'https'}://${name}:${taken}`, close: () => close(server) };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A schema beyond this is none of use. */
const MAX_BODY_BYTES = 8 << 20;

async function answer(routes: Routes, { credentials = {}, onError }: ServeOptions, request: IncomingMessage): Promise<Answer> {
  try {
    if (!isAllowed(credentials, request.headers.authorization))
      return { ...failure(401, 'Unauthorized'), headers: { 'www-authenticate': 'Basic realm="schema registry"' } };
    const [path, query = ''] = (request.url ?? '/').split('?');
    const route = routeOf(routes, request.method ?? '', path);
    if (route === null) return failure(404, 'HTTP 404 Not Found');
    if ('allowed' in route) return { ...failure(405, 'HTTP 405 Method Not Allowed'), headers: { allow: route.allowed.join(', ') } };
    const text = await textOf(request);
    if (text === null) return failure(413, `The body is longer than ${MAX_BODY_BYTES} bytes`);
    let body: unknown;
    try {
      body = text === '' ? undefined : JSON.parse(text);
    } catch (error) {
      return failure(400, `The body is not JSON: ${(error as Error).message}`);
    }
    return { status: 200, body: await route.handler({ params: route.params, query: new URLSearchParams(query), body }) };
  } catch (error) {
    return refused(error, onError);
  }
}

function refused(error: unknown, onError: ServeOptions['onError']): Answer {
  if (error instanceof Refusal) return failure(Math.floor(error.errorCode / 100), error.message, error.errorCode);
  if (error instanceof IncompatibleSchema)
    return failure(409, `Schema being registered is incompatible with an earlier schema for subject "${error.subject}": ${error.messages.join('; ')}`); // prettier-ignore
  if (error instanceof RegistryError && error.code === 'invalid_schema') return failure(422, `Invalid schema: ${error.message}`, 42201);
  if (error instanceof RegistryError && error.code === 'refused') return failure(422, error.message, 42200);
  onError?.(error);
  return failure(500, error instanceof RegistryError ? error.message : 'Error in the backend data store', 50001);
}

function failure(status: number, message: string, code = status): Answer {
  return { status, body: { error_code: code, message } };
}

/** Null: it is too long. */
async function textOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown, headers: Answer['headers'] = {}): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/vnd.schemaregistry.v1+json',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(text);
}

/** Clients that keep their connection open must not keep us. */
const PATIENCE_MS = 2_000;

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), PATIENCE_MS);
  await closed;
  clearTimeout(timer);
}
