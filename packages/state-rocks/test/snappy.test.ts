import { describe, expect, test } from 'vitest';
import { unsnap } from '../src/verify/snappy.js';

const ascii = (text: string): number[] => [...Buffer.from(text, 'ascii')];

describe('unsnap', () => {
  test('literals, near and far copies, overlapping copies', () => {
    expect(Buffer.from(unsnap(Uint8Array.from([5, 4 << 2, ...ascii('hello')]), 100)).toString()).toBe('hello');
    // 'ab' then a copy of 10 bytes at offset 2: a run
    expect(Buffer.from(unsnap(Uint8Array.from([12, 1 << 2, ...ascii('ab'), (9 << 2) | 2, 2, 0]), 100)).toString()).toBe('ab'.repeat(6));
    // copy with an 11-bit offset: 4 bytes at offset 4
    expect(Buffer.from(unsnap(Uint8Array.from([8, 3 << 2, ...ascii('wxyz'), 1, 4]), 100)).toString()).toBe('wxyzwxyz');
    // a literal whose length has a byte of its own
    expect(unsnap(Uint8Array.from([70, 60 << 2, 69, ...new Uint8Array(70)]), 100).length).toBe(70);
  });

  test('refuses what does not follow the format', () => {
    for (const [bytes, why] of [
      [[5, 4 << 2, ...ascii('hell')], 'ends too early'],
      [[6, 4 << 2, ...ascii('hello')], 'shorter than it says'],
      [[4, 4 << 2, ...ascii('hello')], 'longer than it says'],
      [[4, (3 << 2) | 2, 1, 0], 'outside itself'],
      [[5, 0, 65, (3 << 2) | 2, 0, 0], 'outside itself'],
      [[0xff, 0xff, 0xff, 0x7f], 'claims'],
    ] as const)
      expect(() => unsnap(Uint8Array.from(bytes), 1_000)).toThrow(why);
  });
});
