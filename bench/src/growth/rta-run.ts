/** One run of `rta` over what topics hold, with any number of pipelines. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from '../child.js';
import { RTA_MAIN } from '../peers/rta.js';
import { SCHEMA_FILE } from '../scores-input.js';

export interface GrowthRun {
  readonly recordsPerSecond: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Writes `rta.yaml` and a file per pipeline, unless they are there from a run before. */
export function writeProject(directory: string, topic: string, pipelines: readonly string[], steps: string): void {
  if (existsSync(join(directory, 'schemas'))) return;
  mkdirSync(join(directory, 'schemas'));
  mkdirSync(join(directory, 'pipelines'));
  copyFileSync(SCHEMA_FILE, join(directory, 'schemas/user_score.avsc'));
  writeFileSync(
    join(directory, 'rta.yaml'),
    `sources:\n  scores: { topic: ${topic}, key: user_id, schema: user_score, time: event_time_millis, lateness: 5s }\n`,
  );
  for (const id of pipelines)
    writeFileSync(join(directory, 'pipelines', `${id}.yaml`), `pipeline: ${id}\nsource: scores\n${steps}sink: { topic: ${id} }\n`);
}

/**
 * Runs the pipelines of a directory until they have read their topics to the end. The rate is that of the middle of the run, where its
 * start and its end do not count. Rejects where not all records were read.
 * @param expected records, of all pipelines together
 * @param threads of a process that has all cores; undefined: one, on one core
 */
export async function runProject(
  directory: string,
  env: Readonly<Record<string, string>>,
  expected: number,
  signal: AbortSignal | undefined,
  threads?: number,
): Promise<GrowthRun> {
  const workers = threads === undefined ? [] : ['--workers', String(threads)];
  const args = [RTA_MAIN, 'run', 'pipelines', '--until-end', '--json', ...workers];
  const { stdout, cpuSeconds, peakBytes } = await runNode(args, { cwd: directory, env, signal, allCores: threads !== undefined });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as StatsLine);
  const summaries = lines.flatMap(({ summary }) => summary ?? []);
  const recordsIn = summaries.reduce((sum, summary) => sum + summary.recordsIn, 0);
  // What a thread has not committed when another one joins is read again by that one.
  const all = threads === undefined ? recordsIn === expected : recordsIn >= expected;
  if (!all) throw new Error(`rta run has read ${recordsIn} records, not ${expected}`);
  const whole = Math.max(...summaries.map(({ durationMs }) => durationMs));
  return { recordsPerSecond: middleRate(lines, expected) ?? (expected / whole) * 1000, cpuSeconds, peakBytes };
}

interface StatsLine {
  readonly pipeline?: string;
  readonly stats?: { readonly at: number; readonly recordsIn: number };
  readonly summary?: { readonly recordsIn: number; readonly durationMs: number };
}

/** From a tenth to nine tenths of the records; null where that takes less than three looks, which are a second apart. */
export function middleRate(lines: readonly StatsLine[], expected: number): number | null {
  const latest = new Map<string, number>();
  let points: { at: number; records: number }[] = [];
  for (const { pipeline, stats } of lines) {
    if (pipeline === undefined || stats === undefined) continue;
    // Pipelines report one after the other, at about the same time.
    latest.set(pipeline, stats.recordsIn);
    points.push({ at: stats.at, records: [...latest.values()].reduce((sum, count) => sum + count, 0) });
  }
  // Of looks that saw the same, the last one before the first record, else the first one.
  points = points.filter(({ records }, i) => {
    const other = records === 0 ? points.at(i + 1) : points.at(i - 1);
    return i === 0 || other === undefined || other.records !== records;
  });
  const [from, to] = [0.1 * expected, 0.9 * expected].map((records) => {
    const after = points.findIndex((point) => point.records >= records);
    if (after < 1) return null;
    const [a, b] = [points[after - 1], points[after]];
    return { at: a.at + ((b.at - a.at) * (records - a.records)) / (b.records - a.records) };
  });
  if (from === null || to === null || to.at - from.at < 3000) return null;
  return ((0.8 * expected) / (to.at - from.at)) * 1000;
}
