/**
 * A Java client of Confluent's API (Spring's: Confluent's own is not in Maven Central) on `rta registry`: it registers and reads, and what each
 * side writes with Avro the other decodes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codecFor, embeddedRegistry, frame, serveRegistry, unframe } from '@rta/registry';
import { missingFor, type ProgramSource } from '@rta/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersOf } from './java-driver.js';

const CLIENT: ProgramSource = {
  name: 'Confluent API client',
  artifacts: [
    'org.springframework.cloud:spring-cloud-schema-registry-client:1.1.5',
    'org.springframework:spring-web:5.3.39',
    'com.fasterxml.jackson.core:jackson-databind:2.17.2',
    'org.apache.avro:avro:1.12.0',
  ],
  directory: import.meta.dirname,
  files: ['ConfluentClient.java'],
  options: ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dlogging.level.root=warn'],
};
const missing = missingFor(CLIENT);
if (missing.length > 0) process.stderr.write(`\nLEFT OUT: a Java client on the embedded registry. ${missing.join('. ')}\n\n`);

interface Answer {
  readonly id?: number;
  readonly version?: number;
  readonly schema?: string;
  readonly datum?: string;
  readonly frame?: string;
  readonly error?: string;
}

const SCORE = {
  type: 'record',
  name: 'Score',
  namespace: 'rta.test',
  fields: [
    { name: 'user', type: 'string' },
    { name: 'points', type: 'long' },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
};
const [OLD, WRONG] = [
  { ...SCORE, fields: SCORE.fields.slice(0, 2) },
  { ...SCORE, fields: [...SCORE.fields, { name: 'more', type: 'int' }] },
];

describe.skipIf(missing.length > 0)('a Java client of Confluent’s API on the embedded registry', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rta-peers-'));
  let server: Awaited<ReturnType<typeof serveRegistry>>;
  beforeAll(async () => {
    server = await serveRegistry({ directory, port: 0 });
  });
  afterAll(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('registers versions, is told of those that do not fit, and both sides decode what the other has written', async () => {
    const registry = embeddedRegistry(directory);
    const ours = await registry.register('ours-value', SCORE);
    const written = frame(ours, codecFor(SCORE).encode({ user: 'ann', points: 7n, note: 'first' })).toString('base64');
    const [subject, other] = ['theirs-value', 'a b-value'];
    const answers = await answersOf<Answer>(
      CLIENT,
      [
        { op: 'register', subject, schema: JSON.stringify(OLD) },
        { op: 'register', subject, schema: JSON.stringify(SCORE) },
        { op: 'register', subject, schema: JSON.stringify(WRONG) },
        { op: 'version', subject, version: 1 },
        { op: 'version', subject, version: 9 },
        { op: 'id', id: ours },
        { op: 'id', id: 99 },
        { op: 'decode', frame: written },
        { op: 'encode', subject: other, schema: JSON.stringify(SCORE), datum: '{"user": "bob", "points": 4, "note": {"string": "ünï"}}' },
      ].map((question) => ({ registry: server.url, ...question })),
    );
    const [first, second, refused, old, none, byId, unknown, decoded, encoded] = answers;
    expect([first, second]).toEqual([
      { id: expect.any(Number) as number, version: 1 },
      { id: ours, version: 2 },
    ]);
    expect(refused.error).toContain('409');
    expect(JSON.parse(old.schema ?? '')).toEqual(OLD);
    expect(none.error).toMatch(/could not find|not found|404/i);
    expect(JSON.parse(byId.schema ?? '')).toEqual(SCORE);
    expect(unknown.error).toMatch(/could not find|not found|404/i);
    expect(JSON.parse(decoded.datum ?? '')).toEqual({ user: 'ann', points: 7, note: 'first' });
    const { id, data } = unframe(Buffer.from(encoded.frame ?? '', 'base64'))!;
    expect(codecFor((await registry.byId(id))!.schema).decode(data)).toEqual({ user: 'bob', points: 4, note: 'ünï' });
    expect(await registry.subjects()).toEqual(['a b-value', 'ours-value', 'theirs-value']);
  });
});
