import { describe, expect, it } from 'vitest';
import { BytesMap } from '../../src/kernel/run/bytes-map.js';
import { randomOf } from '../simulation/scheduler.js';

interface Entry {
  readonly key: Uint8Array;
  readonly name: string;
}

const encoder = new TextEncoder();

describe('BytesMap', () => {
  it('finds what a Map of the same keys has, however it grows and shrinks', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const draw = randomOf(seed);
      const map = new BytesMap<Entry>();
      const model = new Map<string, Entry>();
      const keys = 1 + draw(400);
      for (let i = 0; i < 4000; i++) {
        // More come than go, then the other way round.
        const name = `k${draw(keys)}`;
        const bytes = encoder.encode(`..${name}.`);
        const found = map.get(bytes, 2, bytes.length - 1);
        expect(found).toBe(model.get(name));
        if (found === undefined && draw(10) < (i < 2000 ? 9 : 1)) {
          const entry = { key: encoder.encode(name), name };
          map.add(entry);
          model.set(name, entry);
        } else if (found !== undefined && draw(10) < (i < 2000 ? 2 : 9)) {
          map.delete(found);
          model.delete(name);
        }
        expect(map.size).toBe(model.size);
      }
      expect([...map.values()].map(({ name }) => name).sort()).toEqual([...model.keys()].sort());
      for (const entry of model.values()) map.delete(entry);
      expect([...map.values()]).toEqual([]);
    }
  });

  it('tells keys apart of which one is the beginning of the other, and the empty one', () => {
    const map = new BytesMap<Entry>();
    for (const name of ['', 'a', 'ab']) map.add({ key: encoder.encode(name), name });
    const bytes = encoder.encode('abc');
    expect([0, 1, 2, 3].map((end) => map.get(bytes, 0, end)?.name)).toEqual(['', 'a', 'ab', undefined]);
  });
});
