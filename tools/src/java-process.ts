import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What to run, and where its output goes. */
export interface JavaProcessOptions {
  /** The `java` executable. */
  readonly command: string;
  readonly args: readonly string[];
  /** Receives stdout and stderr; appended to. */
  readonly logFile: string;
  /** Removed if this process dies without stopping the child. */
  readonly removeIfOrphaned?: string | undefined;
}

/** A server in a child process that does not outlive us, however we die. */
export class JavaProcess {
  readonly pid: number;
  /** Settles when the process has ended. */
  readonly ended: Promise<void>;
  /** Whether the process has not ended yet. */
  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }
  private readonly child: ChildProcess;
  private readonly logFile: string;

  constructor(options: JavaProcessOptions) {
    this.logFile = options.logFile;
    const log = openSync(options.logFile, 'a');
    // A session of its own: a Ctrl-C in the terminal is for us; we stop the server in good order.
    this.child = spawn(options.command, options.args, { stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.ended = new Promise((resolve, reject) => {
      this.child.once('exit', () => {
        resolve();
      });
      this.child.once('error', reject);
    });
    this.ended.catch(() => undefined); // whoever waits for it sees it; nobody may be waiting
    this.pid = this.child.pid ?? -1;
    if (this.pid > 0) {
      const guard = guardAgainstOrphan(this.pid, options.removeIfOrphaned ?? '');
      this.child.once('exit', () => guard.kill('SIGKILL'));
    }
    this.child.unref(); // a script that forgets to stop it may end all the same; the guard cleans up
  }

  /** Sends a signal and waits until the process has ended; SIGKILL follows after `patienceMs`. */
  async end(signal: NodeJS.Signals, patienceMs = 15_000): Promise<void> {
    if (!this.running) return;
    this.child.ref();
    this.child.kill(signal);
    const gone = await Promise.race([this.ended.then(() => true), sleep(patienceMs, false, { ref: false })]);
    if (gone) return;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Sends a signal without waiting for its effect (SIGSTOP and SIGCONT have no end to wait for). */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The last `lines` lines that the process wrote. */
  logTail(lines = 40): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Calls `check` until it is true; throws with the log's tail if the process ends first or `timeoutMs` pass. */
  async ready(what: string, check: () => Promise<boolean>, timeoutMs = 90_000): Promise<void> {
    let failure: string | undefined;
    this.ended.catch((error: unknown) => {
      failure = String(error);
    });
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (failure !== undefined) throw new Error(`${what} could not be started: ${failure}`);
      if (!this.running) throw new Error(`${what} ended while starting. The end of its log:\n${this.logTail()}`);
      if (await check()) return;
      await sleep(100);
    }
    await this.end('SIGKILL');
    throw new Error(`${what} was not ready after ${timeoutMs / 1000} s. The end of its log:\n${this.logTail()}`);
  }
}

/**
 * A shell that waits for the end of its standard input, which comes when we end in whatever way (even by SIGKILL, where no handler of
 * ours runs), then kills `pid` and removes `folder`.
 */
function guardAgainstOrphan(pid: number, folder: string): ChildProcess {
  const script = 'cat >/dev/null; kill -9 "$1" 2>/dev/null; [ -z "$2" ] || { sleep 0.3; rm -rf "$2"; }';
  const guard = spawn('/bin/sh', ['-c', script, 'guard', String(pid), folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.on('error', () => undefined); // no shell: then no guard
  guard.stdin.on('error', () => undefined);
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref(); // a socket underneath
  return guard;
}
