import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANGED, DIRTY, GroupTable } from '../../src/state/group-table.js';
import { compareBytes, hashBytes } from '../../src/state/group-table-hash.js';
import { blobField, FLAGS, KEY_LENGTH } from '../../src/state/group-table-rows.js';

const LAYOUT = { init: Float64Array.of(0, -1), blobs: 1, sides: 1 };
const BLOB = blobField(0);

/** Short keys stand in the row, long ones in the arena. */
const key = fc.oneof(
  fc.nat(40).map(String),
  fc.nat(40).map((n) => `a key that is longer than sixteen bytes ${n}`),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key, add: fc.integer(), blob: fc.string({ maxLength: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
);

interface Model {
  sum: number;
  blob: string;
}

function find(table: GroupTable, text: string): number {
  const bytes = Buffer.from(`..${text}`);
  return table.find(hashBytes(bytes, 2, bytes.length), bytes, 2, bytes.length);
}

function insert(table: GroupTable, text: string): number {
  const bytes = Buffer.from(`.${text}`);
  return table.insert(hashBytes(bytes, 1, bytes.length), bytes, 1, bytes.length);
}

function keyOf(table: GroupTable, slot: number): string {
  const start = table.keyStart(slot);
  return Buffer.from(table.keyBytes(slot).subarray(start, start + table.meta[slot * table.metaStride + KEY_LENGTH])).toString();
}

function blobOf(table: GroupTable, slot: number): string {
  const m = slot * table.metaStride + BLOB;
  return Buffer.from(table.arena.subarray(table.meta[m], table.meta[m] + table.meta[m + 1])).toString();
}

describe('GroupTable', () => {
  it('is a map from keys to values, whatever is put in and taken out', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new GroupTable(LAYOUT);
        const model = new Map<string, Model>();
        for (const s of steps) {
          if (s.do === 'clear') {
            table.clear();
            model.clear();
          } else if (s.do === 'remove') {
            const slot = find(table, s.key);
            expect(slot >= 0).toBe(model.delete(s.key));
            if (slot >= 0) table.remove(slot);
          } else {
            let slot = find(table, s.key);
            if (slot < 0) slot = insert(table, s.key);
            table.num[slot * table.numStride] += s.add;
            const bytes = Buffer.from(s.blob);
            table.setBlob(slot, BLOB, bytes, 0, bytes.length);
            const before = model.get(s.key);
            model.set(s.key, { sum: (before?.sum ?? 0) + s.add, blob: s.blob });
          }
        }
        const rows = new Map<string, Model>();
        for (let slot = 0; slot < table.slots; slot++) {
          if (table.meta[slot * table.metaStride + KEY_LENGTH] < 0) continue;
          rows.set(keyOf(table, slot), { sum: table.num[slot * table.numStride], blob: blobOf(table, slot) });
          expect(table.num[slot * table.numStride + 1]).toBe(-1);
        }
        expect(rows).toEqual(model);
        expect(table.size).toBe(model.size);
        for (const text of model.keys()) expect(keyOf(table, find(table, text))).toBe(text);
      }),
    );
  });

  it('lists each changed slot once, and knows what only was visited', () => {
    const table = new GroupTable(LAYOUT);
    const [a, b] = [insert(table, 'a'), insert(table, 'b')];
    table.touch(a);
    table.visit(a);
    table.visit(b);
    table.touch(a);
    expect([...table.dirty.subarray(0, table.dirtyCount)]).toEqual([a, b]);
    expect(table.meta[a * table.metaStride + FLAGS] & (DIRTY | CHANGED)).toBe(DIRTY | CHANGED);
    expect(table.meta[b * table.metaStride + FLAGS] & (DIRTY | CHANGED)).toBe(DIRTY);
  });

  it('evicts what was not touched for longest, and nothing that is dirty, pinned or not stored', () => {
    const table = new GroupTable(LAYOUT);
    const slots = Array.from({ length: 100 }, (_, i) => insert(table, `k${i}`));
    table.flush = 1;
    for (const slot of slots) table.touch(slot);
    const clean = (slot: number): void => {
      table.meta[slot * table.metaStride + FLAGS] &= ~(DIRTY | CHANGED);
    };
    slots.slice(0, 90).forEach(clean);
    table.meta[slots[0] * table.metaStride + FLAGS] |= 1 << 12;
    const gone: string[] = [];
    table.evict(1000, 0, 1 << 12, (slot) => gone.push(keyOf(table, slot)));
    expect(gone).toEqual([]);
    table.evict(1000, 1, 1 << 12, (slot) => gone.push(keyOf(table, slot)));
    expect(gone.sort()).toEqual(Array.from({ length: 89 }, (_, i) => `k${i + 1}`).sort());
    expect(table.evicted).toBe(89);
    expect(find(table, 'k0')).toBe(slots[0]);
    expect(find(table, 'k5')).toBe(-1);
  });

  it('orders bytes as Buffer does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 5 }), (a, b) => {
        expect(Math.sign(compareBytes(a, 0, a.length, b, 0, b.length))).toBe(Buffer.compare(a, b));
      }),
    );
  });
});
