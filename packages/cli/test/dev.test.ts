/** `rta dev`: edits take effect while events come in, with the state kept where it can be. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../src/exit-codes.js';
import { ndjson, ROOT, rta, spawnRta, temporaryDirectory, type RtaProcess } from './support/cli.js';

const PATIENCE_MS = 60_000;

const pipeline = (steps: string, derived: string): string => `pipeline: totals
source: { topic: user-score, key: user_id, schema: user_score, time: event_time_millis }
steps:
${steps}  - groupBy: team_id
    aggregate: { total: sum(score), n: count() }
  - derive: { more: ${derived} }
sink: { topic: totals }
`;

interface Row {
  readonly team_id: string;
  readonly total: number;
  readonly n: number;
  readonly more: number;
}

/** A project, and `rta dev` in it. */
class Developer {
  readonly cwd = temporaryDirectory();
  private process: RtaProcess | undefined;
  private output = '';

  constructor() {
    for (const directory of ['pipelines', 'schemas']) mkdirSync(join(this.cwd, directory));
    copyFileSync(join(ROOT, 'schemas/user_score.avsc'), join(this.cwd, 'schemas/user_score.avsc'));
  }

  edit(text: string): void {
    writeFileSync(join(this.cwd, 'pipelines/totals.yaml'), text);
  }

  start(): void {
    this.output = '';
    this.process = spawnRta(['dev', '--json', '--http', '0'], { cwd: this.cwd });
    this.process.child.stdout!.on('data', (text: string) => (this.output += text));
  }

  async stop(): Promise<number | null> {
    this.process!.child.kill('SIGTERM');
    return (await this.process!.ended).code;
  }

  async generate(count: number): Promise<void> {
    const { code, stderr } = await rta(['generate', 'leaderboards', '--count', String(count), '--rate', '0', '--seed', '5'], {
      cwd: this.cwd,
    });
    expect(code, stderr).toBe(0);
  }

  said(): readonly Record<string, unknown>[] {
    return ndjson(this.output.slice(0, this.output.lastIndexOf('\n') + 1));
  }

  /** What became of the state, edit by edit. */
  fates(): unknown[] {
    return this.said().flatMap(({ state }) => (state === undefined ? [] : [state]));
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}\n${this.output.slice(-3000)}`);
      await delay(100);
    }
  }

  /** The rows of the sink, by team, the newest of each. */
  async rows(): Promise<Row[]> {
    const { stdout } = await rta(['tail', 'totals', '--from', 'beginning', '--json'], { cwd: this.cwd });
    const rows = new Map<string, Row | null>();
    for (const { key, value } of ndjson(stdout) as { readonly key?: unknown; readonly value?: { readonly value: Row } | null }[])
      if (key !== undefined) rows.set(JSON.stringify(key), value?.value ?? null);
    return [...rows.values()].filter((row) => row !== null);
  }

  async untilCounted(n: number): Promise<readonly Row[]> {
    let rows: readonly Row[] = [];
    await this.until(`${n} events are counted`, async () => {
      rows = await this.rows();
      return rows.reduce((sum, row) => sum + row.n, 0) === n;
    });
    return rows;
  }
}

describe('rta dev', () => {
  it('keeps state over edits where it can, says where it cannot, and survives mistakes', { timeout: 240_000 }, async () => {
    const developer = new Developer();
    developer.edit(pipeline('', 'total * 2'));
    developer.start();
    await developer.until('it runs', () => developer.said().some(({ started }) => started !== undefined));
    expect(developer.fates()).toEqual(['new']);
    await developer.generate(2000);
    for (const row of await developer.untilCounted(2000)) expect(row.more).toBe(row.total * 2);

    developer.edit(pipeline('', 'total * 3'));
    await developer.until('the edit is there', () => developer.fates().length === 2);
    expect(developer.fates()[1]).toBe('kept');
    await developer.generate(1000);
    const kept = await developer.untilCounted(3000);
    expect(kept.some((row) => row.more === row.total * 3)).toBe(true);

    developer.edit(pipeline('', 'totla * 3'));
    await developer.until('the mistake is told', () => developer.said().some(({ error }) => error !== undefined));
    await developer.generate(500);
    await developer.untilCounted(3500);
    expect(developer.fates()).toHaveLength(2);

    developer.edit(pipeline('  - filter: score >= 0\n', 'total * 4'));
    await developer.until('the edit is there', () => developer.fates().length === 3);
    expect(developer.fates()[2]).toBe('rebuilt');
    for (const row of await developer.untilCounted(3500)) expect(row.more).toBe(row.total * 4);
    expect(await developer.stop()).toBe(EXIT_CODES.interrupted.code);

    // What was edited while nothing ran is noticed too.
    developer.edit(pipeline('  - filter: score >= 1\n', 'total * 4'));
    developer.start();
    await developer.until('it runs again', () => developer.fates().length === 1);
    expect(developer.fates()).toEqual(['rebuilt']);
    expect(await developer.stop()).toBe(EXIT_CODES.interrupted.code);
  });
});
