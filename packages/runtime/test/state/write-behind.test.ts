import { StateStoreError, type OutputBatch, type StateStore } from '@rta/runtime';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { memoryStateStores } from '../../src/state/memory-store.js';
import { ChangelogEntries } from '../../src/state/changelog-entries.js';
import { WriteBehind, type WriteBehindOptions } from '../../src/state/write-behind.js';
import { contents } from './contract.js';

type Change = readonly [key: string | null, value: string | null];

function outputsOf(changes: readonly Change[], maxBytes?: number): OutputBatch[] {
  const builder = new BatchBuilder('changelog', 0, maxBytes);
  for (const [key, value] of changes) {
    const k = key === null ? null : Buffer.from(key);
    const v = value === null ? null : Buffer.from(value);
    builder.append(1_700_000_000_000, k, 0, k?.length ?? 0, v, 0, v?.length ?? 0, null);
  }
  return builder.take();
}

function batchesOf(changes: readonly Change[], maxBytes?: number): Uint8Array[] {
  return outputsOf(changes, maxBytes).map(({ batch }) => batch);
}

const rowsOf = async (store: StateStore): Promise<Record<string, string>> =>
  Object.fromEntries((await contents(store)).map((row) => row.map((hex) => Buffer.from(hex, 'hex').toString())));

/** A timer that fires when told to. */
function manualTimer(): { timer: NonNullable<WriteBehindOptions['timer']>; pending: Map<number, () => void>; fire(): void } {
  const pending = new Map<number, () => void>();
  let next = 0;
  return {
    pending,
    timer: (ms, run) => {
      const id = next++ * 1_000_000 + ms;
      pending.set(id, run);
      return () => pending.delete(id);
    },
    fire: () => {
      const due = [...pending.values()];
      pending.clear();
      for (const run of due) run();
    },
  };
}

/** A store whose writes wait until they are let through, or fail. */
function gated(store: StateStore): StateStore & { open(): void; fail(error: Error): void; readonly waiting: number } {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const gate: StateStore = {
    position: () => store.position(),
    get: (key) => store.get(key),
    range: (from, to) => store.range(from, to),
    sizeBytes: () => store.sizeBytes(),
    wipe: () => store.wipe(),
    close: () => store.close(),
    write: async (entries, position) => {
      await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
      await store.write(entries, position);
    },
  };
  return Object.assign(gate, {
    open: () => waiting.shift()!.resolve(),
    fail: (error: Error) => waiting.shift()!.reject(error),
    get waiting() {
      return waiting.length;
    },
  });
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const newStore = (): Promise<StateStore> => memoryStateStores().open('t', 'f');

describe('ChangelogEntries', () => {
  test('the newest record of each key, deletions as null, null keys left out', () => {
    const batches = [
      ...batchesOf([['a', '1'], ['b', '1'], [null, 'x'], ['', 'empty']]), // prettier-ignore
      ...batchesOf([['a', '2'], ['b', null], ['c', null]]), // prettier-ignore
      ...batchesOf([['c', '3'], ['a', '']]), // prettier-ignore
    ];
    const shown = (newestOnly: boolean) => {
      const entries = new ChangelogEntries(batches, newestOnly);
      const rows = [...entries].map(([key, value]) => [Buffer.from(key).toString(), value && Buffer.from(value).toString()]);
      expect([entries.records, entries.entries]).toEqual([8, rows.length]);
      return rows;
    };
    expect(shown(true)).toEqual([['a', ''], ['b', null], ['', 'empty'], ['c', '3']]); // prettier-ignore
    expect(shown(false)).toEqual([['a', '1'], ['b', '1'], ['', 'empty'], ['a', '2'], ['b', null], ['c', null], ['c', '3'], ['a', '']]); // prettier-ignore
  });

  test('several batches in one buffer, and batches cut by size', () => {
    const changes = Array.from({ length: 3_000 }, (_, i): Change => [`k${i % 700}`, `v${i}`]);
    const cut = batchesOf(changes, 2_000);
    expect(cut.length).toBeGreaterThan(10);
    for (const batches of [cut, [Buffer.concat(cut)], batchesOf(changes)]) {
      const entries = [...new ChangelogEntries(batches, true)];
      expect(entries.length).toBe(700);
      expect([...new ChangelogEntries(batches, false)].length).toBe(3_000);
      for (const [key, value] of entries) {
        const i = Number(Buffer.from(key).toString().slice(1));
        expect(Buffer.from(value!).toString()).toBe(`v${2_999 - ((2_999 - i) % 700)}`);
      }
    }
  });

  test('equals a Map, for random changes', () => {
    const change = fc.tuple(fc.string({ maxLength: 3 }), fc.option(fc.string({ maxLength: 8 }), { nil: null }));
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 60 }), { maxLength: 8 }), fc.boolean(), (commits, newestOnly) => {
        const expected = new Map<string, string | null>();
        for (const [key, value] of commits.flat()) expected.set(key, value);
        const got = [
          ...new ChangelogEntries(
            commits.flatMap((commit) => batchesOf(commit)),
            newestOnly,
          ),
        ];
        expect(new Map(got.map(([k, v]) => [Buffer.from(k).toString(), v && Buffer.from(v).toString()]))).toEqual(expected);
      }),
    );
  });

  test('bytes that are no batch are an error, whatever is wrong with them', () => {
    const [batch] = batchesOf([['a', '1'], ['b', '2']]); // prettier-ignore
    for (let length = 1; length < batch.length; length++)
      for (const newestOnly of [true, false]) expect(() => [...new ChangelogEntries([batch.slice(0, length)], newestOnly)]).toThrow();
    const compressed = batch.slice();
    compressed[22] |= 1;
    expect(() => [...new ChangelogEntries([compressed], true)]).toThrow('is compressed');
    const random = fc.tuple(fc.nat(batch.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(random, ([at, xor]) => {
        const flipped = batch.slice();
        flipped[at] ^= xor;
        try {
          expect([...new ChangelogEntries([flipped], true)].length).toBeLessThanOrEqual(2);
        } catch (error) {
          expect((error as Error).name).toBe('LogError');
        }
      }),
    );
  });
});

