/** `kill -9` at random moments, and damage to the files: an acknowledged commit is there, whole, or opening or reading says what is lost. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LONG, reportFigure } from '@rta/tools';
import { Level } from 'level';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { openEmbeddedLog, ownEmbeddedLog } from '../../src/log/embedded/open.js';
import { type Log, LogError } from '../../src/log/log.js';
import { outputs } from './outputs.js';
import { collect } from './test-worker.js';

const KILLS = LONG ? 500 : 10;
const FLIPS = LONG ? 3000 : 60;
const dirs: string[] = [];

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'rta-crash-'));
  dirs.push(dir);
  return dir;
}

afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

interface Acknowledged {
  commit: number;
  append: number;
}

/** Runs the child for about `ms` from its first commit on, kills it, and says what it had acknowledged. */
async function runAndKill(dir: string, ms: number): Promise<Acknowledged> {
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', join(import.meta.dirname, 'crash-child.ts'), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the child ended by itself (${code})`)));
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
      if (text.startsWith('ready')) resolve();
    });
  });
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.kill('SIGKILL');
  await exited;
  const last = (word: string): number => Number([...text.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0);
  return { commit: last('commit'), append: last('append') };
}

const oneTo = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i + 1}`);
const values = async (log: Log, topic: string, partition: number): Promise<(string | null)[]> =>
  (await collect(log, topic, partition)).map((record) => record.value);

describe('the embedded log, killed', () => {
  it(`${KILLS} times at random moments, has every acknowledged commit, whole, and nothing else`, async () => {
    const dir = temporary();
    let before: Acknowledged = { commit: 0, append: 0 };
    for (let kill = 0; kill < KILLS; kill++) {
      const seen = await runAndKill(dir, Math.random() * 250);
      const acknowledged = { commit: Math.max(before.commit, seen.commit), append: Math.max(before.append, seen.append) };
      const log = await ownEmbeddedLog(dir, { checkEverything: true });
      const [{ offset, metadata }] = await log.groupOffsets('g', [{ topic: 'source', partition: 0 }]);
      const done = offset ?? 0;
      expect(done).toBeGreaterThanOrEqual(acknowledged.commit);
      expect(done).toBeLessThanOrEqual(acknowledged.commit + 1);
      expect(metadata).toBe(done === 0 ? '' : `m${done}`);
      expect(await values(log, 'a', 0)).toEqual(oneTo(done));
      expect(await values(log, 'a', 1)).toEqual(oneTo(done).flatMap((n) => Array.from({ length: n.length }, () => n)));
      expect(await values(log, 'b', 0)).toEqual(oneTo(done));
      const appended = await values(log, 'c', 0);
      expect(appended).toEqual(oneTo(appended.length));
      expect(appended.length).toBeGreaterThanOrEqual(acknowledged.append);
      expect(appended.length).toBeLessThanOrEqual(acknowledged.append + 1);
      await log.close();
      before = { commit: done, append: appended.length };
    }
    expect(before.commit).toBeGreaterThan(KILLS);
    reportFigure('log-kill', `${KILLS} times kill -9, ${before.commit} commits: 0 lost, 0 doubled, 0 torn`);
  }, 3_600_000);
});

/** Everything in the log, or the code of the LogError that opening or reading ended in. */
async function contents(dir: string): Promise<string> {
  let log: Log | null = null;
  try {
    log = await openEmbeddedLog(dir);
    const all: unknown[] = [await log.topics()];
    for (const { name, partitions } of await log.topics()) {
      all.push(await log.offsets(name));
      for (let p = 0; p < partitions; p++) {
        all.push(await collect(log, name, p));
        all.push(await log.groupOffsets('g', [{ topic: name, partition: p }]));
      }
    }
    return JSON.stringify(all);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return error.code;
  } finally {
    await log?.close();
  }
}

/** The files that hold data: the rest (LevelDB's LOG and LOCK, our socket and owner.json) are rewritten at each start. */
function dataFiles(dir: string): string[] {
  const own = readdirSync(dir).filter((name) => name.startsWith('commits-'));
  const level = readdirSync(join(dir, 'db')).filter((name) => !name.startsWith('LO'));
  return [...own, ...level.map((name) => join('db', name))].filter((name) => statSync(join(dir, name)).size > 0);
}

/** Of both kinds of files. */
const outcomes = { damaged: 0, detected: 0, harmless: 0 };

describe.each(['write-ahead log', 'tables'] as const)('the embedded log, damaged in its %s', (where) => {
  let original: string;
  let right: string;

  beforeAll(async () => {
    original = temporary();
    const log = await ownEmbeddedLog(original);
    await log.ensureTopics([
      { name: 'a', partitions: 2 },
      { name: 'source', partitions: 1 },
    ]);
    const member = await log.join({ group: 'g', topics: ['source'], transactionalId: 'tx' });
    const event = await member.next(1000);
    if (event?.type !== 'assigned') throw new Error('not assigned');
    for (let i = 0; i < 200; i++) {
      const rows = [{ key: `${i}`, value: `${i}`.repeat(20) }, { value: null }];
      const offsets = [{ topic: 'source', partition: 0, offset: i, metadata: `m${i}` }];
      await member.commit({ epoch: event.epoch, outputs: outputs('a', i % 2, rows), offsets });
    }
    await log.close();
    if (where === 'tables') {
      const db = new Level<Uint8Array, Uint8Array>(join(original, 'db'), {
        keyEncoding: 'view',
        valueEncoding: 'view',
        compression: false,
      });
      await db.open();
      // classic-level's own method, which `level` does not declare
      await (db as unknown as { compactRange(a: Uint8Array, b: Uint8Array): Promise<void> }).compactRange(
        Uint8Array.of(0),
        Uint8Array.of(255),
      );
      await db.close();
    }
    // On a copy: opening moves what is in the write-ahead log into a table.
    const copy = temporary();
    cpSync(original, copy, { recursive: true });
    right = await contents(copy);
    expect(right.length).toBeGreaterThan(10_000);
  });

  async function check(damage: (dir: string) => string): Promise<void> {
    const dir = temporary();
    cpSync(original, dir, { recursive: true });
    const what = damage(dir);
    outcomes.damaged++;
    const got = await contents(dir);
    rmSync(dir, { recursive: true, force: true });
    if (got === right) outcomes.harmless++;
    else {
      expect(got.slice(0, 200), what).toMatch(/^(corrupt|unsupported)$/);
      outcomes.detected++;
    }
  }

  it(`by ${FLIPS} flipped bits: detected or harmless, never another record (rule 25)`, async () => {
    for (let i = 0; i < FLIPS; i++) {
      await check((dir) => {
        const files = dataFiles(dir);
        // Mostly where the data is.
        const file =
          i % 3 === 0 ? files[i % files.length] : files.sort((x, y) => statSync(join(dir, y)).size - statSync(join(dir, x)).size)[0];
        const bytes = readFileSync(join(dir, file));
        const bit = Math.floor(Math.random() * bytes.length * 8);
        bytes[bit >> 3] ^= 1 << (bit & 7);
        writeFileSync(join(dir, file), bytes);
        return `bit ${bit} of ${file}`;
      });
    }
    expect(outcomes.detected).toBeGreaterThan(0);
  }, 3_600_000);

  it('by files that are cut short, emptied or gone: detected or harmless', async () => {
    for (const file of dataFiles(original)) {
      for (const part of [0, 0.3, 0.9, null]) {
        await check((dir) => {
          if (part === null) rmSync(join(dir, file));
          else truncateSync(join(dir, file), Math.floor(statSync(join(dir, file)).size * part));
          return `${file} cut to ${part}`;
        });
      }
    }
  }, 120_000);

  it('says which offsets are lost when the last commits are', async () => {
    if (where === 'tables') return;
    const dir = temporary();
    cpSync(original, dir, { recursive: true });
    const wal = dataFiles(dir).filter((name) => name.endsWith('.log')).sort().at(-1)!; // prettier-ignore
    truncateSync(join(dir, wal), Math.floor(statSync(join(dir, wal)).size / 2));
    const error = await ownEmbeddedLog(dir).catch((e: unknown) => e as LogError);
    expect(error).toBeInstanceOf(LogError);
    expect((error as LogError).message).toMatch(
      /commits \d+ to \d+ are lost.*offsets \d+ to 199 of a-0 are lost.*newer offsets of group g/,
    );
  });
});

test('all damage to logs together', () => {
  expect(outcomes.detected + outcomes.harmless).toBe(outcomes.damaged);
  reportFigure(
    'log-damage',
    `${outcomes.damaged} damaged logs: ${outcomes.detected} stopped with what is lost, ${outcomes.harmless} whole, 0 wrong records`,
  );
});
