/** What every StateStores keeps to, run on each implementation. */
import { StateStoreError, type StateStore, type StateStores } from '@rta/runtime';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

type Entry = readonly [Uint8Array, Uint8Array | null];

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A copy as a plain Uint8Array: a store may return a Buffer, which vitest tells apart. */
const plain = (value: Uint8Array | undefined): Uint8Array | undefined => (value === undefined ? undefined : new Uint8Array(value));

export async function contents(store: StateStore, from?: Uint8Array, to?: Uint8Array): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  for await (const [key, value] of store.range(from, to)) rows.push([Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex')]);
  return rows;
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof StateStoreError ? error.code : `not a StateStoreError: ${String(error)}`;
}

export function stateStoreContract(name: string, make: () => Promise<StateStores>): void {
  describe(`StateStores: ${name}`, () => {
    const opened = async (fingerprint = 'f1', task = '0_0', stores?: StateStores): Promise<StateStore> =>
      (stores ?? (await make())).open(task, fingerprint);

    test('a new store is empty and has no position', async () => {
      const store = await opened();
      expect(store.position()).toBeNull();
      expect(store.get(utf8('a'))).toBeUndefined();
      expect(await contents(store)).toEqual([]);
      await store.close();
    });

    test('gives back what was written, with its position, also when opened again', async () => {
      const stores = await make();
      const store = await opened('f1', '0_0', stores);
      await store.write([[utf8('a'), utf8('1')], [utf8('b'), bytes()], [bytes(), utf8('empty key')]], 7); // prettier-ignore
      for (const each of [store, null]) {
        const now = each ?? (await opened('f1', '0_0', stores));
        expect(now.position()).toBe(7);
        expect(plain(now.get(utf8('a')))).toEqual(utf8('1'));
        expect(plain(now.get(utf8('b')))).toEqual(bytes());
        expect(plain(now.get(bytes()))).toEqual(utf8('empty key'));
        expect(now.get(utf8('c'))).toBeUndefined();
        await now.close();
      }
    });

    test('the last entry of a key wins; null deletes', async () => {
      const store = await opened();
      await store.write([[utf8('a'), utf8('1')], [utf8('a'), utf8('2')], [utf8('b'), utf8('x')], [utf8('b'), null], [utf8('nothing'), null]], 1); // prettier-ignore
      expect(await contents(store)).toEqual([['61', '32']]);
      await store.write([[utf8('a'), null]], 2); // prettier-ignore
      expect(await contents(store)).toEqual([]);
      expect(store.position()).toBe(2);
      await store.close();
    });

    test('says how far a store goes without opening it, of that fingerprint', async () => {
      const stores = await make();
      expect(await stores.kept('0_0', 'f1')).toBeNull();
      for (const position of [7, 9]) {
        const store = await opened('f1', '0_0', stores);
        await store.write([[utf8('a'), utf8('1')]], position);
        await store.close();
        expect(await stores.kept('0_0', 'f1')).toBe(position);
      }
      expect(await stores.kept('0_0', 'f2')).toBeNull();
      const store = await opened('f1', '0_0', stores);
      await store.wipe();
      await store.close();
      expect(await stores.kept('0_0', 'f1')).toBeNull();
    });

    test('an empty batch moves the position', async () => {
      const stores = await make();
      const store = await opened('f1', '0_0', stores);
      await store.write([], 41);
      await store.close();
      const again = await opened('f1', '0_0', stores);
      expect(again.position()).toBe(41);
      await again.close();
    });

    test('keeps nothing of the buffers that it is given, and gives none that it keeps', async () => {
      const store = await opened();
      const key = utf8('key');
      const value = utf8('value');
      const writing = store.write([[key, value]], 1);
      await writing;
      key.fill(0);
      value.fill(0);
      const got = store.get(utf8('key'))!;
      expect(plain(got)).toEqual(utf8('value'));
      got.fill(9);
      expect(plain(store.get(utf8('key')))).toEqual(utf8('value'));
      await store.close();
    });

    test('ranges are in the order of unsigned bytes, from inclusive, to exclusive', async () => {
      const store = await opened();
      const keys = [bytes(0), bytes(0, 0), bytes(0x7f), bytes(0x80), bytes(0x80, 0), bytes(0xff), bytes(0xff, 0xff), bytes(1, 2, 3)];
      await store.write(keys.map((key): Entry => [key, key]), 1); // prettier-ignore
      const all = ['00', '0000', '010203', '7f', '80', '8000', 'ff', 'ffff'];
      const order = async (from?: Uint8Array, to?: Uint8Array): Promise<string[]> => (await contents(store, from, to)).map(([key]) => key);
      expect(await order()).toEqual(all);
      expect(await order(bytes(0x7f))).toEqual(all.slice(3));
      expect(await order(bytes(0x7f), bytes(0x80, 0))).toEqual(['7f', '80']);
      expect(await order(undefined, bytes(0))).toEqual([]);
      expect(await order(bytes(0xff, 0xff), bytes(0))).toEqual([]);
      await store.close();
    });

    test('a range left half way lets the store close, and shows the rows of its beginning', async () => {
      const store = await opened();
      await store.write(
        Array.from({ length: 5_000 }, (_, i): Entry => [utf8(String(i).padStart(5, '0')), utf8('old')]),
        1,
      );
      let seen = 0;
      for await (const [, value] of store.range()) {
        if (seen === 0) await store.write([[utf8('00001'), utf8('new')], [utf8('04999'), null]], 2); // prettier-ignore
        expect(plain(value)).toEqual(utf8('old'));
        if (++seen === 3) break;
      }
      expect(plain(store.get(utf8('00001')))).toEqual(utf8('new'));
      await store.close();
    });

    test('large keys and values', async () => {
      const stores = await make();
      const store = await opened('f1', '0_0', stores);
      const value = new Uint8Array(5_000_000).map((_, i) => (i * 31) >>> 3);
      const key = new Uint8Array(100_000).fill(3);
      await store.write([[key, value]], 1); // prettier-ignore
      await store.close();
      const again = await opened('f1', '0_0', stores);
      expect(Buffer.compare(again.get(key)!, value)).toBe(0);
      await again.close();
    });

    test('another fingerprint finds an empty store, and leaves one', async () => {
      const stores = await make();
      const first = await opened('f1', '0_0', stores);
      await first.write([[utf8('a'), utf8('1')]], 9); // prettier-ignore
      await first.close();
      const second = await opened('f2', '0_0', stores);
      expect(second.position()).toBeNull();
      expect(await contents(second)).toEqual([]);
      await second.close();
      const third = await opened('f1', '0_0', stores);
      expect(third.position()).toBeNull();
      await third.close();
    });

    test('tasks have stores of their own, whatever their ids', async () => {
      const stores = await make();
      const ids = ['0_0', '0_1', 'A', 'a', 'a/b', '../x', '..', 'ä', 'a%2fb'];
      const open = await Promise.all(ids.map((id) => stores.open(id, 'f')));
      await Promise.all(open.map((store, i) => store.write([[utf8('k'), utf8(ids[i])]], i))); // prettier-ignore
      open.forEach((store, i) => {
        expect(plain(store.get(utf8('k')))).toEqual(utf8(ids[i]));
        expect(store.position()).toBe(i);
      });
      for (const store of open) await store.close();
    });

    test('a store is open once at a time', async () => {
      const stores = await make();
      const store = await opened('f1', '0_0', stores);
      expect(await codeOf(stores.open('0_0', 'f1'))).toBe('locked');
      await store.close();
      await (await stores.open('0_0', 'f1')).close();
    });

    test('wipe empties it, and it goes on', async () => {
      const stores = await make();
      const store = await opened('f1', '0_0', stores);
      await store.write([[utf8('a'), utf8('1')]], 9); // prettier-ignore
      await store.wipe();
      expect(store.position()).toBeNull();
      expect(store.get(utf8('a'))).toBeUndefined();
      await store.write([[utf8('b'), utf8('2')]], 3); // prettier-ignore
      await store.close();
      const again = await opened('f1', '0_0', stores);
      expect(again.position()).toBe(3);
      expect(await contents(again)).toEqual([['62', '32']]);
      await again.close();
    });

    test('writes that are not awaited keep their order', async () => {
      const store = await opened();
      await Promise.all(Array.from({ length: 20 }, (_, i) => store.write([[utf8('k'), utf8(String(i))]], i))); // prettier-ignore
      expect(plain(store.get(utf8('k')))).toEqual(utf8('19'));
      expect(store.position()).toBe(19);
      await store.close();
    });

    test('entries that throw half way change nothing', async () => {
      const store = await opened();
      await store.write([[utf8('a'), utf8('1')]], 1); // prettier-ignore
      const torn = function* (): Generator<Entry> {
        yield [utf8('a'), utf8('2')];
        throw new RangeError('from the caller');
      };
      await expect(store.write(torn(), 2)).rejects.toThrow(RangeError);
      expect(plain(store.get(utf8('a')))).toEqual(utf8('1'));
      expect(store.position()).toBe(1);
      await store.write([[utf8('a'), utf8('3')]], 3); // prettier-ignore
      expect(plain(store.get(utf8('a')))).toEqual(utf8('3'));
      await store.close();
    });

    test('a closed store says so; closing twice is fine', async () => {
      const store = await opened();
      await store.write([[utf8('a'), utf8('1')]], 1); // prettier-ignore
      await store.close();
      await store.close();
      expect(await codeOf(Promise.resolve().then(() => store.get(utf8('a'))))).toBe('closed');
      expect(await codeOf(store.write([], 2))).toBe('closed');
      expect(await codeOf(contents(store))).toBe('closed');
      expect(await codeOf(store.wipe())).toBe('closed');
    });

    test('close waits for a write under way', async () => {
      const stores = await make();
      const store = await opened('f1', '0_0', stores);
      const writing = store.write(
        Array.from({ length: 20_000 }, (_, i): Entry => [utf8(`k${i}`), utf8('v')]),
        5,
      );
      const closing = store.close();
      await writing;
      await closing;
      const again = await opened('f1', '0_0', stores);
      expect(again.position()).toBe(5);
      expect((await contents(again)).length).toBe(20_000);
      await again.close();
    });

    test('says how large it is, about', async () => {
      const store = await opened();
      await store.write([[utf8('a'), Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * i * 7919) >>> 5))]], 1); // prettier-ignore
      const size = await store.sizeBytes();
      expect(size).toBeGreaterThan(90_000);
      expect(size).toBeLessThan(1_000_000);
      await store.close();
    });

    test('is a map with batches: the same as a Map, for random batches and reopenings', async () => {
      const key = fc.uint8Array({ maxLength: 3 });
      const entry = fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null }));
      const batches = fc.array(fc.record({ entries: fc.array(entry, { maxLength: 30 }), reopen: fc.boolean() }), { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(batches, key, key, async (steps, from, to) => {
          const stores = await make();
          let store = await stores.open('t', 'f');
          const model = new Map<string, string>();
          let position = 0;
          for (const { entries, reopen } of steps) {
            await store.write(entries, ++position);
            for (const [k, v] of entries) {
              if (v === null) model.delete(Buffer.from(k).toString('hex'));
              else model.set(Buffer.from(k).toString('hex'), Buffer.from(v).toString('hex'));
            }
            if (!reopen) continue;
            await store.close();
            store = await stores.open('t', 'f');
          }
          expect(store.position()).toBe(position === 0 ? null : position);
          const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
          expect(await contents(store)).toEqual(sorted);
          const [low, high] = [Buffer.from(from).toString('hex'), Buffer.from(to).toString('hex')];
          expect(await contents(store, from, to)).toEqual(sorted.filter(([k]) => k >= low && k < high));
          for (const [k, v] of sorted) expect(Buffer.from(store.get(Buffer.from(k, 'hex'))!).toString('hex')).toBe(v);
          await store.close();
        }),
        { numRuns: 25 },
      );
    });
  });
}
