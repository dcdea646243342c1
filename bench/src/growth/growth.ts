/** `pnpm bench growth`: throughput and memory of rta as keys, partitions, open windows, pipelines and worker threads become many. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteTopicsOf, PARTITIONS, say, type TestBed } from '../measure.js';
import { median } from '../results.js';
import { appendScores, createTopic, drawScores, ScoreWriter, START_MS, type Score } from '../scores-input.js';
import { AXES, FEW_KEYS, HOT_KEYS, isOfAny, SUM_STEPS, WINDOW_KEYS, windowSteps, type Axis, type AxisName } from './axes.js';
import { runProject, writeProject, type GrowthRun } from './rta-run.js';

/** A row of `bench/results.json`. */
export interface GrowthRow {
  readonly axis: AxisName;
  readonly line: string;
  readonly value: number;
  /** Of a run, all pipelines together. */
  readonly records: number;
  readonly runs: number;
  /** Medians. */
  readonly recordsPerSecond: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** Of the throughput of the line's first value. */
  readonly share: number;
  /** What `share` should at least be; null where nothing is set. */
  readonly target: number | null;
}

/** No more than 20 % may be lost. */
const LEAST_SHARE = 0.8;

/** Two for each of the most threads. */
const THREAD_PARTITIONS = 8;

/** What was measured at one value, by line. */
type Measured = ReadonlyMap<string, { readonly records: number; readonly runs: readonly GrowthRun[] }>;

/** @param only names of axes; none: all */
export async function measureGrowth(bed: TestBed, records: number, runs: number, only: readonly string[]): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = [];
  for (const axis of AXES.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const count = Math.round(records * axis.share);
    for (const value of axis.values) {
      const measured = await MEASURES[axis.name](bed, axis, value, count, runs);
      for (const { name, flatTo } of axis.lines) {
        const line = measured.get(name)!;
        const of = (figure: keyof GrowthRun) => median(line.runs.map((run) => run[figure]));
        const recordsPerSecond = Math.round(of('recordsPerSecond'));
        const first = rows.find((row) => row.axis === axis.name && row.line === name)?.recordsPerSecond ?? recordsPerSecond;
        rows.push({
          ...{ axis: axis.name, line: name, value, records: line.records, runs: line.runs.length, recordsPerSecond },
          ...{ cpuSeconds: Number(of('cpuSeconds').toPrecision(4)), peakBytes: of('peakBytes') },
          share: Number((recordsPerSecond / first).toPrecision(3)),
          target: flatTo !== null && value <= flatTo && value !== axis.values[0] ? LEAST_SHARE : null,
        });
        say(`${axis.name} ${value}, ${name}: ${recordsPerSecond.toLocaleString('en-US')} records/s`);
      }
    }
  }
  return rows;
}

/** `before` with the rows of `measured` in place of those of the same axes. */
export function mergedGrowth(before: readonly GrowthRow[], measured: readonly GrowthRow[]): GrowthRow[] {
  return [...before.filter(({ axis }) => !measured.some((row) => row.axis === axis)), ...measured];
}

const MEASURES: Readonly<Record<AxisName, (bed: TestBed, axis: Axis, value: number, records: number, runs: number) => Promise<Measured>>> =
  {
    keys: measureKeys,
    partitions: (bed, { lines: [{ name }] }, partitions, records, runs) =>
      together(name, records, measureFresh(bed, { partitions, records, users: FEW_KEYS, steps: SUM_STEPS, pipelines: 1 }, runs)),
    windows: async (bed, { lines }, open, records, runs) => {
      const measured = new Map<string, { records: number; runs: GrowthRun[] }>();
      for (const line of lines) {
        const setting = { partitions: PARTITIONS, records, users: WINDOW_KEYS, steps: windowSteps(open, line), pipelines: 1 };
        measured.set(line.name, { records, runs: await measureFresh(bed, setting, runs) });
      }
      return measured;
    },
    pipelines: (bed, { lines: [{ name }] }, pipelines, records, runs) => {
      const each = Math.round(records / pipelines);
      const setting = { partitions: PARTITIONS, records: each, users: FEW_KEYS, steps: SUM_STEPS, pipelines };
      return together(name, each * pipelines, measureFresh(bed, setting, runs));
    },
    threads: (bed, { lines: [{ name }] }, threads, records, runs) => {
      const setting = { partitions: THREAD_PARTITIONS, records, users: FEW_KEYS, steps: SUM_STEPS, pipelines: 1, threads };
      return together(name, records, measureFresh(bed, setting, runs));
    },
  };

