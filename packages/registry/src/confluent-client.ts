import type ApiModule from '@kafkajs/confluent-schema-registry/dist/api/index.js';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions } from 'node:https';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainRequest, type HttpAnswer } from './plain-http.js';
import { RegistryError, RegistryUnavailable } from './registry.js';

export type Api = ReturnType<typeof ApiModule.default>;

/** Of the server. */
export interface ClientSettings {
  /** Its address, without credentials and without a slash at the end. */
  readonly host: string;
  readonly auth?: { readonly username: string; readonly password: string };
  readonly bearer?: string;
  readonly tls?: Pick<AgentOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized' | 'servername'>;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly retryMs: number;
}

/** A request that may be sent twice: all of the registry's that are used here. */
export interface RegistryRequest {
  /** For messages: "asking for schema 7". */
  readonly what: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** The same by the library, where it has it. */
  readonly library?: (api: Api) => unknown;
}

/** The registry does not have it. */
export const NOT_FOUND = Symbol('not found');

/** 409, with what the registry says. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/**
 * Asks a registry, first through the API client of @kafkajs/confluent-schema-registry. Where that fails, or does not know the request, the
 * request is sent plainly: the library reports a refused connection as status 400, drops the registry's error code (by which a 404 of
 * the registry is told from one of a proxy) and waits for ever on a connection that breaks within an answer; and whether an id is
 * unknown or the registry is away decides over dead letters (SEMANTICS rule 26).
 */
export class ConfluentClient {
  readonly #settings: ClientSettings;
  readonly #agent: HttpAgent;
  readonly #api: Api;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    const secure = settings.host.startsWith('https:');
    this.#agent = secure ? new HttpsAgent({ keepAlive: true, ...settings.tls }) : new HttpAgent({ keepAlive: true });
    // Its API client alone: the package's entry loads ajv and protobufjs for 100 ms. CommonJS, whose default each loader wraps in its own way.
    const { default: createApi } = createRequire(import.meta.url)('@kafkajs/confluent-schema-registry/dist/api') as typeof ApiModule;
    this.#api = createApi({
      host: settings.host,
      agent: this.#agent,
      retry: { retries: 0 },
      middlewares: [
        () => ({
          prepareRequest: async (next) => (await next()).enhance({ timeout: settings.timeoutMs, headers: this.#headers() }),
          response: (next) => next(),
        }),
      ],
    });
  }

  /** The answer's JSON, or NOT_FOUND. Asks a bounded number of times. Rejects with RegistryError, or with Conflict. */
  async ask(request: RegistryRequest): Promise<unknown> {
    const { library } = request;
    if (library !== undefined) {
      const data = await this.#byLibrary(library);
      if (data !== null) return data;
    }
    const { retries, retryMs, host } = this.#settings;
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#plainly(request);
      if (!(answer instanceof Error) && !saysLater(answer.status))
        return read(answer, `${request.what}: the schema registry at ${host}`, request.method);
      if (attempt >= retries) {
        const said = answer instanceof Error ? `was not reached (${reasonOf(answer)})` : `answered ${answer.status}${textOf(answer)}`;
        throw new RegistryUnavailable(
          `${request.what}: the schema registry at ${host} ${said}`,
          answer instanceof Error ? { cause: answer, help: helpOf(answer) } : {},
        );
      }
      // Twice as long each time, a quarter of it by chance so that clients do not come back all at once.
      await sleep(Math.min(retryMs * 2 ** attempt, MAX_RETRY_MS) * (0.75 + Math.random() / 4));
    }
  }

  /** Null: it failed, for whatever reason. */
  async #byLibrary(request: (api: Api) => unknown): Promise<unknown> {
    const over = new AbortController();
    const deadline = sleep(this.#settings.timeoutMs, null, { signal: over.signal }).catch(() => null);
    const answered = (request(this.#api) as Promise<{ data(): unknown }>).then(
      (response) => response.data(),
      () => null,
    );
    try {
      const data = await Promise.race([answered, deadline]);
      return typeof data === 'object' ? data : null;
    } finally {
      over.abort();
    }
  }

  async #plainly({ method = 'GET', path, body }: RegistryRequest): Promise<HttpAnswer | Error> {
    const { host, timeoutMs } = this.#settings;
    try {
      return await plainRequest(method, `${host}${path}`, { body, headers: this.#headers(), agent: this.#agent, timeoutMs });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #headers(): Record<string, string> {
    const { auth, bearer } = this.#settings;
    if (bearer !== undefined) return { Authorization: `Bearer ${bearer}` };
    if (auth === undefined) return {};
    return { Authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}` };
  }
}

const MAX_RETRY_MS = 5_000;

function saysLater(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** @param who begins each message */
function read(answer: HttpAnswer, who: string, method: RegistryRequest['method']): unknown {
  const { status, body } = answer;
  if (status >= 200 && status < 300) {
    // What is deleted is answered with a number, or with nothing.
    if (method !== 'DELETE' && (typeof body !== 'object' || body === null))
      throw new RegistryError('refused', `${who} did not answer with a JSON object: is it one?`);
    return body;
  }
  const code = codeOf(answer);
  const said = `${who} answered ${status}${textOf(answer)}`;
  // 40401 subject, 40402 version, 40403 schema, 40408 level. A bare 404 is of something else at that address.
  if (status === 404 && code > 40_400 && code < 40_500) return NOT_FOUND;
  if (status === 404) throw new RegistryError('refused', `${said}; is that the address of a schema registry?`);
  if (status === 401 || status === 403)
    throw new RegistryError('unauthorized', said, {
      help: `${status === 401 ? 'say who you are' : 'this one may not do that'}: \`token\`, or \`username\` and \`password\`, under \`registry:\` of rta.yaml`,
    });
  if (status === 409) throw new Conflict(textOf(answer).replace(/^: /, ''));
  if (status === 422 && code !== 42_202 && code !== 42_203) throw new RegistryError('invalid_schema', said);
  throw new RegistryError('refused', said);
}

function codeOf({ body }: HttpAnswer): number {
  const code = (body as { error_code?: unknown } | null)?.error_code;
  return typeof code === 'number' ? code : 0;
}

function textOf({ body }: HttpAnswer): string {
  const message = (body as { message?: unknown } | null)?.message;
  return typeof message === 'string' && message !== '' ? `: ${message}` : '';
}

/** Of several addresses of one name (`AggregateError`) the first says enough. */
function firstOf(error: Error): Error {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  return first instanceof Error ? first : error;
}

function reasonOf(error: Error): string {
  return firstOf(error).message;
}

const UNKNOWN_AUTHORITY: readonly unknown[] = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/** What may be the matter. */
function helpOf(error: Error): string | undefined {
  const { code } = firstOf(error) as { readonly code?: unknown };
  if (UNKNOWN_AUTHORITY.includes(code))
    return 'its certificate is of no authority that is known here: name the certificate of that with `ca` under `registry:` of rta.yaml';
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND')
    return 'is it running there? --registry, SCHEMA_REGISTRY_URL or `registry:` of rta.yaml say where it is';
  if (code === 'ECONNRESET') return 'does it speak HTTPS there, or HTTP?';
  return undefined;
}
