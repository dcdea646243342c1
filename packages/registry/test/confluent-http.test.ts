/** How the client takes what a server may answer: a server over plain HTTP or TLS that says what each test wants. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codecFor } from '../src/avro-codec.js';
import { confluentRegistry, type ConfluentOptions } from '../src/confluent.js';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server;
let answer: Answer;
let requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
let url: string;

const listener: RequestListener = (request, response) => {
  let body = '';
  request.on('data', (data: Buffer) => (body += data.toString()));
  request.on('end', () => {
    requests.push({ method: request.method!, url: request.url!, headers: request.headers, body });
    answer(request, response, body);
  });
};

const listen = (each: Server): Promise<void> => new Promise((resolve) => each.listen(0, '127.0.0.1', resolve));
const portOf = (each: Server): number => (each.address() as AddressInfo).port;

beforeEach(async () => {
  requests = [];
  server = createServer(listener);
  await listen(server);
  url = `http://127.0.0.1:${portOf(server)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const json = (status: number, body: unknown): Answer => {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(JSON.stringify(body));
  };
};
const registry = (more: Partial<ConfluentOptions> = {}): ReturnType<typeof confluentRegistry> =>
  confluentRegistry({ url, retries: 2, retryMs: 5, timeoutMs: 300, ...more });

/** One through the library, then the plain one and its retries. */
const ATTEMPTS = 4;

describe('answers', () => {
  test('404 with the registry’s code is null; any other 404 is not', async () => {
    answer = json(404, { error_code: 40403, message: 'Schema not found' });
    expect(await registry().byId(7)).toBeNull();
    for (const body of [{ error_code: 404, message: 'HTTP 404 Not Found' }, {}, 'no such page']) {
      answer = json(404, body);
      await expect(registry().byId(7)).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining('is that the address of a schema registry?'),
      });
    }
    answer = (_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>');
    };
    await expect(registry().byId(7)).rejects.toMatchObject({ code: 'refused' });
  });

  test('without a level any schema is compatible, whatever the registry says of it', async () => {
    answer = (request, response, body) => {
      const { url = '' } = request;
      if (url.startsWith('/config/')) json(200, { compatibilityLevel: 'NONE' })(request, response, body);
      else if (url.includes('/compatibility/')) json(200, { is_compatible: false })(request, response, body);
      else json(404, { error_code: 40403, message: '' })(request, response, body);
    };
    expect(await registry().check('a-value', 'int')).toEqual({ compatible: true, messages: [] });
  });

  test('an unknown id is asked for again, a known one is not', async () => {
    const client = registry();
    answer = json(404, { error_code: 40403, message: '' });
    expect(await client.byId(7)).toBeNull();
    answer = json(200, { schema: '"int"' });
    expect(await client.byId(7)).toEqual({ id: 7, schema: 'int' });
    expect(await client.byId(7)).toEqual({ id: 7, schema: 'int' });
    expect(requests.length).toBe(3); // the first 404 comes without its code through the library
  });

  test('asked for at once, an id is asked for once', async () => {
    answer = (...args) => setTimeout(() => json(200, { schema: '"int"' })(...args), 20);
    const client = registry();
    await Promise.all([client.byId(1), client.byId(1), client.byId(1)]);
    expect(requests.length).toBe(1);
  });

  test.each([500, 502, 503, 429, 408])('%d: tried again, a bounded number of times, then unavailable', async (status) => {
    answer = json(status, { error_code: 50001, message: 'not now' });
    await expect(registry().byId(1)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(`answered ${status}`) });
    expect(requests.length).toBe(ATTEMPTS);
  });

  test('5xx once, then an answer', async () => {
    answer = (...args) => (requests.length < 3 ? json(503, {}) : json(200, { id: 5 }))(...args);
    expect(await registry().lookup('a-value', 'int')).toBe(5);
  });

  test('401 and 403 are not tried again and show no secret', async () => {
    for (const status of [401, 403]) {
      requests = [];
      answer = json(status, { error_code: status, message: 'Unauthorized' });
      const error = await registry({ auth: { username: 'me', password: 'hush' } }).subjects().then(() => null, (reason: unknown) => reason as Error); // prettier-ignore
      expect(error).toMatchObject({ code: 'unauthorized' });
      expect(error!.message).not.toContain('hush');
      expect(requests.length).toBe(2);
    }
  });

  test('422: an invalid schema', async () => {
    answer = json(422, { error_code: 42201, message: 'Input schema is an invalid Avro schema' });
    await expect(registry().register('a-value', 'int')).rejects.toMatchObject({ code: 'invalid_schema' });
  });

  test('409: incompatible, in our words or in theirs', async () => {
    answer = (request, response, body) => {
      const path = request.url!;
      if (request.method === 'POST' && path.endsWith('/versions'))
        json(409, { error_code: 409, message: 'their words' })(request, response, body);
      else if (path.startsWith('/config')) json(200, { compatibilityLevel: 'BACKWARD' })(request, response, body);
      else if (request.method === 'POST' || path.endsWith('/latest'))
        json(404, { error_code: 40403, message: '' })(request, response, body);
      else if (path.endsWith('/versions')) json(200, [1])(request, response, body);
      else json(200, { subject: 'a-value', version: 1, id: 1, schema: '"string"' })(request, response, body);
    };
    await expect(registry().register('a-value', 'int')).rejects.toMatchObject({
      name: 'IncompatibleSchema',
      messages: ['data of version 1 cannot be read: the schema is string in the data and int in the reader; keep string or read it as bytes; or add a field of another name'], // prettier-ignore
    });
    await expect(registry().register('a-value', 'string')).rejects.toMatchObject({ messages: ['their words'] });
  });

  test('an answer that is no JSON, or without what was asked for', async () => {
    for (const body of ['<html>hello</html>', '', '17', '{"schema": "{"}', '{}']) {
      answer = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end(body);
      };
      await expect(registry().byId(1)).rejects.toMatchObject({ code: 'refused' });
    }
  });

  test('a schema that is not Avro is no Avro schema of that id', async () => {
    answer = json(200, { schemaType: 'PROTOBUF', schema: 'syntax = "proto3";' });
    expect(await registry().byId(1)).toBeNull();
  });

  test('references are written into the schema', async () => {
    const answers: Record<string, unknown> = {
      '/schemas/ids/1': {
        schema: JSON.stringify({ type: 'record', name: 'Order', namespace: 'a', fields: [{ name: 'by', type: 'b.User' }, { name: 'for', type: ['null', 'b.User'] }] }), // prettier-ignore
        references: [{ name: 'b.User', subject: 'user', version: 3 }],
      },
      '/subjects/user/versions/3': {
        schema: JSON.stringify({ type: 'record', name: 'User', namespace: 'b', fields: [{ name: 'tag', type: 'Tag' }] }),
        references: [{ name: 'Tag', subject: 'tag', version: 1 }],
      },
      '/subjects/tag/versions/1': { schema: JSON.stringify({ type: 'enum', name: 'Tag', symbols: ['X'] }) },
    };
    answer = (request, ...rest) => json(200, answers[request.url!])(request, ...rest);
    const { schema } = (await registry().byId(1))!;
    const value = { by: { tag: 'X' }, for: { tag: 'X' } };
    expect(codecFor(schema).decode(codecFor(schema).encode(value))).toEqual(value);
  });
});

