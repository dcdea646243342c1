import { describe, expect, it } from 'vitest';
import { RowBytes } from '../../src/kernel/run/row-bytes.js';
import { RowLists } from '../../src/kernel/run/row-lists.js';
import { WaitingRows } from '../../src/kernel/run/waiting-rows.js';
import { randomOf } from '../simulation/scheduler.js';

describe('RowBytes', () => {
  it('keeps what is not released, however its blocks are used again', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const draw = randomOf(seed);
      const rows = new RowBytes();
      const live: { block: number; at: number; length: number; fill: number }[] = [];
      for (let i = 0; i < 3000; i++) {
        // Some have a block of their own; more come than go, then the other way round.
        const length = draw(40) === 0 ? 8000 + draw(70_000) : draw(300);
        if (live.length === 0 || draw(10) < (i < 1500 ? 7 : 2)) {
          const fill = i & 255;
          const at = rows.add(new Uint8Array(length + 2).fill(fill), 1, length + 1);
          live.push({ block: rows.block, at, length, fill });
        } else {
          const [gone] = live.splice(draw(live.length), 1);
          rows.release(gone.block);
        }
      }
      for (const { block, at, length, fill } of live)
        expect(rows.blocks[block].subarray(at, at + length)).toEqual(new Uint8Array(length).fill(fill));
    }
  });

  it('gives back what a burst has taken', () => {
    const rows = new RowBytes();
    const row = new Uint8Array(1000);
    const blocks = Array.from({ length: 20_000 }, () => (rows.add(row, 0, 1000), rows.block));
    const held = (): number => rows.blocks.reduce((sum, { length }) => sum + length, 0);
    expect(held()).toBeGreaterThan(20e6);
    for (const block of blocks) rows.release(block);
    expect(held()).toBeLessThan(1e6);
    rows.add(row, 0, 1000);
    expect(rows.blocks.length).toBeLessThanOrEqual(new Set(blocks).size);
  });
});

describe('RowLists', () => {
  it('has the rows of each slot in the order in which they came', () => {
    const draw = randomOf(1);
    const lists = new RowLists();
    const model = new Map<number, number[]>();
    for (let row = 0; row < 2000; row++) {
      const slot = draw(60);
      const rows = model.get(slot) ?? [];
      expect(lists.isEmpty(slot)).toBe(rows.length === 0);
      expect(lists.push(slot, row)).toBe(rows.length === 0);
      model.set(slot, [...rows, row]);
      expect(lists.firstOf(slot)).toBe(model.get(slot)![0]);
      if (draw(3) === 0) {
        lists.shift(slot);
        model.get(slot)!.shift();
        expect(lists.firstOf(slot)).toBe(model.get(slot)![0] ?? -1);
      }
      if (draw(20) > 0) continue;
      expect(lists.take(slot, [-7])).toEqual([-7, ...model.get(slot)!]);
      expect(lists.take(slot, [])).toEqual([]);
      model.delete(slot);
    }
    for (const [slot, rows] of model) expect(lists.take(slot, [])).toEqual(rows);
  });
});

describe('WaitingRows', () => {
  it('gives what is before the watermark, and knows the earliest of the rest', () => {
    const draw = randomOf(1);
    const times: number[] = [];
    const waiting = new WaitingRows({ timeOf: (row) => times[row] });
    let there: number[] = [];
    let watermark = -1000;
    for (let step = 0; step < 400; step++) {
      for (let n = draw(20); n > 0; n--) {
        const row = times.push(watermark + draw(2000)) - 1;
        waiting.add(row, times[row]);
        there.push(row);
      }
      watermark += draw(400);
      const due = there.filter((row) => times[row] < watermark);
      expect(waiting.earliest).toBe(Math.min(...there.map((row) => times[row])));
      expect(waiting.take(watermark).sort((a, b) => a - b)).toEqual(due);
      there = there.filter((row) => times[row] >= watermark);
      expect(waiting.earliest).toBe(Math.min(...there.map((row) => times[row])));
      expect(waiting.added).toBe(0);
    }
  });
});
