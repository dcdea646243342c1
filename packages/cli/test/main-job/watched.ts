/** A running `rta run --json --http`, with what it says of its pipelines and what memory it takes. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { RtaProcess } from '../support/cli.js';

/** Commits with results since it began, by how long after their newest event they came: upper bound in seconds, and how many within it. */
export type Latencies = ReadonlyMap<number, number>;

/** A second of it: of all pipelines, the worst. */
export interface Moment {
  /** Records that are there and not read. */
  readonly lag: number;
  /** Of all pipelines together, until then. */
  readonly latencies: Latencies;
  readonly bytes: number;
}

interface Stats {
  readonly lag: number;
  readonly recordsIn: number;
}

export class Watched {
  readonly moments: Moment[] = [];
  private url = '';
  private asking: Promise<void> = Promise.resolve();
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
    const said = JSON.parse(line) as { readonly http?: string; readonly pipeline?: string; readonly stats?: Stats };
    this.url = said.http ?? this.url;
    if (said.pipeline === undefined || said.stats === undefined) return;
    this.stats.set(said.pipeline, said.stats);
    const all = [...this.stats.values()];
    // Once a second: the pipelines speak one after the other.
    if (all.length < this.pipelines || said.pipeline !== [...this.stats.keys()].at(-1)) return;
    const lag = Math.max(...all.map(({ lag }) => lag));
    this.asking = this.asking.then(() => this.look(lag)).catch(() => undefined);
  }

  /** Rejects where it has ended. */
  private async look(lag: number): Promise<void> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const latencies = new Map<number, number>();
    for (const [, le, count] of text.matchAll(/^rta_end_to_end_latency_seconds_bucket\{.*le="([^"]+)".*\} (\d+)$/gm)) {
      const bound = le === '+Inf' ? Infinity : Number(le);
      latencies.set(bound, (latencies.get(bound) ?? 0) + Number(count));
    }
    this.moments.push({ lag, latencies, bytes: residentBytes(this.process.child.pid!) });
  }
}

/** What came between two moments. */
export function between(before: Moment, after: Moment): Latencies {
  return new Map([...after.latencies].map(([bound, count]) => [bound, count - (before.latencies.get(bound) ?? 0)]));
}

/** Memory of a process that the machine holds for it (Linux); 0 when it has ended. */
function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
