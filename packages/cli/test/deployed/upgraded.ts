/** A deployed pipeline under load: its versions, what it is sent, and what must have come of that. */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BatchBuilder, changedBy, deployed, Deployments, records, type Log, type VersionDraft } from '@rta/runtime';
import { START, Operated } from '../support/operated.js';
import { spawnRta, type RtaProcess } from '../support/cli.js';

/** What upgrades change of the pipeline. */
export interface Shape {
  readonly doubled?: boolean;
  readonly best?: boolean;
  readonly least?: number;
  readonly minutes?: number;
  readonly k?: number;
}

interface Sent {
  readonly user: string;
  readonly score: number;
  /** Unique. */
  readonly at: number;
}

export type Row = Readonly<Record<string, unknown>>;

export class Upgraded {
  readonly on: Operated;
  readonly sent: Sent[] = [];
  private version = 0;
  private readonly workers: RtaProcess[] = [];

  constructor(env: Readonly<Record<string, string>>, name: string) {
    this.on = new Operated(env, name);
  }

  topic(name: string): string {
    return `${name}-${this.on.suffix}`;
  }

  private yaml({ doubled = false, best = false, least = 0, minutes = 1, k = 3 }: Shape): string {
    const sink = (name: string): string => `  ${name}: { from: ${name}, topic: ${this.topic(name)}, format: json }\n`;
    return `pipeline: ${this.on.pipeline}
source: { topic: ${this.on.in}, schema: event, time: at, format: json }
topics:
${['in', 'echo', 'totals', 'windows', 'board'].map((name) => `  ${this.topic(name)}: { partitions: 2 }\n`).join('')}late: drop
errors: fail
streams:
  echo:
    steps:
      - derive: { twice: ${doubled ? 'score * 2' : '0'} }
${doubled ? '' : '      - drop: twice\n'}  totals:
    steps:
      - groupBy: user
        aggregate:
          total: sum(score)
          count: count()
${best ? '          best: max(score)\n' : ''}  windows:
    steps:
      - filter: score >= ${String(least)}
      - groupBy: user
        window: { tumbling: ${String(minutes)}m }
        aggregate: { n: count() }
  board:
    from: totals
    steps:
      - topK: { k: ${String(k)}, by: [total desc, user], rank: place }
      - select: [place, user, total]
sinks:
${['echo', 'totals', 'windows', 'board'].map(sink).join('')}`;
  }

  /** Puts a version into the record, as `rta deploy` does; workers take it from there. */
  async deploy(shape: Shape, state: VersionDraft['state'], manual = false): Promise<void> {
    const { project, pipeline } = this.on;
    const files = {
      'pipelines/points.yaml': this.yaml(shape),
      'schemas/event.avsc': readFileSync(join(project.directory, 'schemas/event.avsc'), 'utf8'),
    };
    project.write('pipelines/points.yaml', files['pipelines/points.yaml']);
    if (state === 'rebuild') this.version++;
    const draft: VersionDraft = {
      pipeline,
      source: { path: 'pipelines/points.yaml', files, variables: {}, modules: {} },
      layouts: { state: String(this.version) },
      fingerprint: '',
      settings: {},
      topics: ['in', 'echo', 'totals', 'windows', 'board'].map((name) => this.topic(name)),
      summary: JSON.stringify(shape),
      state,
      manual,
    };
    await this.withLog(async (log) => {
      await new Deployments(log).change((now) => deployed(now.pipelines.get(pipeline) ?? null, draft, changedBy('test', Date.now())));
    });
  }

  /** Starts a worker process. */
  async worker(dir = '.rta'): Promise<RtaProcess> {
    const worker = spawnRta(['worker', '--json', '--dir', dir], { cwd: this.on.project.directory, env: this.on.env });
    this.workers.push(worker);
    await worker.printed(/"following"/);
    return worker;
  }

  /** Sends events until the signal comes: about 150 a second, on two partitions, in order on each. */
  async load(signal: AbortSignal): Promise<void> {
    await this.withLog(async (log) => {
      await log.ensureTopics([{ name: this.on.in, partitions: 2 }]);
      while (!signal.aborted) {
        await this.send(log, 6);
        await delay(40, undefined, { signal }).catch(() => undefined);
      }
    });
  }

  /** As that of `on`; opened again where its owner answers too late. */
  private async withLog(work: (log: Log) => Promise<void>): Promise<void> {
    let open: Log | null = null;
    await this.until(async () => (open = await this.on.openLog()) !== null, 'the log is opened');
    const log = open as unknown as Log;
    await work(log).finally(() => log.close());
  }

