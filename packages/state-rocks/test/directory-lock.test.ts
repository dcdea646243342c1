import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDirectory } from '@rta/state-rocks';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rta-lock-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

it('is one holder’s at a time, who is named', async () => {
  const release = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining(`in use by process ${process.pid} on `) as string,
  });
  await release();
  await (
    await lockDirectory(directory)
  )();
});

it('is taken where its files are damaged: there is nothing in them', async () => {
  await (
    await lockDirectory(directory)
  )();
  const path = join(directory, 'worker');
  for (const name of readdirSync(path)) if (/^(MANIFEST|CURRENT)/.test(name)) writeFileSync(join(path, name), 'damaged');
  await (
    await lockDirectory(directory)
  )();
});
