/** `rta run` as real processes, each with a directory of its own: members of the same consumer groups. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'packages/cli/bin/rta.js');

/** What `rta` ends with after SIGTERM. */
export const INTERRUPTED = 130;

export interface Setting {
  /** Of the project. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What a process last said of a pipeline. */
export interface Stats {
  readonly tasks: number;
  readonly recordsIn: number;
  readonly commits: number;
  readonly rejoins: number;
  readonly endToEndP99: number | null;
  readonly lag: number;
}

/** One life of a process. */
export class RtaProcess {
  readonly stats = new Map<string, Stats>();
  readonly warnings: string[] = [];
  /** What it wrote to stderr. */
  errors = '';
  /** Exit code; null: by a signal. */
  readonly ended: Promise<number | null>;
  readonly startedAt = performance.now();
  private readonly child: ChildProcess;
  private over = false;

  constructor({ directory, env }: Setting, args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      cwd: directory,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.heard(line));
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code) => {
        this.over = true;
        resolve(code);
      });
    });
    this.ended.catch(() => undefined);
  }

  get running(): boolean {
    return !this.over;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Whether it has committed anything in this life. */
  get committed(): boolean {
    return [...this.stats.values()].some(({ commits }) => commits > 0);
  }

  /** Whether it has committed in every pipeline. */
  atWork(): boolean {
    return this.stats.size > 0 && this.hasCommittedSince(new Map());
  }

  /** So far, by pipeline. */
  commits(): Map<string, number> {
    return new Map([...this.stats].map(([pipeline, { commits }]) => [pipeline, commits]));
  }

  /** Whether it has committed in every pipeline, more than a commit that was under way then. */
  hasCommittedSince(before: ReadonlyMap<string, number>): boolean {
    return [...this.stats].every(([pipeline, { commits }]) => commits > (before.get(pipeline) ?? -1) + 1);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }

  private heard(line: string): void {
    if (!line.startsWith('{')) return;
    let said: { readonly pipeline?: string; readonly stats?: Stats; readonly warning?: string };
    try {
      said = JSON.parse(line) as typeof said;
    } catch {
      return; // cut by a kill
    }
    if (said.pipeline !== undefined && said.stats !== undefined) this.stats.set(said.pipeline, said.stats);
    if (said.warning !== undefined) this.warnings.push(said.warning);
  }
}
