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

const PATIENCE_MS = 45 * 60_000;

/** Whether processes can be pinned to a core here. */
export const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0;

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Kills it; what runs it rejects then. */
  readonly signal?: AbortSignal | undefined;
  /** When it settles the process is asked to end (SIGTERM), and may do so with 130. */
  readonly until?: Promise<unknown> | undefined;
  /** It is not pinned to a core. */
  readonly allCores?: boolean;
}

/** What a process ends with that was asked to. */
const ASKED_TO_END = 130;

/**
 * Runs a compiled script with Node in a process of its own, pinned to core 0 where that can be and unless it is to have all of them. Rejects with what it wrote where it ends
 * with another code than 0.
 */
export async function runNode(args: readonly string[], options: RunOptions = {}): Promise<ChildResult> {
  const usageFile = join(tmpdir(), `rta-bench-usage-${process.pid}.json`);
  const nodeArgs = [...profiling(), '--import', USAGE, ...args];
  const [command, ...rest] =
    canPin && options.allCores !== true ? ['taskset', '-c', '0', process.execPath, ...nodeArgs] : [process.execPath, ...nodeArgs];
  const env = { NODE_OPTIONS: '', ...options.env, BENCH_USAGE_FILE: usageFile };
  const { stdout, wholeSeconds } = await run(command, rest, { ...options, env });
  const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as Pick<ChildResult, 'cpuSeconds' | 'peakBytes'>;
  rmSync(usageFile);
  return { stdout, wholeSeconds, ...usage };
}

/** Runs a program. Rejects with what it wrote where it ends with another code than 0, or has not ended after forty-five minutes. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env, signal, until }: RunOptions,
): Promise<Pick<ChildResult, 'stdout' | 'wholeSeconds'>> {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd,
    // Where pnpm was called is not where the child works.
    env: { ...process.env, INIT_CWD: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
    signal,
    killSignal: 'SIGKILL',
  });
  // What is broken off leaves nothing running.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let asked = false;
  const ask = () => (asked = child.kill('SIGTERM'));
  until?.then(ask, ask);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)).finally(() =>
    process.off('exit', kill),
  );
  const wholeSeconds = (performance.now() - started) / 1000;
  if (code !== 0 && !(asked && code === ASKED_TO_END))
    throw new Error(`${command} ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${stdout}${stderr}`);
  return { stdout, wholeSeconds };
}

/** `BENCH_CPU_PROFILE=directory` has every process write a profile there. */
function profiling(): string[] {
  const directory = process.env['BENCH_CPU_PROFILE'];
  return directory === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', directory];
}
