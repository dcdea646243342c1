/** Runs the engines of the JVM: programs in `bench/jvm`. */
import { fileURLToPath } from 'node:url';
import type { JavaProgram } from '@rta/tools';
import { run, type ChildResult } from './child.js';
import type { PeerTask } from './peers/peer.js';

/** Where the programs are. */
export const JVM_PROGRAMS = fileURLToPath(new URL('../jvm', import.meta.url));

/** Runs one, not pinned; the figures of the process are its own. The last line that it prints is its report. */
export async function runJava(
  { java, classPath, main, options }: JavaProgram,
  args: Readonly<Record<string, string | number>>,
  { directory, signal }: Pick<PeerTask, 'directory' | 'signal'>,
): Promise<ChildResult & { readonly insideSeconds: number }> {
  const { stdout, wholeSeconds } = await run(
    java,
    [
      ...options,
      `-Djava.io.tmpdir=${directory}`,
      '-cp',
      classPath,
      main,
      ...Object.entries(args).map(([name, value]) => `${name}=${value}`),
    ],
    { cwd: directory, signal },
  );
  const report = JSON.parse(stdout.trim().split('\n').at(-1)!) as { seconds: number; cpuSeconds: number; peakBytes: number };
  return { stdout, wholeSeconds, insideSeconds: report.seconds, cpuSeconds: report.cpuSeconds, peakBytes: report.peakBytes };
}
