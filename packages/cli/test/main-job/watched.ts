/** A running `rta run --json`, with what it says of its pipelines and what memory it takes. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { RtaProcess } from '../support/cli.js';

/** A second of it: of all pipelines, the worst. */
export interface Moment {
  /** Records that are there and not read. */
  readonly lag: number;
  /** ms from event to commit, of 99 %; null: nothing was committed. */
  readonly p99: number | null;
  readonly bytes: number;
}

interface Stats {
  readonly lag: number;
  readonly recordsIn: number;
  readonly endToEndP99: number | null;
}

export class Watched {
  readonly moments: Moment[] = [];
  private readonly stats = new Map<string, Stats>();

  /** @param pipelines how many it runs */
  constructor(
    readonly process: RtaProcess,
    private readonly pipelines: number,
  ) {
    createInterface({ input: process.child.stdout! }).on('line', (line) => this.heard(line));
  }

  /** Resolves when each pipeline has read `count` records, nothing is left to read, and all of it is committed. */
  async reads(count: number, patienceMs: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const all = [...this.stats.values()];
      if (all.length === this.pipelines && all.every(({ recordsIn, lag }) => recordsIn >= count && lag === 0)) return;
      if (this.process.child.exitCode !== null)
        throw new Error(`ended with ${this.process.child.exitCode}: ${(await this.process.ended).stderr}`);
      if (performance.now() > deadline)
        throw new Error(`${count} records were not read within ${patienceMs / 1000} s: ${JSON.stringify(Object.fromEntries(this.stats))}`);
      await delay(100);
    }
  }

  private heard(line: string): void {
    const said = JSON.parse(line) as { readonly pipeline?: string; readonly stats?: Stats };
    if (said.pipeline === undefined || said.stats === undefined) return;
    this.stats.set(said.pipeline, said.stats);
    const all = [...this.stats.values()];
    // Once a second: the pipelines speak one after the other.
    if (all.length < this.pipelines || said.pipeline !== [...this.stats.keys()].at(-1)) return;
    const p99s = all.flatMap(({ endToEndP99 }) => endToEndP99 ?? []);
    this.moments.push({
      lag: Math.max(...all.map(({ lag }) => lag)),
      p99: p99s.length > 0 ? Math.max(...p99s) : null,
      bytes: residentBytes(this.process.child.pid!),
    });
  }
}

/** Memory of a process that the machine holds for it (Linux); 0 when it has ended. */
function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
