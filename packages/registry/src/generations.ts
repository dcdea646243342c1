import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryError } from './registry.js';

/**
 * One JSON document in a directory, changed by several processes without a lock: each change is a new file, and only one process can
 * make the file of a number.
 *
 * ```
 * registry.<generation>.json := sha256 hex of the body, line feed, body (JSON)
 * ```
 * A change is written and synced under another name and then linked to the next number, which fails if that is there already; the
 * change is then made again on what is newer. The newest generation counts; a few before it are kept for readers that are slow.
 */
export class Generations<T> {
  readonly #directory: string;
  readonly #empty: () => T;
  #cached: { readonly generation: number; readonly body: T } | null = null;

  /** @param empty the document of a directory that has none */
  constructor(directory: string, empty: () => T) {
    this.#directory = directory;
    this.#empty = empty;
  }

  /** The newest document; do not change it. Rejects with RegistryError `damaged`, or `unavailable` where the directory cannot be read. */
  async read(): Promise<T> {
    return (await this.#newest()).body;
  }

  /**
   * Replaces the document by what `change` makes of it; durable when resolved. `change` may be called again, on a newer
   * document, and must not alter the one it gets; null leaves everything as it is.
   */
  async change<R>(change: (body: T) => { readonly body: T | null; readonly result: R }): Promise<R> {
    for (;;) {
      const { generation, body } = await this.#newest();
      const { body: next, result } = change(body);
      if (next === null) return result;
      if (await this.#write(generation + 1, next)) {
        this.#cached = { generation: generation + 1, body: next };
        await this.#removeBelow(generation + 1 - KEPT);
        return result;
      }
    }
  }

  async #newest(): Promise<{ readonly generation: number; readonly body: T }> {
    for (let attempt = 1; ; attempt++) {
      const generation = Math.max(0, ...(await this.#generations()));
      if (this.#cached?.generation === generation) return this.#cached;
      if (generation === 0) return { generation, body: this.#empty() };
      const path = this.#path(generation);
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        // Removed meanwhile: there are newer ones.
        if (codeOf(error) === 'ENOENT' && attempt < 100) continue;
        throw unavailable(this.#directory, error);
      }
      this.#cached = { generation, body: parse(path, text) as T };
      return this.#cached;
    }
  }

  /** True: it is the newest; false: another process was faster. */
  async #write(generation: number, body: T): Promise<boolean> {
    const json = JSON.stringify(body, null, 1);
    const temporary = join(this.#directory, `.${randomUUID()}.tmp`);
    try {
      await mkdir(this.#directory, { recursive: true });
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(`${sum(json)}\n${json}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      try {
        await link(temporary, this.#path(generation));
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      }
      // A slow process could take a number that was used and removed long ago.
      if (Math.max(...(await this.#generations())) > generation) {
        await unlink(this.#path(generation)).catch(() => undefined);
        return false;
      }
      await syncDirectory(this.#directory);
      return true;
    } catch (error) {
      throw unavailable(this.#directory, error);
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
  }

  async #generations(): Promise<number[]> {
    try {
      return (await readdir(this.#directory)).flatMap((name) => {
        const match = /^registry\.(\d+)\.json$/.exec(name);
        return match === null ? [] : [Number(match[1])];
      });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw unavailable(this.#directory, error);
    }
  }

  async #removeBelow(generation: number): Promise<void> {
    for (const old of await this.#generations()) if (old < generation) await unlink(this.#path(old)).catch(() => undefined);
  }

  #path(generation: number): string {
    return join(this.#directory, `registry.${generation}.json`);
  }
}

/** Generations before the newest that stay. */
const KEPT = 3;

function parse(path: string, text: string): unknown {
  const end = text.indexOf('\n');
  const json = text.slice(end + 1, -1);
  if (end < 0 || text.slice(0, end) !== sum(json))
    throw new RegistryError('damaged', `${path} is damaged: its checksum does not hold, so schema ids cannot be trusted. Restore it, or an older registry.<n>.json beside it, from a backup; without one, remove the directory and the topics whose records carry its ids`); // prettier-ignore
  return JSON.parse(json) as unknown;
}

function sum(json: string): string {
  return createHash('sha256').update(json).digest('hex');
}

/** So that the name is on disk as well. Not possible everywhere (Windows), and then not needed. */
async function syncDirectory(directory: string): Promise<void> {
  let handle;
  try {
    handle = await open(directory, 'r');
    await handle.sync();
  } catch (error) {
    if (codeOf(error) !== 'EPERM' && codeOf(error) !== 'EISDIR' && codeOf(error) !== 'EINVAL') throw error;
  } finally {
    await handle?.close();
  }
}

function unavailable(directory: string, cause: unknown): RegistryError {
  if (cause instanceof RegistryError) return cause;
  return new RegistryError('unavailable', `the embedded registry in ${directory} cannot be used: ${String(cause)}`, { cause });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
