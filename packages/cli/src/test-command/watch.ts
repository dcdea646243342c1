/** `rta test --watch`. */
import { existsSync, readdirSync, statSync, watch, type FSWatcher } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { CliContext } from '../context.js';
import { reportFailure } from '../output/report-failure.js';
import { loadPipelines, type LoadedPipeline, type LoadedProject } from '../project/load.js';

/** Editors save in several steps: what changes within so many ms is one change. */
const SETTLE_MS = 100;

/**
 * Runs the pipelines that paths name, then again those of which a file has changed (the pipeline, its schemas, `rta.yaml`, rows of its
 * tests), until the command is interrupted. What is wrong is said and does not end it.
 */
export async function watchTests(
  context: CliContext,
  paths: readonly string[],
  run: (changed: LoadedProject) => Promise<unknown>,
): Promise<void> {
  const directories = new Directories();
  let before = new Map<string, ReadonlyMap<string, string | null>>();
  try {
    while (!context.signal.aborted) {
      try {
        directories.watch(namedDirectories(context.cwd, paths));
        const loaded = await loadPipelines(context, paths);
        directories.watch(loaded.pipelines.flatMap(({ inputs }) => [...inputs.keys()].map(dirname)));
        const pipelines = loaded.pipelines.filter((pipeline, i) => !sameTexts(before.get(nameOf(pipeline, i)), pipeline.inputs));
        before = new Map(loaded.pipelines.map((pipeline, i) => [nameOf(pipeline, i), pipeline.inputs]));
        if (pipelines.length > 0) {
          await run({ ...loaded, pipelines, diagnostics: pipelines.flatMap(({ diagnostics }) => diagnostics) });
          if (!context.signal.aborted) context.stderr.write('\nwatching for changes; Ctrl-C ends\n');
        }
      } catch (error) {
        reportFailure(error, context, false);
      }
      await directories.changed(context.signal);
    }
  } finally {
    directories.close();
  }
}

/** Of the pipelines that one module exports each has a plan of its own name; what does not compile goes by its place. */
function nameOf({ path, plan }: LoadedPipeline, i: number): string {
  return `${path} ${plan?.pipeline ?? String(i)}`;
}

function sameTexts(before: ReadonlyMap<string, string | null> | undefined, now: ReadonlyMap<string, string | null>): boolean {
  return before?.size === now.size && [...now].every(([path, text]) => before.get(path) === text);
}

/** The directories that paths name, and those below them, where new pipelines may appear. */
function namedDirectories(cwd: string, paths: readonly string[]): string[] {
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
class Directories {
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
