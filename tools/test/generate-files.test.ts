import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { generateFiles, replaceBetweenMarks } from '../src/generate-files.js';

test('a check names what is stale and writes nothing; without it, it is written', async () => {
  const root = await mkdtemp(join(tmpdir(), 'rta-generate-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const generators = [{ file: 'docs/table.gen.md', content: () => 'a table\n' }];

  expect(await generateFiles(root, generators, { check: true })).toEqual(['docs/table.gen.md']);
  expect(await generateFiles(root, generators, { check: false })).toEqual(['docs/table.gen.md']);
  expect(await readFile(join(root, 'docs/table.gen.md'), 'utf8')).toBe('a table\n');
  expect(await generateFiles(root, generators, { check: true })).toEqual([]);
});

test('only what stands between the marks is replaced', () => {
  const page = 'before\n<!-- generated: ops -->\nold\n<!-- /generated -->\nafter\n';
  expect(replaceBetweenMarks(page, 'ops', 'new')).toBe('before\n<!-- generated: ops -->\nnew\n<!-- /generated -->\nafter\n');
  expect(() => replaceBetweenMarks(page, 'other', 'new')).toThrow(/marks/);
});
