/**
 * One process per state directory. The lock is LevelDB's, which the system takes back from a process that dies; a note beside it says who
 * has it.
 *
 * ```
 * <dir>/worker/                LevelDB, empty: its lock
 * <dir>/worker/holder.json     {"pid", "host", "command"}; stale when nobody holds the lock
 * ```
 */
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StateStoreError } from '@rta/runtime';
import { destroyLevel, levelCode, openLevel, storeError, type LevelDb } from './level-db.js';

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
}

const SETTINGS = { writeBufferBytes: 64 << 10, cacheBytes: 64 << 10, maxOpenFiles: 20 };
/** Of this process: a second attempt of its own at LevelDB's lock could undo the first one's. */
const held = new Set<string>();

/**
 * Takes the directory for this process; the result gives it back. Does not wait.
 *
 * Rejects with StateStoreError `locked`, naming the process that has it, or `io` (disk full, no permission).
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'worker');
  if (held.has(path)) throw taken(directory);
  held.add(path);
  try {
    const db = await openLock(path, directory);
    await note(path);
    return async () => {
      await db.close();
      held.delete(path);
    };
  } catch (error) {
    held.delete(path);
    throw storeError(error, `locking ${directory}`);
  }
}

async function openLock(path: string, directory: string): Promise<LevelDb> {
  await mkdir(path, { recursive: true });
  try {
    return await openLevel(path, SETTINGS);
  } catch (error) {
    if (levelCode(error) === 'LEVEL_LOCKED') throw taken(directory);
    // There is nothing in it that could be lost.
    await destroyLevel(path);
    await mkdir(path, { recursive: true });
    return await openLevel(path, SETTINGS);
  }
}

async function note(path: string): Promise<void> {
  const holder: Holder = { pid: process.pid, host: hostname(), command: process.argv.slice(1).join(' ') };
  const file = join(path, 'holder.json');
  await writeFile(`${file}.new`, JSON.stringify(holder), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function taken(directory: string): StateStoreError {
  let who = 'another process';
  try {
    const { pid, host, command } = JSON.parse(readFileSync(join(directory, 'worker/holder.json'), 'utf8')) as Holder;
    who = `process ${pid} on ${host} (${command})`;
  } catch {
    // It has only just begun.
  }
  return new StateStoreError('locked', `${directory} is in use by ${who}`);
}
