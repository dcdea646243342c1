/** The embedded registry over HTTP: the same contract as a registry server, Confluent's error codes, other clients, authentication, TLS. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import confluent from '@kafkajs/confluent-schema-registry';
import type { AvroSchema } from '@rta/dsl';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codecFor } from '../src/avro-codec.js';
import { confluentRegistry } from '../src/confluent.js';
import { embeddedRegistry } from '../src/embedded.js';
import { serveRegistry, type ServedRegistry, type ServeOptions } from '../src/server/serve.js';
import { registryContract } from './contract.js';

const root = mkdtempSync(join(tmpdir(), 'rta-serve-'));
const served: ServedRegistry[] = [];
const newDirectory = (): string => join(mkdtempSync(join(root, 'r-')), 'registry');

async function serve(more: Partial<ServeOptions> = {}): Promise<ServedRegistry> {
  const server = await serveRegistry({ directory: newDirectory(), port: 0, ...more });
  served.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(served.splice(0).map((each) => each.close()));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

registryContract('embedded, served', async () => confluentRegistry({ url: (await serve()).url }));

const record = (fields: readonly object[], more: object = {}): AvroSchema => ({ type: 'record', name: 'R', fields, ...more });
const x = { name: 'x', type: 'int' };
const y = { name: 'y', type: 'long' };

describe('the API', () => {
  let url: string;
  beforeEach(async () => {
    ({ url } = await serve());
  });

  /** Status and body of an answer. */
  async function ask(request: string, body?: unknown): Promise<[number, any]> {
    const [method, path] = request.split(' ');
    const response = await fetch(`${url}${path}`, { method, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) }); // prettier-ignore
    expect(response.headers.get('content-type')).toBe('application/vnd.schemaregistry.v1+json');
    return [response.status, await response.json()];
  }
  const register = (subject: string, schema: AvroSchema, more: object = {}): Promise<[number, any]> =>
    ask(`POST /subjects/${subject}/versions`, { schema: JSON.stringify(schema), ...more });
  const failure = (status: number, code: number): unknown => [status, { error_code: code, message: expect.any(String) }];

  test('what is asked for is answered as Confluent does', async () => {
    expect(await register('a', record([x]))).toEqual([200, { id: 1 }]);
    expect(await register('a', record([x, { ...y, default: 0 }]))).toEqual([200, { id: 2 }]);
    expect(await register('b', record([x]))).toEqual([200, { id: 1 }]);
    const text = JSON.stringify(record([x]));
    for (const [request, expected] of [
      ['GET /', {}],
      ['GET /schemas/types', ['AVRO']],
      ['GET /subjects', ['a', 'b']],
      ['GET /subjects?subjectPrefix=b', ['b']],
      ['GET /subjects/a/versions', [1, 2]],
      ['GET /subjects/a/versions/1', { subject: 'a', version: 1, id: 1, schema: text }],
      ['GET /subjects/b/versions/latest', { subject: 'b', version: 1, id: 1, schema: text }],
      ['GET /subjects/a/versions/1/schema', record([x])],
      ['GET /schemas/ids/1', { schema: text }],
      ['GET /schemas/ids/1/schema', record([x])],
      ['GET /schemas/ids/1/subjects', ['a', 'b']],
      ['GET /schemas/ids/2/versions', [{ subject: 'a', version: 2 }]],
      ['GET /config', { compatibilityLevel: 'BACKWARD' }],
      ['GET /config/a?defaultToGlobal=true', { compatibilityLevel: 'BACKWARD' }],
      ['GET /mode', { mode: 'READWRITE' }],
    ] as const)
      expect(await ask(request), request).toEqual([200, expected]);
    expect(await ask('POST /subjects/a', { schema: text })).toEqual([200, { subject: 'a', version: 1, id: 1, schema: text }]);
    expect((await ask('GET /schemas?latestOnly=true'))[1]).toMatchObject([{ subject: 'a', version: 2 }, { subject: 'b', version: 1 }]); // prettier-ignore
  });

  test('errors have Confluent’s codes', async () => {
    await register('a', record([x]));
    for (const [request, status, code, body] of [
      ['GET /subjects/nope/versions', 404, 40401],
      ['GET /subjects/a/versions/7', 404, 40402],
      ['GET /subjects/a/versions/first', 422, 42202],
      ['GET /subjects/a/versions/0', 422, 42202],
      ['GET /schemas/ids/9', 404, 40403],
      ['GET /schemas/ids/nine', 404, 40403],
      ['POST /subjects/a', 404, 40403, { schema: '"int"' }],
      ['POST /subjects/nope', 404, 40401, { schema: '"int"' }],
      ['GET /config/a', 404, 40408],
      ['GET /mode/a', 404, 40409],
      ['DELETE /subjects/nope', 404, 40401],
      ['DELETE /subjects/a?permanent=true', 404, 40405],
      ['DELETE /subjects/a/versions/1?permanent=true', 404, 40407],
      ['POST /subjects/a/versions', 422, 42201, { schema: '{"type":"nope"}' }],
      ['POST /subjects/a/versions', 422, 42201, { schema: '{' }],
      ['POST /subjects/a/versions', 422, 42201, {}],
      ['POST /subjects/a/versions', 422, 42201, { schema: 'syntax = "proto3";', schemaType: 'PROTOBUF' }],
      ['POST /subjects/a/versions', 422, 42205, { schema: '"int"', id: 7 }],
      ['POST /subjects/a/versions', 409, 409, { schema: JSON.stringify(record([x, y])) }],
      ['POST /subjects/a/versions', 400, 400, '{'],
      ['PUT /config/a', 422, 42203, { compatibility: 'SIDEWAYS' }],
      ['PUT /mode', 422, 42204, { mode: 'SLOW' }],
      ['GET /nothing/here', 404, 404],
      ['PATCH /subjects', 405, 405],
      ['POST /compatibility/subjects/a/versions/9', 404, 40402, { schema: '"int"' }],
    ] as const)
      expect(await ask(request, body), `${request} ${JSON.stringify(body)}`).toEqual(failure(status, code));
    expect((await ask('GET /subjects/a/versions'))[1]).toEqual([1]);
  });

  test('compatibility: with one version, or those that the level asks for; in words where they are wanted', async () => {
    await register('a', record([x]));
    await register('a', record([x, { ...y, default: 0 }]));
    const body = { schema: JSON.stringify(record([x, y])) };
    await ask('PUT /config/a', { compatibility: 'backward_transitive' });
    const at = 'POST /compatibility/subjects/a/versions';
    expect(await ask(`${at}/latest`, body)).toEqual([200, { is_compatible: true }]);
    expect(await ask(`${at}/1`, body)).toEqual([200, { is_compatible: false }]);
    expect((await ask(`${at}?verbose=true`, body))[1].messages).toEqual([
      'data of version 1 cannot be read: field `y` is not in the data and has no default in the reader; give it a default, or an alias if it was renamed',
    ]);
    expect(await ask('POST /compatibility/subjects/new/versions/latest', body)).toEqual([200, { is_compatible: true }]);
  });

  test('levels of all and of one', async () => {
    expect(await ask('PUT /config', { compatibility: 'FULL' })).toEqual([200, { compatibility: 'FULL' }]);
    expect(await ask('PUT /config/a', { compatibility: 'NONE' })).toEqual([200, { compatibility: 'NONE' }]);
    expect(await ask('GET /config/a')).toEqual([200, { compatibilityLevel: 'NONE' }]);
    expect(await ask('DELETE /config/a')).toEqual([200, { compatibilityLevel: 'NONE' }]);
    expect(await ask('GET /config/a?defaultToGlobal=true')).toEqual([200, { compatibilityLevel: 'FULL' }]);
    expect(await ask('DELETE /config')).toEqual([200, { compatibilityLevel: 'FULL' }]);
    expect(await ask('GET /config')).toEqual([200, { compatibilityLevel: 'BACKWARD' }]);
  });

  test('a deleted version can be read by number, until it is deleted for good; its id is not used again', async () => {
    await register('a', record([x]));
    await register('a', record([x, { ...y, default: 0 }]));
    expect(await ask('DELETE /subjects/a/versions/2')).toEqual([200, 2]);
    expect(await ask('DELETE /subjects/a/versions/2')).toEqual(failure(404, 40406));
    expect(await ask('GET /subjects/a/versions')).toEqual([200, [1]]);
    expect(await ask('GET /subjects/a/versions?deleted=true')).toEqual([200, [1, 2]]);
    expect(await ask('GET /subjects/a/versions/2')).toEqual(failure(404, 40402));
    expect((await ask('GET /subjects/a/versions/2?deleted=true'))[0]).toBe(200);
    expect((await ask('GET /schemas/ids/2'))[0]).toBe(200);
    // Its number stays taken.
    expect(await register('a', record([x, { ...y, default: 1 }]))).toEqual([200, { id: 3 }]);
    expect(await ask('GET /subjects/a/versions')).toEqual([200, [1, 3]]);
    expect(await ask('DELETE /subjects/a')).toEqual([200, [1, 3]]);
    expect(await ask('DELETE /subjects/a')).toEqual(failure(404, 40404));
    expect(await ask('GET /subjects')).toEqual([200, []]);
    expect(await ask('GET /subjects?deleted=true')).toEqual([200, ['a']]);
    expect(await ask('DELETE /subjects/a?permanent=true')).toEqual([200, [1, 2, 3]]);
    expect(await ask('GET /schemas/ids/2')).toEqual(failure(404, 40403));
    expect(await register('a', record([x]))).toEqual([200, { id: 4 }]);
  });

  test('references: by subject and version; what is referred to cannot be deleted', async () => {
    const tag = { type: 'enum', name: 'Tag', namespace: 't', symbols: ['X'] };
    const references = [{ name: 't.Tag', subject: 'tag', version: 1 }];
    const user = record([{ name: 'tag', type: 't.Tag' }], { name: 'User' });
    expect(await register('user', user, { references })).toEqual(failure(422, 42201));
    await register('tag', tag);
    expect(await register('user', user)).toEqual(failure(422, 42201));
    expect(await register('user', user, { references })).toEqual([200, { id: 2 }]);
    expect(await register('user', user, { references })).toEqual([200, { id: 2 }]);
    expect((await ask('GET /schemas/ids/2'))[1]).toEqual({ schema: JSON.stringify(user), references });
    expect(await ask('GET /subjects/tag/versions/1/referencedby')).toEqual([200, [2]]);
    expect(await ask('DELETE /subjects/tag')).toEqual(failure(422, 42206));
    expect(await ask('DELETE /subjects/tag/versions/1')).toEqual(failure(422, 42206));
    // A client gets it whole, and finds it so.
    const client = confluentRegistry({ url });
    const { schema } = (await client.latest('user'))!;
    expect(codecFor(schema).decode(codecFor(schema).encode({ tag: 'X' }))).toEqual({ tag: 'X' });
    expect(await client.lookup('user', schema)).toBe(2);
    expect((await client.check('user', record([{ name: 'tag', type: 'string' }], { name: 'User' }))).compatible).toBe(false);
  });

  test('a read-only registry, or subject, changes nothing', async () => {
    await register('a', record([x]));
    await ask('PUT /mode/a', { mode: 'READONLY' });
    expect(await register('a', record([]))).toEqual(failure(422, 42205));
    expect(await register('a', record([x]))).toEqual([200, { id: 1 }]);
    expect(await ask('DELETE /subjects/a')).toEqual(failure(422, 42205));
    expect((await register('b', record([x])))[0]).toBe(200);
    await ask('PUT /mode', { mode: 'READONLY_OVERRIDE' });
    expect(await register('c', record([x]))).toEqual(failure(422, 42205));
    expect(await ask('PUT /config', { compatibility: 'NONE' })).toEqual(failure(422, 42205));
    await ask('PUT /mode', { mode: 'READWRITE' });
    expect((await register('c', record([x])))[0]).toBe(200);
    expect(await ask('DELETE /mode/a')).toEqual([200, { mode: 'READONLY' }]);
    expect((await register('a', record([])))[0]).toBe(200);
  });

  test('@kafkajs/confluent-schema-registry registers, writes and reads', async () => {
    const client = new confluent.SchemaRegistry({ host: url });
    const { id } = await client.register({ type: confluent.SchemaType.AVRO, schema: JSON.stringify(record([x])) }, { subject: 'k-value' });
    const encoded = await client.encode(id, { x: 7 });
    expect(await new confluent.SchemaRegistry({ host: url }).decode(encoded)).toMatchObject({ x: 7 });
    expect(await client.getLatestSchemaId('k-value')).toBe(id);
  });
});

