/** What was measured, as a table and as the page `bench/RESULTS.md`. */
import type { RunResult } from './peers/peer.js';

export interface PeerResult {
  readonly peer: string;
  readonly description: string;
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
}

/** The figures of each peer. */
export function figuresOf({ records, peers }: WorkloadResult): Figures[] {
  const rate = (run: RunResult): number => records / run.insideSeconds;
  const first = median(peers[0]?.runs.map(rate) ?? []);
  return peers.map(({ peer, runs }, i) => {
    const rates = runs.map(rate);
    const recordsPerSecond = median(rates);
    return {
      peer,
      recordsPerSecond,
      insideSeconds: median(runs.map((run) => run.insideSeconds)),
      wholeSeconds: median(runs.map((run) => run.wholeSeconds)),
      cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
      peakBytes: median(runs.map((run) => run.peakBytes)),
      range: [Math.min(...rates), Math.max(...rates)],
      ratio: i === 0 ? null : first / recordsPerSecond,
    };
  });
}

/** The middle value; the mean of the two middle ones of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A Markdown table, which reads well in a terminal, too. */
export function tableOf(result: WorkloadResult): string {
  const rows = figuresOf(result).map((figures) => [
    figures.peer,
    thousands(figures.recordsPerSecond),
    `${thousands(figures.range[0])}–${thousands(figures.range[1])}`,
    figures.ratio === null ? '' : `${figures.ratio.toFixed(1)}x`,
    figures.insideSeconds.toFixed(2),
    figures.wholeSeconds.toFixed(2),
    figures.cpuSeconds.toFixed(2),
    (figures.cpuSeconds / (result.records / 1e6)).toFixed(2),
    `${Math.round(figures.peakBytes / 2 ** 20)} MiB`,
  ]);
  const head = ['engine', 'records/s', 'least–most', 'rta is', 'inside s', 'whole s', 'CPU s', 'CPU s per million', 'peak memory'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/**
 * The page: one section per workload. Sections of the page as it was, of workloads that were not measured this time, stay.
 * @param conditions machine, versions, date: what the figures depend on
 */
export function pageOf(conditions: Readonly<Record<string, string>>, results: readonly WorkloadResult[], before: string): string {
  const measured = results.map((result) => `## ${result.workload}\n\n${sectionOf(result, conditions)}\n`);
  const kept = before
    .split(/^(?=## )/m)
    .slice(1)
    .filter((section) => !results.some(({ workload }) => section.startsWith(`## ${workload}\n`)));
  return `# Benchmarks

Written by \`pnpm bench\`. **records/s** is of the time that the process measures inside: from joining the consumer group to everything
processed and committed. **whole s** is from the start of the process to its end (start-up, compilation of the pipeline and leaving the
group included). **CPU s** and **peak memory** (resident) are of the whole process.

${[...measured, ...kept].map((section) => section.trim()).join('\n\n')}
`;
}

function sectionOf(result: WorkloadResult, conditions: Readonly<Record<string, string>>): string {
  const { description, records, recordBytes, peers } = result;
  return `${description}. ${thousands(records)} Avro records of ${recordBytes.toFixed(0)} bytes (key and value) in one topic; medians of
${peers[0]?.runs.length ?? 0} runs, the engines in turns, each run in a new process under a name of its own; the result of each run that has one was
compared with a plain recomputation.

${tableOf(result)}

${peers.map((peer) => `- **${peer.peer}**: ${peer.description}.`).join('\n')}

${Object.entries(conditions)
  .map(([name, value]) => `- ${name}: ${value}`)
  .join('\n')}`;
}

function thousands(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}