async function together(line: string, records: number, runs: Promise<readonly GrowthRun[]>): Promise<Measured> {
  return new Map([[line, { records, runs: await runs }]]);
}

interface Setting {
  readonly partitions: number;
  /** Of the topic, which each pipeline reads. */
  readonly records: number;
  readonly users: number;
  readonly steps: string;
  readonly pipelines: number;
  /** Of a process that has all cores; undefined: one, on one core. */
  readonly threads?: number;
}

/** Each run from nothing, under names of its own, on the same topic. */
async function measureFresh(bed: TestBed, setting: Setting, runs: number): Promise<GrowthRun[]> {
  const { partitions, records, users, steps, pipelines, threads } = setting;
  const topic = `growth-scores-${++bed.runs}`;
  await append(bed, topic, partitions, drawScores({ records, users }));
  const results: GrowthRun[] = [];
  try {
    for (let run = 0; run < runs; run++) {
      const id = `growth-${++bed.runs}`;
      const ids = Array.from({ length: pipelines }, (_, i) => `${id}-${i}`);
      results.push(
        await inDirectory(async (directory) => {
          writeProject(directory, topic, ids, steps);
          return runProject(directory, bed.cluster.env, records * pipelines, bed.signal, threads);
        }).finally(() => deleteTopicsOf(bed.log, id)),
      );
    }
  } finally {
    await bed.log.deleteTopics([topic]);
  }
  return results;
}

/** A state is filled, not measured; then come records of some of its keys, and of any, in turns. */
async function measureKeys(bed: TestBed, { lines }: Axis, keys: number, records: number, runs: number): Promise<Measured> {
  const topic = `growth-scores-${++bed.runs}`;
  const id = `growth-${++bed.runs}`;
  // Where all keys are hot the lines are one.
  const different = keys > HOT_KEYS ? lines : lines.slice(0, 1);
  const measured = new Map(different.map(({ name, share = 1 }) => [name, { records: records * share, runs: [] as GrowthRun[] }]));
  try {
    await inDirectory(async (directory) => {
      writeProject(directory, topic, [id], SUM_STEPS);
      const run = async (scores: Iterable<Readonly<Score>>, count: number) => {
        await append(bed, topic, PARTITIONS, scores);
        return runProject(directory, bed.cluster.env, count, bed.signal);
      };
      let startMs = START_MS;
      const load = await run(onceEach(keys, startMs), keys);
      say(`keys ${keys}, filled: ${Math.round(load.recordsPerSecond).toLocaleString('en-US')} records/s`);
      startMs += keys;
      for (let i = 0; i < runs; i++)
        for (const line of different) {
          const { records: count, runs: done } = measured.get(line.name)!;
          const touched = isOfAny(line) ? keys : Math.min(HOT_KEYS, keys);
          done.push(await run(touching(count, touched, keys / touched, startMs), count));
          startMs += count;
        }
    });
  } finally {
    await deleteTopicsOf(bed.log, id);
    await bed.log.deleteTopics([topic]);
  }
  return new Map(lines.map(({ name }) => [name, measured.get(name) ?? measured.get(lines[0].name)!]));
}

function* onceEach(users: number, startMs: number): Generator<Score, void, undefined> {
  for (let user = 0; user < users; user++) yield { user, score: 1, timeMs: startMs + user };
}

/** Records of `touched` users, every `apart`th one. */
function* touching(records: number, touched: number, apart: number, startMs: number): Generator<Score, void, undefined> {
  for (const { user, score, timeMs } of drawScores({ records, users: touched }))
    yield { user: Math.floor(user * apart), score, timeMs: timeMs - START_MS + startMs };
}

async function append({ log, registry }: TestBed, topic: string, partitions: number, scores: Iterable<Readonly<Score>>): Promise<void> {
  const schemaId = await createTopic(log, registry, topic, partitions);
  await appendScores(log, [new ScoreWriter(topic, partitions, schemaId)], scores);
}

async function inDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'rta-bench-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
