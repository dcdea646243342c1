import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf, toPositive } from '../../src/log/partitioner.js';

describe('murmur2 (rule 20)', () => {
  // Kafka's own vectors: clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %j is %d', (text, expected) => {
    const bytes = new TextEncoder().encode(text);
    expect(murmur2(bytes)).toBe(expected);
    // The same inside a larger buffer.
    const inside = new Uint8Array(bytes.length + 5).fill(0xa5);
    inside.set(bytes, 3);
    expect(murmur2(inside, 3, 3 + bytes.length)).toBe(expected);
  });

  it('is made positive by clearing the sign bit, not by negating', () => {
    expect(toPositive(-973932308)).toBe(-973932308 & 0x7fffffff);
    expect(toPositive(-2147483648)).toBe(0);
    expect(partitionOf(new TextEncoder().encode('21'), 0, 2, 12)).toBe(((-973932308 & 0x7fffffff) >>> 0) % 12);
  });
});
