import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { withFileLock } from '../src/file-lock.js';

async function lockPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rta-lock-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'lock');
}

test('one at a time', async () => {
  const path = await lockPath();
  let inside = 0;
  const work = async (): Promise<void> => {
    expect(++inside).toBe(1);
    await sleep(20);
    inside--;
  };
  await Promise.all([withFileLock(path, work), withFileLock(path, work), withFileLock(path, work)]);
  expect(existsSync(path)).toBe(false);
});

test('the lock of a process that is gone is taken over', async () => {
  const path = await lockPath();
  await writeFile(path, '4194999'); // above the highest process id that Linux gives
  expect(await withFileLock(path, async () => 'done')).toBe('done');
});

test('waiting ends', async () => {
  const path = await lockPath();
  await writeFile(path, String(process.pid));
  await expect(withFileLock(path, async () => 'done', 300)).rejects.toThrow(/held/);
});

test('a failure releases the lock', async () => {
  const path = await lockPath();
  await expect(withFileLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withFileLock(path, async () => 'done')).toBe('done');
});
