import { crc32c as native } from '@node-rs/crc32';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../src/crc32c.js';

describe('crc32c', () => {
  test('the check value of the algorithm, and those of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });

  test('the same as the native one at every length and start, whole or in parts', () => {
    const bytes = Uint8Array.from({ length: 600 }, (_, i) => (i * 7_919) >>> 3);
    for (let end = 0; end <= bytes.length; end++) {
      const start = end % 5;
      if (start > end) continue;
      const expected = native(bytes.subarray(start, end));
      expect(crc32c(bytes, start, end)).toBe(expected);
      const middle = start + ((end - start) >> 1);
      expect(crc32c(bytes, middle, end, crc32c(bytes, start, middle))).toBe(expected);
    }
  });
});
