/**
 * The OLAP store of a run, for those who ask it meanwhile: the HTTP side of the same process, and `rta sql` in another, which finds that by a
 * file beside the store, since the store is one process's at a time.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SqlStore } from '@rta/serve';

export class OlapDoor {
  private open: SqlStore | null = null;
  private readonly file: string;

  constructor(directory: string) {
    this.file = fileIn(directory);
  }

  /** Null: it is not open. */
  get store(): SqlStore | null {
    return this.open;
  }

  /** @param url of the HTTP side; null: nothing listens */
  async opened(store: SqlStore, url: string | null): Promise<void> {
    this.open = store;
    if (url !== null) await writeFile(this.file, url);
  }

  async closed(): Promise<void> {
    this.open = null;
    await rm(this.file, { force: true });
  }
}

/** Where the process answers that has the store of a directory open; null: it did not say. */
export async function doorOf(directory: string): Promise<string | null> {
  const url = await readFile(fileIn(directory), 'utf8').catch(() => '');
  return url === '' ? null : url;
}

function fileIn(directory: string): string {
  return join(directory, 'olap.url');
}
