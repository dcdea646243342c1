/** Not a benchmark: prints what one store does here, and fails only where something has gone badly wrong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStateStores } from '@rta/state-rocks';
import { expect, test } from 'vitest';

const ROWS = 200_000;
const BATCHES = 4;

test('200,000 rows of 124 bytes: write, overwrite, get, scan, open', { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rta-speed-'));
  const figures: string[] = [];
  const measure = async (what: string, work: () => void | Promise<void>): Promise<void> => {
    const start = performance.now();
    await work();
    const ms = performance.now() - start;
    figures.push(`${what} ${Math.round(ROWS / ms)}k rows/s`);
    expect(ms).toBeLessThan(60_000);
  };
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const key = Buffer.alloc(24);
    key.write(`user-${(i * 7_919) % ROWS}`);
    const value = Buffer.alloc(100);
    for (let j = 0; j < 100; j++) value[j] = Math.imul(i * 31 + j, 2_654_435_761) >>> 23;
    return [key, value] as const;
  });
  const stores = openStateStores(dir);
  let store = await stores.open('t', 'f');
  let position = 0;
  const writeAll = async (): Promise<void> => {
    for (let i = 0; i < BATCHES; i++) await store.write(rows.slice((i * ROWS) / BATCHES, ((i + 1) * ROWS) / BATCHES), ++position);
  };
  await measure('write', writeAll);
  await measure('overwrite', writeAll);
  await measure('get', () => {
    for (const [key] of rows) if (store.get(key) === undefined) expect.fail('a row is missing');
  });
  await measure('scan', async () => {
    let count = 0;
    for await (const _ of store.range()) count++;
    expect(count).toBe(ROWS);
  });
  const bytes = await store.sizeBytes();
  await store.close();
  await measure('open and verify', async () => {
    store = await stores.open('t', 'f');
  });
  expect(store.position()).toBe(position);
  await store.close();
  rmSync(dir, { recursive: true });
  console.log(`LevelDB state store: ${figures.join(', ')}; ${Math.round(bytes / 1e6)} MB on disk`);
});
