/** What was measured of workloads, as figures, tables and sections of `bench/RESULTS.md`. */
import { markdownTable, mebibytes, thousands, type Section } from './page.js';
import type { RunResult, Targets } from './peers/peer.js';

export interface PeerResult {
  readonly peer: string;
  readonly description: string;
  readonly targets: Targets | null;
  readonly runs: readonly RunResult[];
}

export interface WorkloadResult {
  readonly workload: string;
  readonly description: string;
  readonly records: number;
  /** Mean of key and value. */
  readonly recordBytes: number;
  /** The first is what the others are compared with. */
  readonly peers: readonly PeerResult[];
  /** Engines that ran out of their memory, and have no figures. */
  readonly outOfMemory: readonly string[];
}

export interface Figures {
  readonly peer: string;
  /** Medians over the runs. */
  readonly recordsPerSecond: number;
  readonly insideSeconds: number;
  readonly wholeSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** Least and most records per second. */
  readonly range: readonly [number, number];
  /** Records per second of the first peer over those of this one; null for the first itself. */
  readonly ratio: number | null;
  /** CPU seconds of this peer over those of the first. */
  readonly cpuRatio: number | null;
  /** Peak memory of this peer over that of the first. */
  readonly memoryRatio: number | null;
}

/** The figures of each peer. */
export function figuresOf({ records, peers }: WorkloadResult): Figures[] {
  const figures = peers.map(({ peer, runs }) => {
    const rates = runs.map((run) => records / run.insideSeconds);
    return {
      peer,
      recordsPerSecond: median(rates),
      insideSeconds: median(runs.map((run) => run.insideSeconds)),
      wholeSeconds: median(runs.map((run) => run.wholeSeconds)),
      cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
      peakBytes: median(runs.map((run) => run.peakBytes)),
      range: [Math.min(...rates), Math.max(...rates)] as const,
    };
  });
  const [first] = figures;
  return figures.map((own, i) => ({
    ...own,
    ratio: i === 0 ? null : first.recordsPerSecond / own.recordsPerSecond,
    cpuRatio: i === 0 ? null : own.cpuSeconds / first.cpuSeconds,
    memoryRatio: i === 0 ? null : own.peakBytes / first.peakBytes,
  }));
}

/** The middle value; the mean of the two middle ones of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A Markdown table, which reads well in a terminal, too. */
export function tableOf(result: WorkloadResult): string {
  const rows = figuresOf(result).map((figures, i) => {
    const { targets } = result.peers[i];
    return [
      figures.peer,
      thousands(figures.recordsPerSecond),
      `${thousands(figures.range[0])}–${thousands(figures.range[1])}`,
      ratioCell(figures.ratio, targets?.speed),
      figures.insideSeconds.toFixed(2),
      figures.wholeSeconds.toFixed(2),
      figures.cpuSeconds.toFixed(2),
      (figures.cpuSeconds / (result.records / 1e6)).toFixed(2),
      ratioCell(figures.cpuRatio, targets?.cpu),
      mebibytes(figures.peakBytes),
      ratioCell(figures.memoryRatio, targets?.memory),
    ];
  });
  const head = [
    ...['engine', 'records/s', 'least–most', 'rta is', 'inside s', 'whole s'],
    ...['CPU s', 'CPU s per million', 'CPU ratio', 'peak memory', 'memory ratio'],
  ];
  return markdownTable(head, rows);
}

/** The ratio, and what it should at least be. */
function ratioCell(ratio: number | null, target: number | undefined): string {
  if (ratio === null) return '';
  return target === undefined ? `${ratio.toFixed(1)}x` : `${ratio.toFixed(1)}x of ${target}x`;
}

/** What the page says of a workload. */
export function sectionOf(result: WorkloadResult): Section {
  const { workload, description, records, recordBytes, peers, outOfMemory } = result;
  const runs = peers[0]?.runs.length ?? 0;
  const text = `${description}. ${thousands(records)} Avro records of ${recordBytes.toFixed(0)} bytes (key and value);
${runs === 1 ? 'one run of each' : `medians of ${runs} runs`}, the engines in turns, each run in a new process under a name of its own; the result of each run that has one was
compared with a plain recomputation.

${tableOf(result)}

${[...peers.map((peer) => `- **${peer.peer}**: ${peer.description}.`), ...outOfMemory.map((peer) => `- **${peer}**: ran out of its memory.`)].join('\n')}`;
  return { title: workload, text };
}
