/** `rta test --watch`. */
import { dirname } from 'node:path';
import type { CliContext } from '../context.js';
import { reportFailure } from '../output/report-failure.js';
import { loadPipelines, type LoadedPipeline, type LoadedProject } from '../project/load.js';
import { Directories, namedDirectories } from '../project/watch-directories.js';

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
