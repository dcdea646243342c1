import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ChildResult {
  readonly stdout: string;
  /** From the start of the process to its end. */
  readonly wholeSeconds: number;
  /** User and system time of the process, all its threads. */
  readonly cpuSeconds: number;
  /** Most resident memory. */
  readonly peakBytes: number;
}

const USAGE = fileURLToPath(new URL('../dist/usage-at-exit.js', import.meta.url));

/** Whether processes can be pinned to a core here. */
export const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/**
 * Runs a compiled script with Node in a process of its own, pinned to core 0 where that can be. Rejects with what it wrote where it ends
 * with another code than 0.
 */
export async function runNode(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ChildResult> {
  const usageFile = join(tmpdir(), `rta-bench-usage-${process.pid}.json`);
  const nodeArgs = [...profiling(), '--import', USAGE, ...args];
  const [command, ...rest] = canPin ? ['taskset', '-c', '0', process.execPath, ...nodeArgs] : [process.execPath, ...nodeArgs];
  const started = performance.now();
  const child = spawn(command, rest, {
    cwd: options.cwd,
    // Where pnpm was called is not where the child works.
    env: { ...process.env, INIT_CWD: options.cwd, NODE_OPTIONS: '', ...options.env, BENCH_USAGE_FILE: usageFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const wholeSeconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as Pick<ChildResult, 'cpuSeconds' | 'peakBytes'>;
  rmSync(usageFile);
  return { stdout, wholeSeconds, ...usage };
}

/** `BENCH_CPU_PROFILE=directory` has every process write a profile there. */
function profiling(): string[] {
  const directory = process.env['BENCH_CPU_PROFILE'];
  return directory === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', directory];
}
