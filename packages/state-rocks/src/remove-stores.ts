import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { directoryName } from './stores.js';

/** Removes the stores under `dir` of tasks whose ids begin so; none of them may be open. Rejects with the system's error. */
export async function removeStores(dir: string, idsBegin: string): Promise<void> {
  const names = await readdir(dir).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const prefix = directoryName(idsBegin);
  for (const name of names) if (name.startsWith(prefix)) await rm(join(dir, name), { recursive: true, force: true });
}