  private async send(log: Log, count: number): Promise<void> {
    const builders = [0, 1].map((partition) => new BatchBuilder(this.on.in, partition));
    for (let i = 0; i < count; i++) {
      const n = this.sent.length;
      const event = { user: `u${String((n * 7 + (n >> 3)) % 23)}`, score: (n * 13) % 40, at: START + n * 200 };
      const [key, value] = [Buffer.from(event.user), Buffer.from(JSON.stringify(event))];
      builders[n % 2].append(event.at, key, 0, key.length, value, 0, value.length, null);
      this.sent.push(event);
    }
    await log.append(builders.flatMap((builder) => builder.take()));
  }

  /** All rows that a topic ever got, in order by partition; without tombstones. */
  rows(name: string): Promise<Row[]> {
    return this.on.withLog(async (log) => {
      const rows: Row[] = [];
      for (const { partition, low, high } of await log.offsets(this.topic(name)))
        for await (const batch of log.read(this.topic(name), partition, low, high))
          for (const { value } of records(batch, low)) if (value !== null) rows.push(JSON.parse(Buffer.from(value).toString()) as Row);
      return rows;
    });
  }

  /** The rows that stand in a table. */
  async table(name: string): Promise<Row[]> {
    return Object.values(await this.on.table(this.topic(name))).filter((row): row is Row => row !== null);
  }

  /** What the tables must hold at the end, sorted as JSON. */
  expected({ best = false, least = 0, minutes = 1, k = 3 }: Shape): Record<'totals' | 'windows' | 'board', string[]> {
    const totals = new Map<string, { user: string; total: number; count: number; best: number }>();
    const windows = new Map<string, { user: string; start: number; n: number }>();
    for (const { user, score, at } of this.sent) {
      const total = totals.get(user) ?? { user, total: 0, count: 0, best: 0 };
      totals.set(user, { user, total: total.total + score, count: total.count + 1, best: Math.max(total.best, score) });
      if (score < least) continue;
      const start = at - (at % (minutes * 60_000));
      const window = windows.get(`${user} ${String(start)}`) ?? { user, start, n: 0 };
      windows.set(`${user} ${String(start)}`, { ...window, n: window.n + 1 });
    }
    const ranked = [...totals.values()].sort((a, b) => b.total - a.total || (a.user < b.user ? -1 : 1)).slice(0, k);
    return {
      totals: sorted([...totals.values()].map(({ best: most, ...row }) => (best ? { ...row, best: most } : row))),
      windows: sorted([...windows.values()]),
      board: sorted(ranked.map(({ user, total }, i) => ({ place: i + 1, user, total }))),
    };
  }

  /** What they hold, in the same form. */
  async found(): Promise<Record<'totals' | 'windows' | 'board', string[]>> {
    const windows = (await this.table('windows')).map(({ user, window_start: start, n }) => ({ user, start: timeOf(start), n }));
    return { totals: sorted(await this.table('totals')), windows: sorted(windows), board: sorted(await this.table('board')) };
  }

  /** As `rta ps` has it; the version that writes first. */
  ps(): Promise<Row[]> {
    return this.on.json('ps').then((lines) => lines.filter(({ pipeline }) => pipeline === this.on.pipeline));
  }

  /** Waits until the version is the only one, and runs. */
  async runs(version: number): Promise<void> {
    await this.until(
      async () => {
        const lines = await this.ps();
        return lines.length === 1 && lines[0]['version'] === version && (lines[0]['workers'] as unknown[]).length > 0;
      },
      `version ${String(version)} runs`,
    );
  }

  /** Looks until it is so, for a while; then says what the workers said. */
  async until(isSo: () => Promise<boolean>, what: string, timeoutMs = 240_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      // On a busy machine the owner of an embedded log may answer too late.
      if (await isSo().catch(() => false)) return;
      await delay(300);
    }
    for (const { child } of this.workers) child.kill('SIGKILL');
    const said = await Promise.all(this.workers.map(({ ended }) => ended));
    throw new Error(`it does not come to: ${what}\n${said.map(({ stdout, stderr }) => `${stdout}\n${stderr}`).join('\n---\n')}`);
  }
}

function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort();
}

export function timeOf(time: unknown): number {
  return typeof time === 'number' ? time : Date.parse(String(time));
}
