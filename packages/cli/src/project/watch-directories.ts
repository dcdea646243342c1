/** Files that change, as editors change them. */
import { existsSync, readdirSync, statSync, watch, type FSWatcher } from 'node:fs';
import { join, resolve } from 'node:path';

/** Editors save in several steps: what changes within so many ms is one change. */
const SETTLE_MS = 100;

/** The directories that paths name, and those below them, where new pipelines may appear. */
export function namedDirectories(cwd: string, paths: readonly string[]): string[] {
  const named = paths.length > 0 ? paths : [existsSync(join(cwd, 'pipelines')) ? 'pipelines' : '.'];
  return named.map((path) => resolve(cwd, path)).flatMap((path) => (existsSync(path) && statSync(path).isDirectory() ? below(path) : []));
}

function below(directory: string): string[] {
  const inner = readdirSync(directory, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules',
  );
  return [directory, ...inner.flatMap(({ name }) => below(join(directory, name)))];
}

/** Directories are watched, not files: many editors write a new file and rename it. */
export class Directories {
  private readonly watchers = new Map<string, FSWatcher>();
  private hasChanged = false;
  private wake: () => void = () => undefined;

  watch(directories: readonly string[]): void {
    for (const directory of directories) {
      if (this.watchers.has(directory) || !existsSync(directory)) continue;
      const watcher = watch(directory, () => {
        this.hasChanged = true;
        this.wake();
      });
      // A directory that goes away is watched anew when it is back.
      watcher.on('error', () => {
        watcher.close();
        this.watchers.delete(directory);
      });
      this.watchers.set(directory, watcher);
    }
  }

  /** Resolves when something has changed since the last call, and is quiet again; or when the signal is aborted. */
  async changed(signal: AbortSignal): Promise<void> {
    await this.event(signal, null);
    for (this.hasChanged = false; !signal.aborted; this.hasChanged = false) {
      await this.event(signal, SETTLE_MS);
      if (!this.hasChanged) return;
    }
  }

  /** Resolves at the next event, after so many ms, or when the signal is aborted. */
  private event(signal: AbortSignal, withinMs: number | null): Promise<void> {
    if (signal.aborted || this.hasChanged) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = withinMs === null ? undefined : setTimeout(done, withinMs);
      this.wake = done;
      signal.addEventListener('abort', done);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }

  close(): void {
    for (const watcher of this.watchers.values()) watcher.close();
  }
}
