import { join } from 'node:path';
import { runCli } from '@rta/cli';

/** The drawing of a pipeline's stages, as `rta explain --svg` makes it. */
export async function topologyPicture(pipeline: string): Promise<string> {
  let svg = '';
  let problems = '';
  const code = await runCli(['explain', pipeline, '--svg'], {
    stdout: { write: (text) => (svg += text) },
    stderr: { write: (text) => (problems += text) },
    env: {},
    cwd: join(import.meta.dirname, '../../..'),
    signal: new AbortController().signal,
  });
  if (code !== 0) throw new Error(`rta explain ${pipeline}: ${problems}`);
  return svg;
}
