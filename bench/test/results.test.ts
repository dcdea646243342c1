import { describe, expect, it } from 'vitest';
import { pageOf } from '../src/page.js';
import type { RunResult } from '../src/peers/peer.js';
import { figuresOf, median, sectionOf, tableOf, type WorkloadResult } from '../src/results.js';

const run = (insideSeconds: number): RunResult => ({ insideSeconds, wholeSeconds: insideSeconds + 1, cpuSeconds: 2, peakBytes: 2 ** 28 });

const RESULT: WorkloadResult = {
  workload: 'top',
  description: 'the ten best',
  records: 6_000_000,
  recordBytes: 45.2,
  peers: [
    { peer: 'rta', description: 'ours', targets: null, runs: [run(2), run(1), run(4)] },
    { peer: 'other', description: 'theirs', targets: { speed: 5, cpu: 6, memory: 2 }, runs: [run(12), run(12), run(20)] },
  ],
  outOfMemory: ['a third'],
};

describe('results', () => {
  it('are medians, and ratios to the first engine', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    const [rta, other] = figuresOf(RESULT);
    expect(rta).toMatchObject({ recordsPerSecond: 3_000_000, wholeSeconds: 3, ratio: null, range: [1_500_000, 6_000_000] });
    expect(other).toMatchObject({ recordsPerSecond: 500_000, ratio: 6 });
  });

  it('are written as a table and a page', () => {
    const table = tableOf(RESULT).split('\n');
    expect(table).toHaveLength(4);
    expect(new Set(table.map((line) => line.length)).size).toBe(1);
    expect(table[3]).toMatch(/^\| other +\| +500,000 \|.*\| +6\.0x of 5x \|/);
    const earlier = '# Benchmarks\n\nold\n\n## top\n\nold top\n\n## sum\n\nold sum\n';
    const section = sectionOf(RESULT);
    const page = pageOf({ machine: 'a big one' }, [section], earlier);
    expect(page).toContain('- machine: a big one');
    expect(page).toContain(table[2]);
    expect(page).toContain('6,000,000 Avro records of 45 bytes');
    expect(page).toContain('- **other**: theirs.\n- **a third**: ran out of its memory.\n');
    expect(page).not.toContain('old top');
    expect(page.endsWith('\n\n## sum\n\nold sum\n')).toBe(true);
    expect(pageOf({ machine: 'a big one' }, [section], page)).toBe(page);
  });
});
