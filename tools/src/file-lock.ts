import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` while this process holds the lock file at `path`; other processes wait. The file holds the owner's process id: a lock
 * whose owner is gone is taken over. Throws after `waitMs` of waiting.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, waitMs = 15 * 60_000): Promise<T> {
  for (let waited = 0; !(await tryLock(path)); waited += 250) {
    if (waited >= waitMs) throw new Error(`another process has held ${path} for too long; remove that file if none is running`);
    await sleep(250);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = Number(await readFile(path, 'utf8').catch(() => '0'));
  // 0 and NaN: its owner has made it and not yet written to it, or it has just gone; look again later.
  if (owner > 0 && !alive(owner)) await rm(path, { force: true });
  return false;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
