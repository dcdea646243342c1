/** `rta schema …` against the embedded registry, and against a server that asks who one is. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedRegistry, serveRegistry } from '@rta/registry';
import { beforeEach, describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory, type RtaResult } from './support/cli.js';

const SOURCES = `sources:
  scores: { topic: scores, schema: score }
  teams: { topic: teams, schema: team }
`;
const score = (fields: string): string => `{
  "type": "record", "name": "Score",
  "fields": [
    { "name": "user", "type": "string" }${fields}
  ]
}
`;
const TEAM = '{ "type": "record", "name": "Team", "fields": [{ "name": "id", "type": "string" }] }';

let cwd: string;
const write = (name: string, text: string): void => {
  mkdirSync(join(cwd, 'schemas'), { recursive: true });
  writeFileSync(join(cwd, name), text);
};
const schema = (...args: string[]): Promise<RtaResult> => rta(['schema', ...args], { cwd });
const registry = (): ReturnType<typeof embeddedRegistry> => embeddedRegistry(join(cwd, '.rta/registry'));

beforeEach(() => {
  cwd = temporaryDirectory();
  write('rta.yaml', SOURCES);
  write('schemas/score.avsc', score(''));
  write('schemas/team.avsc', TEAM);
});

describe('rta schema check', () => {
  it('says of each file what would happen under each subject, and changes nothing', async () => {
    write('schemas/unused.avsc', '"string"');
    expect(await schema('check')).toEqual({
      code: 0,
      stdout: '✓ schemas/unused.avsc: no topic has it\n✓ schemas/score.avsc: scores-value: would be its first version\n✓ schemas/team.avsc: teams-value: would be its first version\n', // prettier-ignore
      stderr: '',
    });
    expect(await registry().subjects()).toEqual([]);
    await schema('register');
    write('schemas/score.avsc', score(', { "name": "at", "type": ["null", "long"], "default": null }'));
    expect((await schema('check', 'schemas/score.avsc')).stdout).toBe('✓ schemas/score.avsc: scores-value: may follow version 1 (BACKWARD)\n'); // prettier-ignore
    expect((await schema('check', 'schemas/team.avsc')).stdout).toBe('✓ schemas/team.avsc: teams-value: registered, id 2\n');
  });

  it('names field, place, rule, version and fix of what is not compatible', async () => {
    await schema('register');
    write('schemas/score.avsc', score(',\n    { "name": "at", "type": "long" }'));
    const { code, stdout, stderr } = await schema('check');
    expect(code).toBe(1);
    expect(stdout).toContain('✗ schemas/score.avsc: scores-value: may not follow version 1 (BACKWARD)\n');
    expect(stderr).toContain(
      'schemas/score.avsc:5:15: error missing_default: scores-value is BACKWARD: data of version 1 cannot be read: field `at` is not in the data',
    );
    expect(stderr).toContain('help: give it a default, or an alias if it was renamed\n');
    const json = ndjson((await schema('check', '--json')).stdout);
    expect(json[1]).toMatchObject({ diagnostic: { code: 'missing_default', path: 'schemas/score.avsc', start: { line: 5, column: 15 } } });
    expect(json[2]).toMatchObject({ subject: 'scores-value', decision: 'incompatible', level: 'BACKWARD', latest: 1, ok: false });
  });

  it('finds fields in types within types, unions and arrays', async () => {
    const nested = (type: string): string => score(`,
    { "name": "items", "type": ["null", { "type": "array", "items": { "type": "record", "name": "Item", "fields": [
      { "name": "n", "type": "${type}" }
    ] } }], "default": null }, { "name": "last", "type": ["null", "Item"], "default": null }`); // prettier-ignore
    write('schemas/score.avsc', nested('int'));
    await schema('register');
    write('schemas/score.avsc', nested('boolean'));
    const { stderr } = await schema('check');
    expect(stderr).toMatch(/score\.avsc:6:17: error type: .*field `items\[\]\.n` is int in the data and boolean in the reader/);
    expect(stderr).toMatch(/score\.avsc:6:17|score\.avsc:7:\d+: error type: .*`last`/);
  });

  it('checks schemas without a registry: JSON, names, defaults', async () => {
    write('schemas/score.avsc', '{ "type": "record", }');
    write('schemas/team.avsc', score(',\n    { "name": "n", "type": "int", "default": "x" }'));
    write('schemas/late.avsc', score(',\n    { "name": "n", "type": ["int", "null"], "default": null }').replace('Score', 'Late'));
    const { code, stdout, stderr } = await schema('check', '--offline', '--registry', 'http://127.0.0.1:9');
    expect(code).toBe(1);
    expect(stdout).toBe('✓ schemas/late.avsc: a schema\n✗ schemas/score.avsc\n✗ schemas/team.avsc\n');
    expect(stderr).toContain('schemas/score.avsc:1:21: error not_json');
    expect(stderr).toContain('schemas/team.avsc:5:15: error invalid_schema: field `n` has the default "x", which is not an int');
    expect(stderr).toContain('schemas/late.avsc:5:15: warning later_default');
    expect((await schema('check', 'schemas/late.avsc', '--offline')).code).toBe(0);
  });

  it('says where a file is no JSON also where a pipeline has it, and what a type may have been meant to be', async () => {
    write('schemas/score.avsc', '{\n  "type": "record",\n}');
    write('p.yaml', 'pipeline: p\nsource: { topic: scores, schema: score }\nsteps:\n  - filter: true\nsink: { topic: out }\n');
    expect((await schema('check')).stderr).toContain('schemas/score.avsc:3:1: error not_json');
    expect((await rta(['check', 'p.yaml'], { cwd })).stderr).toMatch(/^error invalid_schema: schemas\/score\.avsc:3:1: not JSON: /);
    write('schemas/score.avsc', score(', { "name": "n", "type": "strnig" }'));
    expect((await schema('check', '--offline')).stderr).toMatch(
      /the type `strnig`, which is not defined\n[^]*\nhelp: did you mean `string`\?\n/,
    );
  });

  it('takes types from the files beside, and a subject for one file', async () => {
    write('schemas/team.avsc', TEAM.replace('"string"', '"Score"'));
    expect((await schema('check', 'schemas/team.avsc', '--subject', 'x-value')).stdout).toBe('✓ schemas/team.avsc: x-value: would be its first version\n'); // prettier-ignore
    expect((await schema('check', '--subject', 'x-value')).code).toBe(2);
    expect((await schema('check', 'schemas/nope.avsc')).code).toBe(2);
  });
});

describe('rta schema register', () => {
  it('registers all or nothing', async () => {
    expect((await schema('register')).stdout).toBe('✓ schemas/score.avsc: scores-value: registered, id 1\n✓ schemas/team.avsc: teams-value: registered, id 2\n'); // prettier-ignore
    write('schemas/score.avsc', score(', { "name": "at", "type": "long", "default": 0 }'));
    write('schemas/team.avsc', TEAM.replace('"string"', '"int"'));
    const { code, stderr } = await schema('register');
    expect(code).toBe(1);
    expect(stderr).toContain('error refused: nothing is registered');
    expect(await registry().versions('scores-value')).toEqual([1]);
    write('schemas/team.avsc', TEAM);
    expect((await schema('register')).stdout).toBe('✓ schemas/score.avsc: scores-value: registered, id 3\n✓ schemas/team.avsc: teams-value: registered already, id 2\n'); // prettier-ignore
    write('other.avsc', '"int"');
    expect((await schema('register', 'other.avsc')).stderr).toContain('no topic has this schema');
    expect((await schema('register', 'other.avsc', '--subject', 'n-value')).code).toBe(0);
  });

  it('a registry that is away: nothing, and so it says', async () => {
    const { code, stderr } = await schema('register', '--registry', 'http://127.0.0.1:9');
    expect(code).toBe(69);
    expect(stderr).toContain('error unavailable');
  });
});

describe('rta schema ls, diff, pull, compat', () => {
  beforeEach(async () => {
    await schema('register');
    write('schemas/score.avsc', score(', { "name": "at", "type": "long", "default": 0 }'));
    await schema('register');
  });

  it('lists', async () => {
    expect((await schema('ls')).stdout).toBe('SUBJECT       LEVEL     VERSIONS\nscores-value  BACKWARD  1 (id 1), 2 (id 3)\nteams-value   BACKWARD  1 (id 2)\n'); // prettier-ignore
    expect(ndjson((await schema('ls', 'teams-value', '--json')).stdout)[1]).toEqual({ subject: 'teams-value', versions: [{ version: 1, id: 2 }], level: 'BACKWARD' }); // prettier-ignore
    expect(await schema('ls', 'team-value')).toMatchObject({ code: 1, stderr: expect.stringContaining('did you mean teams-value?') });
  });

  it('compares versions, subjects and files, in both directions', async () => {
    const both =
      '+ at  long, default 0\n✓ BACKWARD: the new one reads data of the old one\n✓ FORWARD: the old one reads data of the new one\n';
    expect((await schema('diff', 'scores-value')).stdout).toBe(`scores-value@1 → scores-value@2\n${both}`);
    expect((await schema('diff', 'scores-value@1', 'schemas/score.avsc')).stdout).toBe(`scores-value@1 → schemas/score.avsc\n${both}`);
    const { stdout } = await schema('diff', 'scores-value', 'teams-value', '--json');
    expect(ndjson(stdout).at(-1)).toMatchObject({ from: 'scores-value@2', to: 'teams-value@1', backward: { compatible: false } });
    expect(await schema('diff', 'scores-value@9', 'teams-value')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('it has 1, 2'),
    });
    expect((await schema('diff', 'teams-value')).stderr).toContain('has one version only');
  });

  it('pulls, and writes over nothing that differs', async () => {
    expect((await schema('pull', 'scores-value', 'teams-value', '--out', 'got')).stdout).toBe('got/scores.avsc: scores-value version 2\ngot/teams.avsc: teams-value version 1\n'); // prettier-ignore
    expect(JSON.parse(readFileSync(join(cwd, 'got/teams.avsc'), 'utf8'))).toEqual(JSON.parse(TEAM));
    expect((await schema('pull', 'teams-value', '--out', 'got')).stdout).toBe('got/teams.avsc: teams-value version 1, unchanged\n');
    write('got/teams.avsc', '"int"');
    expect(await schema('pull', 'teams-value', '--out', 'got')).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    expect((await schema('pull', 'teams-value', '--out', 'got', '--force')).code).toBe(0);
  });

  it('keeps types of other files as references, and pulls them into files of their own', async () => {
    write('rta.yaml', 'sources: { shops: { topic: shops, schema: shop } }');
    const printed = ({ stdout }: RtaResult): string => stdout.replace(/id \d+/g, 'id #');
    write(
      'schemas/shop.avsc',
      '{ "type": "record", "name": "Shop", "namespace": "shop", "fields": [{ "name": "in", "type": ["null", "City"] }] }',
    );
    write('schemas/city.avsc', '{ "type": "enum", "name": "City", "namespace": "shop", "symbols": ["BRNO", "WIEN"] }');
    const files = ['shop', 'city'].map((name) => readFileSync(join(cwd, `schemas/${name}.avsc`), 'utf8'));
    const registered = await schema('register', '--references', 'schemas/shop.avsc');
    expect(printed(registered)).toBe(
      '✓ schemas/city.avsc: shop.City: registered, id #\n✓ schemas/shop.avsc: shops-value: registered, id #\n',
    );
    expect(await registry().unresolved('shops-value', 'latest')).toMatchObject({
      version: 1,
      references: [{ name: 'shop.City', subject: 'shop.City', version: 1 }],
    });
    expect(printed(await schema('register', '--references', 'schemas/shop.avsc'))).toContain('shops-value: registered already, id #\n');
    expect(printed(await schema('check', 'schemas/shop.avsc'))).toBe('✓ schemas/shop.avsc: shops-value: registered, id #\n');
    const pulled = await schema('pull', 'shops-value', '--references', '--out', 'other/schemas');
    expect({ code: pulled.code, stdout: pulled.stdout }).toEqual({
      code: 0,
      stdout: 'other/schemas/shop_City.avsc: shop.City version 1\nother/schemas/shops.avsc: shops-value version 1\n',
    });
    const written = ['shops', 'shop_City'].map((name) => readFileSync(join(cwd, `other/schemas/${name}.avsc`), 'utf8'));
    expect(written.map((text) => JSON.parse(text) as unknown)).toEqual(files.map((text) => JSON.parse(text) as unknown));
    // The whole in one file, as without.
    await schema('pull', 'shops-value', '--out', 'whole');
    expect(readFileSync(join(cwd, 'whole/shops.avsc'), 'utf8')).toContain('"symbols"');
    write('schemas/city.avsc', '{ "type": "record", "name": "City", "namespace": "shop", "fields": [{ "name": "team", "type": "Shop" }] }');
    expect((await schema('register', '--references', 'schemas/shop.avsc')).code).toBe(1);
  });

  it('says and sets the level of all', async () => {
    expect((await schema('compat', '--default')).stdout).toBe('subjects without a level of their own: BACKWARD\n');
    expect((await schema('compat', '--default', 'full')).stdout).toBe('subjects without a level of their own: FULL\n');
    expect((await schema('compat', 'teams-value')).stdout).toBe('teams-value: FULL\n');
    expect(ndjson((await schema('compat', '--default', '--json')).stdout)[1]).toEqual({ subject: null, level: 'FULL', set: false });
    expect((await schema('compat')).code).toBe(2);
    expect((await schema('compat', '--default', 'FULL', 'more')).code).toBe(2);
  });

  it('says and sets levels', async () => {
    expect((await schema('compat', 'scores-value')).stdout).toBe('scores-value: BACKWARD\n');
    expect((await schema('compat', 'scores-value', 'full_transitive')).stdout).toBe('scores-value: FULL_TRANSITIVE\n');
    expect(await registry().compatibility('scores-value')).toBe('FULL_TRANSITIVE');
    expect(await schema('compat', 'scores-value', 'forwards')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean FORWARD?') }); // prettier-ignore
  });
});

describe('a registry that asks who one is', () => {
  it('by rta.yaml: token or user, and an authority of one’s own; no secret is shown', async () => {
    const [key, cert] = [join(cwd, 'key.pem'), join(cwd, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' }); // prettier-ignore
    const credentials = { users: new Map([['me', 'hush']]), tokens: ['whisper'] };
    const tls = { key: readFileSync(key), cert: readFileSync(cert) };
    const server = await serveRegistry({ directory: join(cwd, 'server'), port: 0, credentials, tls });
    const env = { SCHEMA_REGISTRY_URL: server.url, SECRET: '' };
    const ask = async (settings: string, secret: string): Promise<RtaResult> => {
      write('rta.yaml', `${SOURCES}registry: { url: "http://elsewhere", ${settings} }\n`);
      const result = await rta(['schema', 'ls'], { cwd, env: { ...env, SECRET: secret } });
      expect(result.stdout + result.stderr).not.toMatch(/hush|whisper/);
      return result;
    };
    try {
      expect((await ask('token: "${SECRET}", ca: cert.pem', 'whisper')).code).toBe(0);
      expect((await ask('username: me, password: "${SECRET}", ca: cert.pem', 'hush')).code).toBe(0);
      expect((await ask('username: me, password: "${SECRET}", ca: cert.pem', 'hush hush')).stderr).toMatch(
        /error unauthorized: .*\nhelp: say who you are/,
      );
      expect((await ask('token: "${SECRET}"', 'whisper')).stderr).toMatch(
        /error unavailable: .*\nhelp: its certificate is of no authority/,
      );
      expect(await ask('token: "${SECRET}", username: me, ca: cert.pem', 'whisper')).toMatchObject({ code: 2 });
      expect((await ask('token: "${SECRET}", ca: none.pem', 'whisper')).stderr).toContain('none.pem');
      expect((await ask('cert: cert.pem', '')).code).toBe(2);
    } finally {
      await server.close();
    }
  });
});
