/** Whatever happens to a store's files, it opens empty, or right as of its position: never with a wrong or missing row. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { StateStore } from '@rta/runtime';
import { openStateStores } from '@rta/state-rocks';
import { LONG, reportFigure } from '@rta/tools';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from './contract.js';

const root = mkdtempSync(join(tmpdir(), 'rta-damage-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const FLIPS = LONG ? 400 : 25;
const BATCHES = 400;
const KEYS = 900;
const SMALL = { writeBufferBytes: 64 << 10, lockWaitMs: 200 };

/** Of numbers below `n`, the same ones each time. */
function random(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const keyOf = (i: number): Buffer => Buffer.from(`player-${i}`);

/** What the store holds after each batch, by position. */
class History {
  readonly #changes: { key: string; value: string | null }[][] = [[]];

  async grow(store: StateStore, seed: number): Promise<void> {
    const pick = random(seed);
    for (let i = 0; i < BATCHES; i++) {
      const position = this.#changes.length;
      const changes = Array.from({ length: 1 + pick(30) }, () => {
        const value = pick(6) === 0 ? null : `${position}:${'x'.repeat(pick(120))}${pick(1e9)}`;
        return { key: keyOf(pick(KEYS)).toString(), value };
      });
      this.#changes.push(changes);
      await store.write(
        changes.map(({ key, value }) => [Buffer.from(key), value === null ? null : Buffer.from(value)] as const),
        position,
      );
    }
  }

  at(position: number | null): Map<string, string> {
    const rows = new Map<string, string>();
    for (const change of position === null ? [] : this.#changes.slice(0, position + 1).flat()) {
      if (change.value === null) rows.delete(change.key);
      else rows.set(change.key, change.value);
    }
    return rows;
  }

  get last(): number {
    return this.#changes.length - 1;
  }
}

async function expectRight(store: StateStore, history: History, what: string): Promise<void> {
  const expected = history.at(store.position());
  const scanned = new Map<string, string>();
  for await (const [key, value] of store.range()) scanned.set(Buffer.from(key).toString(), Buffer.from(value).toString());
  expect(scanned.size, `${what}: rows at position ${store.position()}`).toBe(expected.size);
  for (let i = 0; i < KEYS; i++) {
    const key = keyOf(i).toString();
    const got = store.get(keyOf(i));
    const text = got === undefined ? undefined : Buffer.from(got).toString();
    if (text !== expected.get(key) || scanned.get(key) !== expected.get(key))
      expect.fail(
        `${what}: ${key} at position ${store.position()} is ${text} by get, ${scanned.get(key)} by range, not ${expected.get(key)}`,
      );
  }
}

/** Of both kinds of stores. */
let damaged = 0;
let wiped = 0;
let right = 0;

describe.each(['closed', 'crashed'] as const)('a store that was %s', (how) => {
  const history = new History();
  const original = join(root, how);

  beforeAll(async () => {
    const live = join(root, `${how}-live`);
    const stores = openStateStores(live, SMALL);
    let store = await stores.open('t', 'f');
    await history.grow(store, 1);
    await store.close();
    store = await stores.open('t', 'f');
    await history.grow(store, 2);
    if (how === 'closed') await store.close();
    else await setTimeout(300); // let compactions end: the copy is not made in one moment
    cpSync(live, original, { recursive: true }); // what the disk has after a kill: all files as they are
    if (how === 'crashed') await store.close();
    const files = readdirSync(join(original, 't'));
    expect(files.filter((name) => name.endsWith('.ldb')).length).toBeGreaterThan(0);
  });

  /** Opens a copy in which `damage` was done; true when it was kept. */
  const opens = async (what: string, damage: (dir: string) => void): Promise<boolean> => {
    const copy = mkdtempSync(join(root, 'copy-'));
    mkdirSync(join(copy, 't'));
    for (const name of readdirSync(join(original, 't'))) copyFileSync(join(original, 't', name), join(copy, 't', name));
    damage(join(copy, 't'));
    damaged++;
    const reasons: string[] = [];
    const stores = openStateStores(copy, { ...SMALL, onWipe: (_task, reason) => reasons.push(reason) });
    const store = await stores.open('t', 'f');
    await expectRight(store, history, what);
    const kept = store.position() !== null;
    expect(reasons.length, `${what}: ${reasons.join()}`).toBe(kept ? 0 : 1);
    // It works on, and what is written then is there after opening it again.
    await store.write([[keyOf(1), Buffer.from('after')]], 1_000_000);
    await store.close();
    const again = await stores.open('t', 'f');
    expect(again.position()).toBe(1_000_000);
    expect(Buffer.from(again.get(keyOf(1))!).toString()).toBe('after');
    await again.close();
    rmSync(copy, { recursive: true, force: true });
    if (kept) right++;
    else wiped++;
    return kept;
  };

  test('opens as it is', async () => {
    expect(await opens('undamaged', () => undefined)).toBe(true);
  });

  test('each file deleted in turn', async () => {
    for (const name of readdirSync(join(original, 't'))) await opens(`${name} deleted`, (dir) => rmSync(join(dir, name)));
  });

  test('each file truncated in turn', async () => {
    const pick = random(3);
    for (const name of readdirSync(join(original, 't'))) {
      const { size } = statSync(join(original, 't', name));
      for (const length of new Set([0, 1, size >> 1, size - 1, pick(size + 1), pick(size + 1), pick(size + 1)])) {
        if (length >= 0 && length < size)
          await opens(`${name} cut to ${length} of ${size}`, (dir) => truncateSync(join(dir, name), length));
      }
    }
  });

  test('a bit flipped in each file in turn', { timeout: 1_800_000 }, async () => {
    const pick = random(4);
    for (const name of readdirSync(join(original, 't'))) {
      const bytes = readFileSync(join(original, 't', name));
      for (let i = 0; i < FLIPS && bytes.length > 0; i++) {
        const at = pick(bytes.length);
        const bit = pick(8);
        await opens(`${name} byte ${at} bit ${bit}`, (dir) => {
          const flipped = Buffer.from(bytes);
          flipped[at] ^= 1 << bit;
          writeFileSync(join(dir, name), flipped);
        });
      }
    }
  });

  test('a sector of each file zeroed, or replaced by one of another file', async () => {
    const pick = random(5);
    const names = readdirSync(join(original, 't'));
    for (const name of names) {
      const bytes = readFileSync(join(original, 't', name));
      if (bytes.length === 0) continue;
      for (let i = 0; i < 6; i++) {
        const at = pick(bytes.length) & ~511;
        const other = readFileSync(join(original, 't', names[pick(names.length)]));
        await opens(`${name} sector at ${at}`, (dir) => {
          const torn = Buffer.from(bytes);
          if (i % 2 === 0) torn.fill(0, at, Math.min(at + 512, torn.length));
          else other.copy(torn, at, 0, 512);
          writeFileSync(join(dir, name), torn);
        });
      }
    }
  });

  test('each file replaced by an older one of its own', async () => {
    // The manifest cut at each of its records: LevelDB takes what is left for the whole.
    const name = readdirSync(join(original, 't')).find((file) => file.startsWith('MANIFEST-'))!;
    const bytes = readFileSync(join(original, 't', name));
    for (let at = 0; at + 7 <= bytes.length;) {
      const cut = at;
      await opens(`${name} cut to its record at ${cut}`, (dir) => truncateSync(join(dir, name), cut));
      at += 7 + bytes.readUInt16LE(at + 4);
    }
  });
});

test('all damage together', () => {
  expect(right + wiped).toBe(damaged);
  reportFigure('store-damage', `${damaged} damaged stores: ${wiped} found damaged and wiped, ${right} harmless and right, 0 wrong rows`);
});

describe('what is not a damaged store', () => {
  test('a directory with files of others: they stay', async () => {
    const dir = mkdtempSync(join(root, 'foreign-'));
    mkdirSync(join(dir, 't', 'sub'), { recursive: true });
    writeFileSync(join(dir, 't', 'letter.txt'), 'keep me');
    writeFileSync(join(dir, 't', 'CURRENT'), 'not LevelDB');
    const store = await openStateStores(dir).open('t', 'f');
    expect(store.position()).toBeNull();
    await store.wipe();
    await store.close();
    expect(readFileSync(join(dir, 't', 'letter.txt'), 'utf8')).toBe('keep me');
    expect(readdirSync(join(dir, 't'))).toContain('sub');
  });

  test('a LevelDB of someone else is wiped', async () => {
    const dir = mkdtempSync(join(root, 'other-'));
    const other = await openStateStores(dir).open('a', 'f');
    await other.write([[Buffer.from('k'), Buffer.from('v')]], 5); // prettier-ignore
    await other.close();
    cpSync(join(dir, 'a'), join(dir, 'b'), { recursive: true });
    const reasons: string[] = [];
    const store = await openStateStores(dir, { onWipe: (_task, reason) => reasons.push(reason) }).open('b', 'g');
    expect(store.position()).toBeNull();
    expect(reasons).toEqual(['it belongs to another pipeline, stage, partition or state layout']);
    await store.close();
  });

  test('a store last written half a week ago is wiped (rule 24)', async () => {
    const dir = mkdtempSync(join(root, 'old-'));
    let now = Date.UTC(2026, 0, 1);
    const stores = openStateStores(dir, { now: () => now });
    const store = await stores.open('t', 'f');
    await store.write([[Buffer.from('k'), Buffer.from('v')]], 5); // prettier-ignore
    await store.close();
    now += 3.5 * 86_400_000;
    const young = await stores.open('t', 'f');
    expect(young.position()).toBe(5);
    await young.close();
    now += 1;
    const old = await stores.open('t', 'f');
    expect(old.position()).toBeNull();
    await old.close();
  });

  test('a place that cannot be a directory: io', async () => {
    const dir = mkdtempSync(join(root, 'file-'));
    writeFileSync(join(dir, 't'), 'a file');
    expect(await codeOf(openStateStores(dir).open('t', 'f'))).toBe('io');
    expect(readFileSync(join(dir, 't'), 'utf8')).toBe('a file');
  });
});
