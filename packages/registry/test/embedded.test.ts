import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AvroSchema } from '@rta/dsl';
import { afterAll, describe, expect, test } from 'vitest';
import { embeddedRegistry } from '../src/embedded.js';
import { registryContract } from './contract.js';

const root = mkdtempSync(join(tmpdir(), 'rta-registry-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const newDirectory = (): string => join(mkdtempSync(join(root, 'r-')), 'nested', 'registry');
const record = (name: string, fields: object[] = []): AvroSchema => ({ type: 'record', name, fields });

registryContract('embedded', async () => embeddedRegistry(newDirectory()));

describe('the embedded registry', () => {
  test('begins with id 1 and level BACKWARD, and makes nothing before the first change', async () => {
    const directory = newDirectory();
    const registry = embeddedRegistry(directory);
    expect(await registry.subjects()).toEqual([]);
    expect(await registry.compatibility('a-value')).toBe('BACKWARD');
    expect(() => readdirSync(directory)).toThrow('ENOENT');
    expect(await registry.register('a-value', record('A'))).toBe(1);
    expect(await registry.register('b-value', record('B'))).toBe(2);
  });

  test('a doc string or an alias makes another schema, as with Confluent', async () => {
    const registry = embeddedRegistry(newDirectory());
    const ids: number[] = [];
    for (const more of [{}, { doc: 'd' }, { aliases: ['z'] }])
      ids.push(await registry.register('a-value', record('A', [{ name: 'x', type: 'int', ...more }])));
    expect(ids).toEqual([1, 2, 3]);
  });

  test('what one process registers another sees at once, and after a restart', async () => {
    const directory = newDirectory();
    const [one, two] = [embeddedRegistry(directory), embeddedRegistry(directory)];
    expect(await two.subjects()).toEqual([]);
    const id = await one.register('a-value', record('A'));
    expect(await two.lookup('a-value', record('A'))).toBe(id);
    expect((await two.byId(id))?.schema).toEqual(record('A'));
    await two.setCompatibility('a-value', 'FULL');
    expect(await one.compatibility('a-value')).toBe('FULL');
    expect(await embeddedRegistry(directory).latest('a-value')).toMatchObject({ id, version: 1 });
  });

  test('several processes at once lose nothing: every schema has one id, every id one schema', { timeout: 60_000 }, async () => {
    const directory = newDirectory();
    const program = `
      import { embeddedRegistry } from ${JSON.stringify(join(import.meta.dirname, '../src/embedded.ts'))};
      const registry = embeddedRegistry(process.argv[1]);
      const ids = {};
      for (let i = 0; i < 25; i++) {
        const name = 'S' + (process.argv[2] === 'shared' ? i : process.argv[2] + '_' + i);
        ids[name] = await registry.register(name + '-value', { type: 'record', name, fields: [] });
      }
      console.log(JSON.stringify(ids));`;
    const run = (who: string): Promise<Record<string, number>> =>
      new Promise((resolve, reject) => {
        const child = spawn(
          process.execPath,
          ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', program, directory, who],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
          },
        );
        let output = '';
        child.stdout.on('data', (data: Buffer) => (output += data.toString()));
        child.once('close', (code) =>
          code === 0 ? resolve(JSON.parse(output) as Record<string, number>) : reject(new Error(`exit ${code}`)),
        );
      });
    const all = await Promise.all(['a', 'b', 'shared', 'shared'].map(run));
    expect(all[2]).toEqual(all[3]);
    const ids = new Map(all.flatMap((each) => Object.entries(each)));
    expect(ids.size).toBe(75);
    expect([...ids.values()].sort((a, b) => a - b)).toEqual(Array.from({ length: 75 }, (_, i) => i + 1));
    const registry = embeddedRegistry(directory);
    for (const [name, id] of ids) expect((await registry.byId(id))?.schema).toMatchObject({ name });
    // Old generations and unfinished files do not pile up.
    expect(readdirSync(directory).length).toBeLessThanOrEqual(6);
  });

  test('a process that was stopped long does not take a number that was used', async () => {
    const directory = newDirectory();
    const registry = embeddedRegistry(directory);
    for (let i = 0; i < 8; i++) await registry.register(`s${i}`, record(`S${i}`));
    const kept = readdirSync(directory);
    expect(kept.sort()).toEqual(['registry.5.json', 'registry.6.json', 'registry.7.json', 'registry.8.json']);
    // A generation that went reappears: it is not the newest, so nothing of it counts.
    writeFileSync(join(directory, 'registry.2.json'), readFileSync(join(directory, 'registry.8.json')));
    expect((await embeddedRegistry(directory).subjects()).length).toBe(8);
  });

  test('damage is an error that says so, never another id', async () => {
    const directory = newDirectory();
    const registry = embeddedRegistry(directory);
    await registry.register('a-value', record('A', [{ name: 'x', type: 'int' }]));
    const path = join(directory, 'registry.1.json');
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 7) {
      const flipped = Buffer.from(bytes);
      flipped[at] ^= 4;
      writeFileSync(path, flipped);
      await expect(embeddedRegistry(directory).byId(1)).rejects.toMatchObject({ code: 'damaged' });
    }
    for (const length of [0, 10, 70, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      await expect(embeddedRegistry(directory).register('b-value', 'int')).rejects.toMatchObject({ code: 'damaged' });
    }
    writeFileSync(path, bytes);
    expect((await embeddedRegistry(directory).byId(1))?.schema).toMatchObject({ name: 'A' });
  });

  test('a directory that cannot be used is unavailable', async () => {
    const file = join(mkdtempSync(join(root, 'f-')), 'file');
    writeFileSync(file, '');
    await expect(embeddedRegistry(file).subjects()).rejects.toMatchObject({ code: 'unavailable', retriable: true });
    await expect(embeddedRegistry(join(file, 'below')).register('a', 'int')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('subjects with the names of the prototype', async () => {
    const registry = embeddedRegistry(newDirectory());
    expect(await registry.versions('constructor')).toEqual([]);
    expect(await registry.compatibility('toString')).toBe('BACKWARD');
    await registry.register('constructor', 'int');
    expect(await registry.subjects()).toEqual(['constructor']);
    await expect(registry.register('__proto__', 'int')).rejects.toMatchObject({ code: 'refused' });
    await expect(registry.register('', 'int')).rejects.toMatchObject({ code: 'refused' });
  });
});
