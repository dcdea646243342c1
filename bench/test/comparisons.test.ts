import { describe, expect, it } from 'vitest';
import { comparisonsOf, fallen, merged, type Comparison } from '../src/comparisons.js';

const row = (workload: string, peer: string, ratio: number): Comparison => ({
  ...{ workload, peer, ratio, records: 1, runs: 1, target: 6 },
  ...{ cpuRatio: 1, cpuTarget: null, memoryRatio: 1, memoryTarget: null },
});

describe('comparisons', () => {
  it('are a row per workload and peer, with what is to be reached', () => {
    const run = { insideSeconds: 1, wholeSeconds: 2, cpuSeconds: 1, peakBytes: 100 };
    const rows = comparisonsOf([
      {
        ...{ workload: 'top', description: '', records: 1000, recordBytes: 40, outOfMemory: [] },
        peers: [
          { peer: 'rta', description: '', targets: null, runs: [run] },
          {
            ...{ peer: 'other', description: '', targets: { speed: 6, cpu: 6, memory: 2 } },
            runs: [{ insideSeconds: 7.1234, wholeSeconds: 9, cpuSeconds: 12, peakBytes: 150 }],
          },
          { peer: 'third', description: '', targets: null, runs: [run] },
        ],
      },
    ]);
    expect(rows).toMatchObject([
      { workload: 'top', peer: 'other', runs: 1, ratio: 7.12, target: 6, cpuRatio: 12, cpuTarget: 6, memoryRatio: 1.5, memoryTarget: 2 },
      { workload: 'top', peer: 'third', ratio: 1, target: null, cpuTarget: null, memoryTarget: null },
    ]);
  });

  it('replace the rows of the same workload and peer', () => {
    const rows = merged([row('top', 'a', 1), row('sum', 'a', 2)], [row('top', 'a', 3), row('top', 'b', 4)]);
    expect(rows.map(({ workload, peer, ratio }) => [workload, peer, ratio])).toEqual([
      ['top', 'a', 3],
      ['sum', 'a', 2],
      ['top', 'b', 4],
    ]);
  });

  it('have fallen when more than 30 % are lost; what was never measured has not', () => {
    const kept = [row('top', 'a', 10), row('sum', 'a', 10)];
    const found = fallen([row('top', 'a', 6.9), row('sum', 'a', 7), row('hop', 'a', 1)], kept);
    expect(found).toEqual([{ row: row('top', 'a', 6.9), before: 10 }]);
  });
});
