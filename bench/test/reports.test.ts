/** The page's sections and the pictures of latency and growth. */
import { describe, expect, it } from 'vitest';
import { mergedGrowth, shareOf, type GrowthRow } from '../src/growth/growth.js';
import { growthPictures, growthSections } from '../src/growth/report.js';
import { middleRate } from '../src/growth/rta-run.js';
import type { LatencyRow } from '../src/latency/latency.js';
import { latencyPictures, latencySections } from '../src/latency/report.js';
import { optionsOf } from '../src/options.js';

const latency = (peer: string, rate: number, p99: number): LatencyRow => ({
  ...{ workload: 'sum', peer, rate, seconds: 60, samples: 1000, missing: 0, p50: p99 / 4, p95: p99 / 2, p99, max: p99 * 2 },
  ...{ producerP99: 9, targetP50: peer === 'rta' ? 80 : null, targetP99: peer === 'rta' ? 300 : null },
});

const growth = (axis: GrowthRow['axis'], line: string, value: number, recordsPerSecond: number): GrowthRow => ({
  ...{ axis, line, value, recordsPerSecond, records: 1_000_000, runs: 3, cpuSeconds: 2, peakBytes: 2 ** 28 },
  ...{ share: recordsPerSecond / 1e6, target: value > 1 ? 0.8 : null },
});

/** Numbers that stand in attributes, for a look at whether all is in the picture. */
const coordinates = (svg: string) => Array.from(svg.matchAll(/ (?:x|y|cx|cy|x1|x2|y1|y2)="([^"]*)"/g), ([, number]) => Number(number));

describe('reports', () => {
  it('of latency have a row and a point for each rate and engine', () => {
    const rows = [latency('rta', 1000, 120), latency('Kafka Streams, exactly once', 1000, 400), latency('rta', 100_000, 250)];
    const [{ title, text }] = latencySections(rows);
    expect(title).toBe('latency');
    expect(text).toMatch(/\| sum, rta +\| +1,000 \| +30 of 80 \| +60 \| +120 of 300 \| +240 \|/);
    expect(text).toContain('](latency-sum.svg)');
    const svg = latencyPictures(rows).get('latency-sum.svg')!;
    expect(svg.match(/<circle/g)).toHaveLength(6);
    expect(svg).toContain('p99 to reach: 300 ms');
    expect(coordinates(svg).every((number) => number >= 0 && number <= 720)).toBe(true);
  });

  it('of growth have a section and a picture for each axis, with the line that is not to be crossed', () => {
    const rows = [growth('partitions', 'sum', 1, 1_000_000), growth('partitions', 'sum', 64, 850_000), growth('windows', 'final', 1, 10)];
    const sections = growthSections(rows);
    expect(sections.map(({ title }) => title)).toEqual(['growth: partitions', 'growth: windows']);
    expect(sections[0].text).toMatch(/\| partitions, sum +\| +64 \| +850,000 \| +85 % of 80 % \| +2.00 \| +256 MiB \|/);
    const pictures = growthPictures(rows);
    expect([...pictures.keys()]).toEqual(['growth-partitions.svg', 'growth-windows.svg']);
    expect(pictures.get('growth-partitions.svg')).toContain('20 % less, up to 64');
    expect(pictures.get('growth-windows.svg')).not.toContain('20 % less');
  });

  it('of growth are kept by axis', () => {
    const before = [growth('windows', 'final', 1, 10), growth('partitions', 'sum', 1, 10)];
    const after = mergedGrowth(before, [growth('partitions', 'sum', 4, 20)]);
    expect(after.map(({ axis, value }) => [axis, value])).toEqual([
      ['windows', 1],
      ['partitions', 4],
    ]);
  });
});

it('the share of the first value is that of runs of the same round, however much slower the machine becomes', () => {
  const rates = (...all: number[]) => all.map((recordsPerSecond) => ({ recordsPerSecond }));
  expect(shareOf(rates(90, 45, 8), rates(100, 50, 10))).toBe(0.9);
});

describe('the rate of the middle of a run', () => {
  const stats = (pipeline: string, second: number, recordsIn: number) => ({ pipeline, stats: { at: 5000 + second * 1000, recordsIn } });

  it('leaves out a slow start and a slow end, and adds pipelines up', () => {
    const done = [0, 0, 500, 1500, 2500, 3500, 4500, 4750, 5000];
    const lines = done.flatMap((recordsIn, second) => [stats('a', second, recordsIn), stats('b', second, recordsIn)]);
    expect(middleRate(lines, 10_000)).toBeCloseTo(2000, -2);
  });

  it('is not known of a short run', () => {
    expect(middleRate([stats('a', 0, 0), stats('a', 1, 5000), stats('a', 2, 10_000)], 10_000)).toBeNull();
    expect(middleRate([], 10_000)).toBeNull();
  });
});

describe('options', () => {
  it('are of a command, and say what does not go together', () => {
    expect(optionsOf([])).toMatchObject({ command: 'compare', records: 5_000_000, runs: 5, write: true });
    expect(optionsOf(['growth', '--runs', '1'])).toMatchObject({ command: 'growth', records: 30_000_000, runs: 1, write: false });
    expect(optionsOf(['latency', '--quick'])).toMatchObject({ command: 'latency', quick: true, write: false });
    expect(optionsOf(['browser', '--rate', '20_000'])).toMatchObject({ command: 'browser', rate: 20_000 });
    expect(optionsOf(['--only', 'session', '--records', '1_000'])).toMatchObject({ only: ['session'], records: 1000 });
    expect(optionsOf(['--help'])).toBeNull();
    expect(() => optionsOf(['latncy'])).toThrow(/latency, growth, browser or nothing, not latncy/);
    expect(() => optionsOf(['--only', 'sesion'])).toThrow(/not sesion/);
    expect(() => optionsOf(['--quick', '--runs', '2'])).toThrow(/the same every time/);
    expect(() => optionsOf(['growth', '--quick'])).toThrow(/no --quick/);
    expect(() => optionsOf(['latency', '--records', '5'])).toThrow(/--quick and --json only/);
  });
});
