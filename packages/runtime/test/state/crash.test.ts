import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openStateStores } from '@rta/state-rocks';
import { LONG, reportFigure } from '@rta/tools';
import { afterAll, expect, test } from 'vitest';
import { codeOf } from './contract.js';
import { contentsAt } from './writer-content.js';

const root = mkdtempSync(join(tmpdir(), 'rta-crash-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const KILLS = LONG ? 300 : 6;
const writer = join(import.meta.dirname, 'writer.ts');
const node = [process.execPath, '--conditions=source', '--import', 'tsx', writer];

interface Running {
  readonly pid: number;
  output(): string;
  kill(): void;
  readonly ended: Promise<void>;
}

function run(command: readonly string[]): Running {
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return { pid: child.pid!, output: () => output, kill: () => child.kill('SIGKILL'), ended };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !condition(); i++) await setTimeout(10);
  expect(condition()).toBe(true);
}

const lastPosition = (output: string): number =>
  Number(/(\d+)\n(?:failed|$)/.exec(output.slice(0, output.lastIndexOf('\n') + 1).slice(-200))?.[1] ?? 0);

async function expectRight(dir: string): Promise<number | null> {
  const reasons: string[] = [];
  const store = await openStateStores(dir, { onWipe: (_task, reason) => reasons.push(reason) }).open('t', 'f');
  const position = store.position();
  expect(reasons).toEqual([]); // a crash alone costs no state
  const expected = contentsAt(position ?? 0);
  const got = new Map<string, string>();
  for await (const [key, value] of store.range()) got.set(Buffer.from(key).toString(), Buffer.from(value).toString());
  expect(got).toEqual(new Map([...expected].sort(([a], [b]) => (a < b ? -1 : 1))));
  for (const [key, value] of expected) expect(Buffer.from(store.get(Buffer.from(key))!).toString()).toBe(value);
  await store.close();
  return position;
}

test(`${KILLS} kill -9 in the middle of writes: right as of the last batch, or the one under way`, { timeout: 1_800_000 }, async () => {
  let dir = '';
  let before = 0;
  let batches = 0;
  for (let i = 0; i < KILLS; i++) {
    // A store is killed five times, then another begins: what it must hold is computed from the first batch on.
    if (i % 5 === 0) {
      dir = mkdtempSync(join(root, 'kill-'));
      before = 0;
    }
    const process = run(node.concat(dir));
    await until(() => lastPosition(process.output()) > before);
    await setTimeout((i * 37) % 150);
    process.kill();
    await process.ended;
    const said = lastPosition(process.output());
    batches += Math.max(0, said - before);
    before = (await expectRight(dir))!;
    expect(before).toBeGreaterThanOrEqual(said);
    expect(before).toBeLessThanOrEqual(said + 1);
  }
  reportFigure('store-kill', `${KILLS} times kill -9 over ${batches} batches: 0 lost, 0 torn, 0 wiped`);
});

test('a store that another process has is locked, and free once that is gone', async () => {
  const dir = mkdtempSync(join(root, 'lock-'));
  const process = run(node.concat(dir));
  await until(() => lastPosition(process.output()) > 0);
  expect(await codeOf(openStateStores(dir, { lockWaitMs: 100 }).open('t', 'f'))).toBe('locked');
  const waiting = openStateStores(dir, { lockWaitMs: 20_000 }).open('t', 'f');
  await setTimeout(50);
  process.kill();
  const store = await waiting;
  expect(store.position()).toBeGreaterThan(0);
  await store.close();
  await expectRight(dir);
});

test('a full disk fails the write with `io`; what was written before stays right', async () => {
  const dir = mkdtempSync(join(root, 'full-'));
  // A file may grow to 128 KiB: stands for the end of the disk, without needing one.
  const process = run(['bash', '-c', `trap '' XFSZ; ulimit -f 128; exec "$@"`, 'bash', ...node, dir]);
  await Promise.race([process.ended, setTimeout(20_000)]);
  process.kill();
  expect(process.output()).toMatch(/failed io\n$/);
  const position = await expectRight(dir);
  expect(position).toBeGreaterThan(10);
  expect(position).toBeGreaterThanOrEqual(lastPosition(process.output()));
});
