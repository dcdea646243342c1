import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Damage } from './bytes.js';
import { liveTables } from './manifest.js';
import { checkTable } from './table-file.js';

/**
 * Checks the files of a closed LevelDB database that LevelDB itself reads without looking: its manifest and every live table, all blocks of
 * it. Reads all of them once. Write-ahead logs are left to LevelDB, which sums their records, and to the journal, which shows what it dropped.
 *
 * @returns what is wrong, or null. Never throws for what it finds on disk.
 */
export async function findDamage(directory: string): Promise<string | null> {
  let file = 'CURRENT';
  try {
    const current = /^(MANIFEST-\d+)\n$/.exec(await readFile(join(directory, file), 'latin1'));
    if (current === null) throw new Damage('it names no manifest');
    file = current[1];
    const tables = liveTables(await readFile(join(directory, file)));
    for (const [number, size] of tables) {
      file = `${String(number).padStart(6, '0')}.ldb`;
      const bytes = await readFile(join(directory, file));
      if (bytes.length !== size) throw new Damage(`it has ${bytes.length} bytes, not ${size}`);
      checkTable(bytes);
    }
    return null;
  } catch (error) {
    if (error instanceof Damage || isFileError(error)) return `${file} is damaged: ${error.message}`;
    throw error;
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