describe('WriteBehind', () => {
  test('stores nothing before its time, then the newest of all commits, and says up to which', async () => {
    const store = await newStore();
    const clock = manualTimer();
    const stored: number[] = [];
    const behind = new WriteBehind(store, { timer: clock.timer, onStored: (commit) => stored.push(commit) });
    behind.add(outputsOf([['a', '1'], ['b', '1']]), 2, 1); // prettier-ignore
    behind.add(outputsOf([['a', '2'], ['b', null]]), 4, 2); // prettier-ignore
    await settle();
    expect(store.position()).toBeNull();
    expect(clock.pending.size).toBe(1);
    clock.fire();
    await settle();
    expect(await rowsOf(store)).toEqual({ a: '2' });
    expect(store.position()).toBe(4);
    expect(stored).toEqual([2]);
    expect(behind.stored).toBe(2);
    expect(behind.heldBytes).toBe(0);
    expect(clock.pending.size).toBe(0);
  });

  test('a commit without changes still moves the position', async () => {
    const store = await newStore();
    const behind = new WriteBehind(store, { flushMs: null });
    behind.add([], 17, 1);
    await behind.flush();
    expect(store.position()).toBe(17);
  });

  test('begins to write when enough bytes are there', async () => {
    const store = await newStore();
    const behind = new WriteBehind(store, { flushMs: null, flushBytes: 1_000 });
    behind.add(outputsOf([['a', 'x'.repeat(500)]]), 1, 1); // prettier-ignore
    await settle();
    expect(behind.stored).toBeNull();
    behind.add(outputsOf([['b', 'x'.repeat(500)]]), 2, 2); // prettier-ignore
    await settle();
    expect(behind.stored).toBe(2);
  });

  test('flushes are written as they are while hardly a key has two records in one, and what is stored is the same', async () => {
    const store = await newStore();
    const written: number[] = [];
    const counting: StateStore = {
      ...gated(store),
      position: () => store.position(),
      write: (entries, position) => {
        const rows = [...entries];
        written.push(rows.length);
        return store.write(rows, position);
      },
    };
    const behind = new WriteBehind(counting, { flushMs: null });
    const expected = new Map<string, string>();
    const distinct = Array.from({ length: 10_000 }, (_, i): Change => [`k${i}`, 'first']);
    const doubled = Array.from({ length: 20 }, (_, i): Change => [`k${i % 5}`, i % 5 === 4 && i > 15 ? null : `v${i}`]);
    for (let flush = 1; flush <= 10; flush++) {
      const changes = flush === 2 ? distinct : doubled;
      for (const [key, value] of changes) {
        if (value === null) expected.delete(key!);
        else expected.set(key!, value);
      }
      behind.add(outputsOf(changes), flush, flush);
      await behind.flush();
      expect(await rowsOf(store)).toEqual(Object.fromEntries(expected));
    }
    // The first one has too few records to tell; after seven as they are it is looked again.
    expect(written).toEqual([5, 10_000, 20, 20, 20, 20, 20, 20, 20, 5]);
  });

  test('what comes during a write is not in it: its commit is stored by the next (rule 21)', async () => {
    const store = gated(await newStore());
    const stored: number[] = [];
    const behind = new WriteBehind(store, { flushMs: null, onStored: (commit) => stored.push(commit) });
    behind.add(outputsOf([['k', 'old']]), 1, 1); // prettier-ignore
    const first = behind.flush();
    await settle();
    behind.add(outputsOf([['k', 'new']]), 2, 2); // prettier-ignore
    store.open();
    await first;
    expect(stored).toEqual([1]);
    expect(store.position()).toBe(1);
    expect(await rowsOf(store)).toEqual({ k: 'old' });
    const second = behind.flush();
    await settle();
    store.open();
    await second;
    expect(stored).toEqual([1, 2]);
    expect(await rowsOf(store)).toEqual({ k: 'new' });
  });

  test('room() waits while too much is held, so that memory has a bound', async () => {
    const store = gated(await newStore());
    const behind = new WriteBehind(store, { flushMs: null, flushBytes: 1_000, maxBytes: 2_000 });
    const kilobyte = outputsOf([['k', 'x'.repeat(1_000)]]); // prettier-ignore
    behind.add(kilobyte, 1, 1);
    await behind.room();
    behind.add(kilobyte, 2, 2);
    let room = false;
    const waiting = behind.room().then(() => (room = true));
    await settle();
    expect(room).toBe(false);
    store.open();
    await settle();
    expect(room).toBe(true); // one kilobyte is being written, none collected
    await waiting;
    expect(behind.heldBytes).toBeLessThan(2_000);
    store.open();
    await behind.close();
  });

  test('close stores what is there; afterwards it refuses', async () => {
    const store = await newStore();
    const clock = manualTimer();
    const behind = new WriteBehind(store, { timer: clock.timer });
    behind.add(outputsOf([['a', '1']]), 1, 1); // prettier-ignore
    await behind.close();
    await behind.close();
    expect(store.position()).toBe(1);
    expect(clock.pending.size).toBe(0);
    expect(() => behind.add([], 2, 2)).toThrow(StateStoreError);
  });

  test('abandon drops what is not stored', async () => {
    const store = gated(await newStore());
    const behind = new WriteBehind(store, { flushMs: null });
    behind.add(outputsOf([['a', '1']]), 1, 1); // prettier-ignore
    const flushing = behind.flush();
    await settle();
    behind.add(outputsOf([['a', '2']]), 2, 2); // prettier-ignore
    const abandoned = behind.abandon();
    store.open();
    await Promise.all([abandoned, flushing]);
    expect(store.position()).toBe(1);
    expect(await rowsOf(store)).toEqual({ a: '1' });
    expect(store.waiting).toBe(0);
  });

  test('a failed write is reported once, never called stored, and all later calls fail with it', async () => {
    const store = gated(await newStore());
    const clock = manualTimer();
    const errors: unknown[] = [];
    const stored: number[] = [];
    const behind = new WriteBehind(store, {
      timer: clock.timer,
      onError: (error) => errors.push(error),
      onStored: (commit) => stored.push(commit),
    });
    behind.add(outputsOf([['a', '1']]), 1, 1); // prettier-ignore
    clock.fire();
    await settle();
    behind.add(outputsOf([['a', '2']]), 2, 2); // prettier-ignore
    const full = new StateStoreError('io', 'no space left on device');
    store.fail(full);
    await settle();
    expect(errors).toEqual([full]);
    expect(stored).toEqual([]);
    expect(() => behind.add([], 3, 3)).toThrow(full);
    await expect(behind.flush()).rejects.toBe(full);
    await expect(behind.close()).rejects.toBe(full);
    expect(store.waiting).toBe(0);
    expect(clock.pending.size).toBe(0);
  });
});