describe('no answer', () => {
  test('nobody listens', async () => {
    const gone = createServer();
    await listen(gone);
    const port = portOf(gone);
    await new Promise((resolve) => gone.close(resolve));
    await expect(registry({ url: `http://127.0.0.1:${port}` }).byId(1)).rejects.toMatchObject({ name: 'RegistryUnavailable', message: expect.stringContaining('ECONNREFUSED') }); // prettier-ignore
  });

  test('a name that nobody knows', async () => {
    await expect(registry({ url: 'http://registry.invalid:8081', retries: 0, timeoutMs: 5_000 }).byId(1)).rejects.toMatchObject({ code: 'unavailable' }); // prettier-ignore
  });

  test('silence', async () => {
    answer = () => undefined;
    const started = performance.now();
    await expect(registry({ retries: 1, timeoutMs: 100 }).byId(1)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('100') }); // prettier-ignore
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('an answer that breaks off', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"schema": "');
      setTimeout(() => response.destroy(), 10);
    };
    await expect(registry({ timeoutMs: 200 }).byId(1)).rejects.toMatchObject({ code: 'unavailable' });
    expect(requests.length).toBe(ATTEMPTS);
  });

  test('a connection that is reset', async () => {
    answer = (request) => request.socket.resetAndDestroy();
    await expect(registry().byId(1)).rejects.toMatchObject({ code: 'unavailable' });
    expect(requests.length).toBe(ATTEMPTS);
  });
});

describe('what is sent', () => {
  test('basic authentication from options or the address, which then is shown without', async () => {
    answer = json(200, []);
    const expected = `Basic ${Buffer.from('me:p@ss:word').toString('base64')}`;
    await registry({ auth: { username: 'me', password: 'p@ss:word' } }).subjects();
    const byAddress = registry({ url: url.replace('http://', 'http://me:p%40ss%3Aword@') });
    await byAddress.subjects();
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([expected, expected]);
    expect(byAddress.location).toBe(url);
  });

  test('a token', async () => {
    answer = json(200, []);
    await registry({ auth: { token: 'abc' } }).subjects();
    expect(requests[0].headers.authorization).toBe('Bearer abc');
  });

  test('the path of the address, subjects as one part of it, schemas as text', async () => {
    answer = json(200, { id: 3 });
    await registry({ url: `${url}/apis/ccompat/v7/` }).lookup('a/b ?-value', { type: 'int' });
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/apis/ccompat/v7/subjects/a%2Fb%20%3F-value', body: JSON.stringify({ schema: '{"type":"int"}' }) }); // prettier-ignore
  });

  test('an address that is none', () => {
    expect(() => registry({ url: 'localhost:8081' })).toThrow('not with http: or https:');
    expect(() => registry({ url: 'registry' })).toThrow('not a URL');
  });
});

describe('TLS', () => {
  test('trusts the authority it is told to, and nobody else', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'rta-tls-'));
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'], { stdio: 'ignore' }); // prettier-ignore
    const secure = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, listener);
    await listen(secure);
    answer = json(200, ['a-value']);
    const address = `https://localhost:${portOf(secure)}`;
    expect(await registry({ url: address, tls: { ca: readFileSync(cert) } }).subjects()).toEqual(['a-value']);
    await expect(registry({ url: address, retries: 0 }).subjects()).rejects.toMatchObject({ code: 'unavailable' });
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
    rmSync(dir, { recursive: true });
  });
});
