/** `pnpm bench growth`: throughput and memory of rta as keys, partitions, open windows, pipelines and worker threads become many. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteTopicsOf, PARTITIONS, say, type TestBed } from '../measure.js';
import { median } from '../results.js';
import { appendScores, createTopic, drawScores, ScoreWriter, START_MS, type Score } from '../scores-input.js';
import {
  AXES,
  FEW_KEYS,
  HOT_KEYS,
  isOfAny,
  SUM_STEPS,
  WINDOW_KEYS,
  windowSteps,
  type Axis,
  type AxisName,
  type GrowthLine,
} from './axes.js';
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
  /** Of the throughput of the line's first value: median of the rounds. */
  readonly share: number;
  /** What `share` should at least be; null where nothing is set. */
  readonly target: number | null;
}

/** No more than 20 % may be lost. */
const LEAST_SHARE = 0.8;

/** Two for each of the most threads. */
const THREAD_PARTITIONS = 8;

/** One value of an axis: topics and states have been made, its runs can begin. */
interface Prepared {
  readonly value: number;
  readonly lines: ReadonlyMap<string, Measurable>;
  /** Removes what was made. */
  readonly remove: () => Promise<void>;
}

interface Measurable {
  /** Of a run, all pipelines together. */
  readonly records: number;
  readonly run: () => Promise<GrowthRun>;
}

/** @param only names of axes; none: all */
export async function measureGrowth(bed: TestBed, records: number, runs: number, only: readonly string[]): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = [];
  for (const axis of AXES.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const prepared: Prepared[] = [];
    try {
      for (const value of axis.values) prepared.push(await PREPARE[axis.name](bed, axis, value, Math.round(records * axis.share)));
      rows.push(...rowsOf(axis, prepared, await inTurns(axis, prepared, runs)));
    } finally {
      for (const { remove } of prepared) await remove();
    }
  }
  return rows;
}

/** The values in turns, since a machine is not as fast in one minute as in the next. */
async function inTurns(axis: Axis, prepared: readonly Prepared[], runs: number): Promise<Map<Measurable, GrowthRun[]>> {
  const measured = new Map<Measurable, GrowthRun[]>();
  for (let i = 0; i < runs; i++)
    for (const { value, lines } of prepared)
      for (const [line, measurable] of lines) {
        const done = measured.get(measurable) ?? [];
        // Where lines are one at a value it is measured once.
        if (done.length > i) continue;
        const run = await measurable.run();
        measured.set(measurable, [...done, run]);
        say(`${axis.name} ${value}, ${line}: ${Math.round(run.recordsPerSecond).toLocaleString('en-US')} records/s`);
      }
  return measured;
}

function rowsOf(axis: Axis, prepared: readonly Prepared[], measured: ReadonlyMap<Measurable, readonly GrowthRun[]>): GrowthRow[] {
  return prepared.flatMap(({ value, lines }) =>
    axis.lines.map(({ name, flatTo }): GrowthRow => {
      const runs = measured.get(lines.get(name)!)!;
      const of = (figure: keyof GrowthRun) => median(runs.map((run) => run[figure]));
      const first = measured.get(prepared[0].lines.get(name)!)!;
      return {
        ...{ axis: axis.name, line: name, value, records: lines.get(name)!.records, runs: runs.length },
        recordsPerSecond: Math.round(of('recordsPerSecond')),
        ...{ cpuSeconds: Number(of('cpuSeconds').toPrecision(4)), peakBytes: of('peakBytes') },
        share: shareOf(runs, first),
        target: flatTo !== null && value <= flatTo && value !== axis.values[0] ? LEAST_SHARE : null,
      };
    }),
  );
}

/** The median of what each run reached of the throughput of `first`'s run of the same round. */
export function shareOf(
  runs: readonly Pick<GrowthRun, 'recordsPerSecond'>[],
  first: readonly Pick<GrowthRun, 'recordsPerSecond'>[],
): number {
  return Number(median(runs.map(({ recordsPerSecond }, i) => recordsPerSecond / first[i].recordsPerSecond)).toPrecision(3));
}

/** `before` with the rows of `measured` in place of those of the same axes. */
export function mergedGrowth(before: readonly GrowthRow[], measured: readonly GrowthRow[]): GrowthRow[] {
  return [...before.filter(({ axis }) => !measured.some((row) => row.axis === axis)), ...measured];
}

