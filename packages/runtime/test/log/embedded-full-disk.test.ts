/** The disk of the embedded log is full: the commit that finds no room fails, and every one acknowledged before is there. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LONG, reportFigure } from '@rta/tools';
import { afterAll, expect, it } from 'vitest';
import { ownEmbeddedLog } from '../../src/log/embedded/open.js';
import { collect } from './test-worker.js';

const root = mkdtempSync(join(tmpdir(), 'rta-full-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const DISKS = LONG ? 40 : 3;

/** Runs the child until it fails: no file may grow beyond `kib`. What it said, and what it failed with. */
async function runOnSmallDisk(dir: string, kib: number): Promise<{ readonly acknowledged: number; readonly error: string }> {
  const node = [process.execPath, '--conditions=source', '--import', 'tsx', join(import.meta.dirname, 'crash-child.ts'), dir];
  const child = spawn('bash', ['-c', `trap '' XFSZ; ulimit -f ${kib}; exec "$@"`, 'bash', ...node], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let error = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (error += data.toString()));
  const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  return { acknowledged: Number([...output.matchAll(/^commit (\d+)$/gm)].at(-1)?.[1] ?? 0), error };
}

it(`${DISKS} disks that are full at different bytes: an error, and nothing acknowledged is lost`, { timeout: 1_800_000 }, async () => {
  let commits = 0;
  for (let disk = 0; disk < DISKS; disk++) {
    const dir = join(root, String(disk));
    const { acknowledged, error } = await runOnSmallDisk(dir, 150 + disk * 37);
    expect(error).toMatch(/the embedded log could not be written|takes no writes any more/);
    expect(acknowledged).toBeGreaterThan(0);
    const log = await ownEmbeddedLog(dir, { checkEverything: true });
    const [{ offset }] = await log.groupOffsets('g', [{ topic: 'source', partition: 0 }]);
    expect(offset).toBeGreaterThanOrEqual(acknowledged);
    expect(offset).toBeLessThanOrEqual(acknowledged + 1);
    const values = (await collect(log, 'a', 0)).map(({ value }) => value);
    expect(values).toEqual(Array.from({ length: offset! }, (_, i) => String(i + 1)));
    await log.close();
    commits += acknowledged;
  }
  reportFigure('log-full', `${DISKS} full disks after ${commits} commits: each stopped with an error, 0 acknowledged commits lost`);
});