describe('who may', () => {
  const credentials = { users: new Map([['me', 'p:w']]), tokens: ['t0ken'] };

  test('users and tokens; nobody else, and no secret is shown', async () => {
    const { url } = await serve({ credentials });
    for (const auth of [{ username: 'me', password: 'p:w' }, { token: 't0ken' }])
      expect(await confluentRegistry({ url, auth }).subjects()).toEqual([]);
    for (const auth of [{ username: 'me', password: 'no' }, { username: 'you', password: '' }, { token: 't0ke' }, undefined]) {
      const error = await confluentRegistry({ url, retries: 0, ...(auth === undefined ? {} : { auth }) }).subjects().then(() => null, (reason: unknown) => reason as Error); // prettier-ignore
      expect(error).toMatchObject({ code: 'unauthorized' });
      expect(error!.message).not.toMatch(/p:w|t0ken/);
    }
  });

  test('TLS', async () => {
    const [key, cert] = [join(root, 'key.pem'), join(root, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' }); // prettier-ignore
    const { url } = await serve({ credentials, tls: { key: readFileSync(key), cert: readFileSync(cert) } });
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const options = { url, auth: { token: 't0ken' }, retries: 0 };
    expect(await confluentRegistry({ ...options, tls: { ca: readFileSync(cert) } }).subjects()).toEqual([]);
    await expect(confluentRegistry(options).subjects()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the directory', () => {
  test('is that of other processes too', async () => {
    const directory = newDirectory();
    const { url } = await serve({ directory });
    const beside = embeddedRegistry(directory);
    const id = await beside.register('a', record([x]));
    expect(await confluentRegistry({ url }).latest('a')).toMatchObject({ id, version: 1 });
    await fetch(`${url}/subjects/a`, { method: 'DELETE' });
    expect(await beside.latest('a')).toBeNull();
  });

  test('that cannot be used: 500, and the reason is told', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    const errors: unknown[] = [];
    const { url } = await serve({ directory: file, onError: (error) => errors.push(error) });
    const response = await fetch(`${url}/subjects`);
    expect(response.status).toBe(500);
    expect(((await response.json()) as { error_code: number }).error_code).toBe(50001);
    expect(errors).toMatchObject([{ code: 'unavailable' }]);
  });

  test('of the first format is read', async () => {
    const directory = newDirectory();
    mkdirSync(directory, { recursive: true });
    const body = JSON.stringify({ format: 1, compatibility: 'FULL', schemas: ['int', 'long'], subjects: { a: { versions: [1, 2], compatibility: 'NONE' } } }); // prettier-ignore
    writeFileSync(join(directory, 'registry.3.json'), `${createHash('sha256').update(body).digest('hex')}\n${body}\n`);
    const registry = embeddedRegistry(directory);
    expect(await registry.versions('a')).toEqual([1, 2]);
    expect(await registry.compatibility('b')).toBe('FULL');
    expect(await registry.register('a', 'string')).toBe(3);
    expect(await registry.latest('a')).toEqual({ subject: 'a', version: 3, id: 3, schema: 'string' });
  });
});
