/** How good the estimates are, and that the documented bounds hold: on the kernel, through its own encoding. */
import { describe, expect, it } from 'vitest';
import { GroupTable } from '../../src/state/group-table.js';
import { AvroCursor } from '../../src/kernel/run/avro-cursor.js';
import { Scratch } from '../../src/kernel/run/scratch.js';
import { DistinctEstimate } from '../../src/kernel/run/sides/registers.js';
import { Quantile } from '../../src/kernel/run/sides/sketch.js';
import { chooser } from '../laws/arbitrary.js';

const layout = { init: new Float64Array(1), blobs: 0, sides: 1 };

function estimateOf(n: number, from: number): number {
  const T = new GroupTable(layout);
  const kind = new DistinctEstimate(0);
  const W = new Scratch();
  for (let i = 0; i < n; i++) kind.add(T, 0, W.bytes, 0, W.string(0, `user-${from + i}`));
  return kind.result(T, 0) as number;
}

describe('approxDistinct', () => {
  it.each([
    [1, 0],
    [10, 0],
    [100, 8],
    [300, 16],
  ])('%i values are estimated off by %i at most', (n, off) => {
    for (let trial = 0; trial < 50; trial++) expect(Math.abs(estimateOf(n, trial * 1_000_000) - n)).toBeLessThanOrEqual(off);
  });

  it('has a standard error of about 1.6 %, and no bias, from a thousand values to a hundred thousand', () => {
    for (const [n, trials] of [
      [1_000, 200],
      [4_000, 200],
      [10_000, 150],
      [100_000, 60],
    ]) {
      const errors = Array.from({ length: trials }, (_, trial) => estimateOf(n, trial * 1_000_000) / n - 1);
      const deviation = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / trials);
      const bias = errors.reduce((sum, e) => sum + e, 0) / trials;
      const within = errors.filter((e) => Math.abs(e) <= 0.033).length / trials;
      expect(deviation, `of ${n}: ${deviation}`).toBeLessThan(0.02);
      expect(Math.abs(bias), `of ${n}: ${bias}`).toBeLessThan(0.005);
      expect(within, `of ${n}: ${within}`).toBeGreaterThan(0.9);
    }
  }, 60_000);

  it('takes 4 KiB at most, and less while there are few', () => {
    const written = (n: number): number => {
      const T = new GroupTable(layout);
      const kind = new DistinctEstimate(0);
      const W = new Scratch();
      for (let i = 0; i < n; i++) kind.add(T, 0, W.bytes, 0, W.string(0, `user-${i}`));
      return kind.write(W, 0, T, 0);
    };
    expect(written(10)).toBeLessThanOrEqual(32);
    expect(written(100_000)).toBeLessThanOrEqual(4098);
  });
});

describe('percentile', () => {
  const choose = chooser(3);
  const uniform = (): number => (choose(2 ** 31) + 0.5) / 2 ** 31;
  const samples: Readonly<Record<string, () => number>> = {
    uniform: () => uniform() * 1000,
    exponential: () => -Math.log(uniform()) * 20,
    'heavy-tailed': () => uniform() ** -2,
    'of both signs': () => (uniform() - 0.3) * 1e6,
    'of every size': () => Math.exp((uniform() - 0.5) * 1400) * (choose(2) === 0 ? 1 : -1),
    'whole numbers': () => choose(20),
  };

  it.each(Object.entries(samples))('of values that are %s is within 1 %% of the value at its rank', (_, sample) => {
    const values = Array.from({ length: 5000 }, sample);
    const sorted = [...values].sort((a, b) => a - b);
    for (const fraction of [0, 0.001, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1]) {
      const kind = new Quantile(0, fraction);
      const T = new GroupTable(layout);
      for (const value of values) kind.add(T, 0, value);
      const found = kind.result(T, 0) as number;
      const exact = sorted[Math.floor(fraction * (sorted.length - 1))];
      expect(Math.abs(found - exact), `${fraction}: ${found} for ${exact}`).toBeLessThanOrEqual(Math.abs(exact) * 0.0100001);
    }
  });

  it('is the same whatever is merged with what, and after writing and reading', () => {
    const kind = new Quantile(0, 0.9);
    const T = new GroupTable(layout);
    const W = new Scratch();
    const values = Array.from({ length: 1000 }, samples['of every size']);
    const end = (slot: number): string => Buffer.from(W.slice(0, kind.write(W, 0, T, slot))).toString('hex');
    for (const value of values) kind.add(T, 0, value);
    for (const [i, value] of [...values].reverse().entries()) kind.add(T, 1 + (i % 3), value);
    kind.merge(T, 1, 3);
    const encoded = W.slice(0, kind.write(W, 0, T, 2));
    kind.read(new AvroCursor().at(encoded, 0, encoded.length), T, 3);
    expect(end(3)).toBe(end(0));
  });
});

describe('states without a fixed size', () => {
  it('count as memory of the table until their slot goes', () => {
    const T = new GroupTable(layout);
    const kind = new DistinctEstimate(0);
    const W = new Scratch();
    const before = T.bytes;
    const slots = [0, 1].map((group) => T.insert(group, Uint8Array.of(group), 0, 1));
    for (const slot of slots) for (let i = 0; i < 5000; i++) kind.add(T, slot, W.bytes, 0, W.string(0, `user-${i}`));
    expect(T.bytes - before).toBeGreaterThan(2 * 4096);
    T.remove(slots[0]);
    expect(T.bytes - before).toBeLessThan(2 * 4096);
    T.remove(slots[1]);
    expect(T.bytes).toBe(before);
  });
});
