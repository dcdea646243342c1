/** Runs `rta` for tests: in this process with captured output, or as a process of its own that can be sent signals. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runCli, type ExitCode } from '@rta/cli';
import { afterTests } from '@rta/tools/after-tests';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../../../..');

/** A directory of its own, gone after the tests of the file. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'rta-cli-'));
  afterTests(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

export interface RtaResult {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RtaOptions {
  /** Default: the checkout. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** What is piped in. */
  readonly stdin?: readonly Uint8Array[];
  /** Told of what is printed, as it is. */
  readonly onStdout?: (text: string) => void;
}

/** Runs a command in this process; stdout and stderr are no terminals. */
export async function rta(args: readonly string[], options: RtaOptions = {}): Promise<RtaResult> {
  let stdout = '';
  let stderr = '';
  const code = await runCli(args, {
    stdout: {
      write: (text) => {
        stdout += text;
        options.onStdout?.(text);
      },
    },
    stderr: { write: (text) => (stderr += text) },
    stdin: Readable.from(options.stdin ?? []),
    env: options.env ?? {},
    cwd: options.cwd ?? ROOT,
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, stdout, stderr };
}

/** The objects of NDJSON output. */
export function ndjson(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export interface RtaProcess {
  readonly child: ChildProcess;
  /** Resolves when stdout has matched; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<void>;
  /** As `printed`, of stderr. */
  reported(pattern: RegExp): Promise<void>;
  /** Exit code (null: killed by a signal) and all output. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** How long a process that still runs after the tests may take to end, ms. */
const GRACE_MS = 5_000;

/** Starts a command as a child process, from source. Ended after the tests of the file if it still runs: what it made for itself goes with it. */
export function spawnRta(args: readonly string[], options: Pick<RtaOptions, 'cwd' | 'env'> = {}): RtaProcess {
  const main = join(ROOT, 'packages/cli/src/main.ts');
  const child = spawn(process.execPath, ['--conditions=source', '--import', import.meta.resolve('tsx'), main, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  afterTests(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(patience);
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  const seen = (stream: Readable, text: () => string, pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(text())) resolve();
      };
      stream.on('data', look);
      void ended.then(({ code }) => {
        reject(new Error(`ended with ${String(code)} before ${String(pattern)}:\n${stdout}\n${stderr}`));
      });
      look();
    });
  return {
    child,
    printed: (pattern) => seen(child.stdout, () => stdout, pattern),
    reported: (pattern) => seen(child.stderr, () => stderr, pattern),
    ended,
  };
}
