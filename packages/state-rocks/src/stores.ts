/**
 * State stores in LevelDB, a directory each: `<dir>/<task>`. What opens is either right as of its position or empty: every file is checked
 * before LevelDB sees it (`verify/`), then what LevelDB made of it (`meta.ts`). What fails is wiped, since the changelog has all of it.
 */
import { StateStoreError, type StateStore, type StateStores } from '@rta/runtime';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { destroyLevel, levelCode, openLevel, storeError, type LevelDb, type LevelSettings } from './level-db.js';
import { LevelStateStore } from './level-store.js';
import { readMeta, type Meta, type Verdict } from './meta.js';
import { keptPosition } from './position-note.js';
import { findDamage } from './verify/directory.js';

export interface LevelStoreOptions {
  /** LevelDB's memory table; two of them at most. Default 8 MiB. */
  readonly writeBufferBytes?: number;
  /** Blocks kept in memory, per store. Default 16 MiB. */
  readonly cacheBytes?: number;
  /** Table files kept open, per store. Default 200. */
  readonly maxOpenFiles?: number;
  /** A store last written longer ago is wiped: the changelog may have dropped tombstones since (rule 24). Default 3.5 days. */
  readonly maxAgeMs?: number;
  /** How long to wait for another owner (a dying process, a closing worker) to let go. Default 5 s. */
  readonly lockWaitMs?: number;
  /** Wall clock, ms. */
  readonly now?: () => number;
  /** Told why a store was wiped; a new one is not reported. */
  readonly onWipe?: (taskId: string, reason: string) => void;
}

/** Beyond this two write buffers could hold more batches than the journal has rows (`JOURNAL_LENGTH`). */
const MAX_WRITE_BUFFER_BYTES = 8 << 20;
const HALF_A_WEEK_MS = 3.5 * 24 * 3_600_000;
const LOCK_RETRY_MS = 50;
/** What LevelDB makes. */
const LEVEL_FILE = /^(CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.(ldb|sst|log|dbtmp))$/;

/**
 * The stores under `dir`, which is made when the first one is opened. `open` rejects with StateStoreError `locked` (another process or worker has it)
 * or `io` (disk full, no permission, not a directory).
 */
export function openStateStores(dir: string, options: LevelStoreOptions = {}): StateStores {
  const settings: LevelSettings = {
    writeBufferBytes: Math.min(options.writeBufferBytes ?? MAX_WRITE_BUFFER_BYTES, MAX_WRITE_BUFFER_BYTES),
    cacheBytes: options.cacheBytes ?? 16 << 20,
    maxOpenFiles: options.maxOpenFiles ?? 200,
  };
  const now = options.now ?? Date.now;
  const lockWaitMs = options.lockWaitMs ?? 5_000;
  const maxAgeMs = options.maxAgeMs ?? HALF_A_WEEK_MS;
  /** Two stores in one process: LevelDB says so only after the files were looked at. */
  const held = new Set<string>();

  const open = async (taskId: string, fingerprint: string): Promise<StateStore> => {
    const directory = join(dir, directoryName(taskId));
    const deadline = performance.now() + lockWaitMs;
    while (held.has(directory)) {
      if (performance.now() >= deadline) throw new StateStoreError('locked', `${directory} is open already`);
      await setTimeout(LOCK_RETRY_MS);
    }
    held.add(directory);
    try {
      const recreate = async (): Promise<LevelDb> => {
        await destroyLevel(directory);
        await mkdir(directory, { recursive: true });
        return openLevel(directory, settings);
      };
      const wiped = (reason: string): void => options.onWipe?.(taskId, reason);
      const { db, meta } = await openChecked({ directory, fingerprint, settings, oldest: now() - maxAgeMs, deadline, wiped });
      return new LevelStateStore({ directory, fingerprint, now, recreate, released: () => held.delete(directory) }, db, meta);
    } catch (error) {
      held.delete(directory);
      throw storeError(error, `opening the state store ${directory}`);
    }
  };
  const kept = (taskId: string, fingerprint: string): Promise<number | null> =>
    keptPosition(join(dir, directoryName(taskId)), fingerprint, now() - maxAgeMs);
  return { open, kept };
}

interface Opening {
  readonly directory: string;
  readonly fingerprint: string;
  readonly settings: LevelSettings;
  /** A store last written before this wall time is too old. */
  readonly oldest: number;
  /** `performance.now()` until which another owner is waited for. */
  readonly deadline: number;
  wiped(reason: string): void;
}

async function openChecked(opening: Opening): Promise<{ db: LevelDb; meta: Meta | null }> {
  const { directory } = opening;
  await mkdir(directory, { recursive: true });
  for (;;) {
    try {
      return await openOnce(opening);
    } catch (error) {
      // Held by another owner, so what was found in the files means nothing: they are looked at again.
      if (levelCode(error) !== 'LEVEL_LOCKED' || performance.now() >= opening.deadline) throw error;
      await setTimeout(LOCK_RETRY_MS);
    }
  }
}

async function openOnce(opening: Opening): Promise<{ db: LevelDb; meta: Meta | null }> {
  const { directory, settings } = opening;
  const emptied = async (reason: string): Promise<{ db: LevelDb; meta: Meta | null }> => {
    await destroyLevel(directory);
    opening.wiped(reason);
    return { db: await openLevel(directory, settings), meta: null };
  };
  const fresh = !(await readdir(directory)).some((name) => LEVEL_FILE.test(name));
  const damage = fresh ? null : await findDamage(directory);
  if (damage !== null) return await emptied(damage);
  let db: LevelDb;
  try {
    db = await openLevel(directory, settings);
  } catch (error) {
    if (fresh || levelCode(error) === 'LEVEL_LOCKED') throw error;
    return await emptied(`LevelDB does not open it: ${storeError(error, 'opening').message}`);
  }
  if (fresh) return { db, meta: null };
  const verdict = await verdictOn(db, opening);
  if ('meta' in verdict) return { db, meta: verdict.meta };
  // Opened before and never written to: as good as new.
  if ((await db.keys({ limit: 1 }).all()).length === 0) return { db, meta: null };
  await db.close();
  return await emptied(verdict.unusable);
}

async function verdictOn(db: LevelDb, { fingerprint, oldest }: Opening): Promise<Verdict> {
  try {
    return await readMeta(db, fingerprint, oldest);
  } catch (error) {
    return { unusable: storeError(error, 'reading its own rows').message };
  }
}

/** A task's id as one path component: other characters than these as %XX, upper case too where file names know no case. */
export function directoryName(taskId: string): string {
  const name = taskId.replace(/[^A-Za-z0-9_-]/g, (character) =>
    [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  if (name === '') throw new StateStoreError('io', 'a task id is empty');
  return name;
}
