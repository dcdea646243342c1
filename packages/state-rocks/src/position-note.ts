/**
 * A note beside the files of a store that says how far it goes, for whoever asks without opening it: a worker that starts tells its group by
 * these of what tasks it has the state. The store itself does not rest on it.
 *
 * ```
 * <dir>/<task>/POSITION    {"fingerprint", "position", "syncedAt"}
 * ```
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Meta } from './meta.js';

const FILE = 'POSITION';

/** Null: there is no store any more. What keeps it from being written keeps nothing else from being done. */
export async function notePosition(directory: string, meta: Meta | null): Promise<void> {
  const file = join(directory, FILE);
  if (meta === null) {
    await rm(file, { force: true }).catch(() => undefined);
    return;
  }
  const { fingerprint, position, syncedAt } = meta;
  await writeFile(file, JSON.stringify({ fingerprint, position, syncedAt })).catch(() => undefined);
}

/** Null: there is none of that fingerprint that was written to since `oldest`, wall clock in ms. */
export async function keptPosition(directory: string, fingerprint: string, oldest: number): Promise<number | null> {
  try {
    const note = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Partial<Meta>;
    const { position, syncedAt } = note;
    if (note.fingerprint !== fingerprint || typeof syncedAt !== 'number' || syncedAt < oldest) return null;
    return Number.isSafeInteger(position) ? position! : null;
  } catch {
    // It is not there, or torn.
    return null;
  }
}