const PREPARE: Readonly<Record<AxisName, (bed: TestBed, axis: Axis, value: number, records: number) => Promise<Prepared>>> = {
  keys: prepareKeys,
  partitions: (bed, axis, partitions, records) =>
    prepareFresh(bed, axis, partitions, { partitions, records, users: FEW_KEYS, steps: () => SUM_STEPS }),
  windows: (bed, axis, open, records) =>
    prepareFresh(bed, axis, open, { records, users: WINDOW_KEYS, steps: (line) => windowSteps(open, line) }),
  pipelines: (bed, axis, pipelines, records) =>
    prepareFresh(bed, axis, pipelines, { records: Math.round(records / pipelines), users: FEW_KEYS, steps: () => SUM_STEPS, pipelines }),
  threads: (bed, axis, threads, records) =>
    prepareFresh(bed, axis, threads, { partitions: THREAD_PARTITIONS, records, users: FEW_KEYS, steps: () => SUM_STEPS, threads }),
};

interface Setting {
  readonly partitions?: number;
  /** Of the topic, which each pipeline reads. */
  readonly records: number;
  readonly users: number;
  readonly steps: (line: GrowthLine) => string;
  readonly pipelines?: number;
  /** Of a process that has all cores; undefined: one, on one core. */
  readonly threads?: number;
}

/** Each run from nothing, under names of its own, on the same topic. */
async function prepareFresh(bed: TestBed, axis: Axis, value: number, setting: Setting): Promise<Prepared> {
  const { partitions = PARTITIONS, records, users, steps, pipelines = 1, threads } = setting;
  const topic = `growth-scores-${++bed.runs}`;
  const run = async (line: GrowthLine): Promise<GrowthRun> => {
    const id = `growth-${++bed.runs}`;
    const ids = Array.from({ length: pipelines }, (_, i) => `${id}-${i}`);
    const directory = newDirectory();
    try {
      writeProject(directory, topic, ids, steps(line));
      return await runProject(directory, bed.cluster.env, records * pipelines, bed.signal, threads);
    } finally {
      rmSync(directory, { recursive: true, force: true });
      await deleteTopicsOf(bed.log, id);
    }
  };
  await append(bed, topic, partitions, drawScores({ records, users }));
  return {
    value,
    lines: new Map(axis.lines.map((line) => [line.name, { records: records * pipelines, run: () => run(line) }])),
    remove: () => bed.log.deleteTopics([topic]),
  };
}

/** A state is filled, not measured; then come records of some of its keys, and of any, in turns. */
async function prepareKeys(bed: TestBed, { lines }: Axis, keys: number, records: number): Promise<Prepared> {
  const topic = `growth-scores-${++bed.runs}`;
  const id = `growth-${++bed.runs}`;
  const directory = newDirectory();
  const remove = async (): Promise<void> => {
    rmSync(directory, { recursive: true, force: true });
    await deleteTopicsOf(bed.log, id);
    await bed.log.deleteTopics([topic]);
  };
  let startMs = START_MS;
  const run = async (scores: Iterable<Readonly<Score>>, count: number): Promise<GrowthRun> => {
    await append(bed, topic, PARTITIONS, scores);
    startMs += count;
    return runProject(directory, bed.cluster.env, count, bed.signal);
  };
  const measurable = (line: GrowthLine): Measurable => {
    const count = records * (line.share ?? 1);
    const touched = isOfAny(line) ? keys : Math.min(HOT_KEYS, keys);
    return { records: count, run: () => run(touching(count, touched, keys / touched, startMs), count) };
  };
  try {
    writeProject(directory, topic, [id], SUM_STEPS);
    const load = await run(onceEach(keys, startMs), keys);
    say(`keys ${keys}, filled: ${Math.round(load.recordsPerSecond).toLocaleString('en-US')} records/s`);
  } catch (error) {
    await remove();
    throw error;
  }
  // Where all keys are hot the lines are one.
  const hot = measurable(lines[0]);
  return { value: keys, lines: new Map(lines.map((line, i) => [line.name, i === 0 || keys <= HOT_KEYS ? hot : measurable(line)])), remove };
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

function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'rta-bench-'));
}
