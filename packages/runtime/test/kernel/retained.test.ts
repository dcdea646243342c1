/** A task that goes on for long over the same keys keeps no more than one that has just begun: nothing in it grows with how often rows change. */
import { Buffer } from 'node:buffer';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Plan } from '@rta/dsl';
import { describe, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import { records } from '../../src/log/batch/records.js';
import { compileStage } from '../../src/kernel/compile-stage.js';
import type { StageKernel } from '../../src/kernel/stage-kernel.js';
import type { PhysicalPlan, Stage } from '../../src/plan/physical.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { compiled, leaderboard, scoreBatches, USER_SCORE } from '../task/project.js';
import { drawScores } from '../task/scores.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const USERS = 30;
const SCHEMA_ID = 1;
/** Commits until it has all that it needs; then so many looks at it, and commits from one to the next. */
const [WARM, LOOKS, BETWEEN] = [500, 6, 1_500];
/** A commit's scores, and how far apart they are, ms. */
const [SCORES, APART_MS] = [20, 50];
/** What comes and goes, bytes; a reference to each row that is written would be nearly twice as much. */
const SLACK = 900_000;

/** The only task of a stage, with a store that has what its changelog says. */
class OnlyTask {
  readonly kernel: StageKernel;
  private readonly store = new Map<string, Uint8Array>();
  private builders = new Map<number, BatchBuilder>();
  private changelog = new BatchBuilder('changelog', 0);
  private flushes = 0;
  /** What it has read, from when it is to be watched. */
  read: WeakRef<ArrayBufferLike>[] | null = null;

  constructor(
    readonly stage: Stage,
    private readonly send: (topic: string, batch: Uint8Array) => void,
  ) {
    const builder = (output: number): BatchBuilder => {
      const known = this.builders.get(output) ?? new BatchBuilder(stage.outputs[output].topic, 0);
      this.builders.set(output, known);
      return known;
    };
    this.kernel = compileStage(stage)({
      partition: 0,
      tasks: 1,
      output: builder,
      partitions: stage.outputs.map(() => 1),
      schemaIds: stage.outputs.map(() => ({ key: 1, value: 2 })),
      changelog: () => (stage.changelog === null ? null : this.changelog),
      store: { get: (key) => this.store.get(Buffer.from(key).toString('latin1'))?.slice() },
      memoryLimit: 1 << 30,
      late: () => undefined,
      reject: (_record, step, code) => {
        throw new Error(`${step}: ${code}`);
      },
      now: () => 1e9,
    });
    for (const [input, { kind }] of stage.inputs.entries())
      if (kind === 'source') this.kernel.addWriterSchema(input, SCHEMA_ID, USER_SCORE);
  }

  take(topic: string, bytes: Uint8Array): void {
    for (const [input, { topic: own }] of this.stage.inputs.entries()) {
      if (own !== topic) continue;
      const answer = bytes.slice().buffer;
      this.read?.push(new WeakRef(answer));
      for (const batch of parseBatches(Buffer.from(answer), { verifyCrc: false })) this.kernel.process(input, batch, 0);
    }
  }

  flush(): void {
    const { inputs, outputs } = this.stage;
    const times = inputs.map((input, i) =>
      input.kind === 'source' ? this.kernel.maxEventTime(i) - input.latenessMs : (this.kernel.upstreamWatermarks(i)[0] ?? -Infinity),
    );
    this.kernel.flush(Math.min(...times));
    const { builders, changelog } = this;
    this.builders = new Map();
    this.changelog = new BatchBuilder('changelog', 0);
    for (const { batch } of changelog.take())
      for (const parsed of parseBatches(Buffer.from(batch), { verifyCrc: false }))
        for (const { key, value } of records(parsed)) {
          const name = Buffer.from(key!).toString('latin1');
          if (value === null) this.store.delete(name);
          else this.store.set(name, value.slice());
        }
    this.kernel.stored(++this.flushes);
    for (const [output, builder] of builders)
      if (outputs[output].kind === 'repartition') for (const { batch } of builder.take()) this.send(outputs[output].topic, batch);
  }

  /** Of what the test itself keeps for it. */
  get storeBytes(): number {
    return [...this.store].reduce((sum, [key, value]) => sum + key.length + value.length + 200, 0);
  }
}

class Tasks {
  readonly tasks: readonly OnlyTask[];
  private commits = 0;

  constructor(private readonly plan: PhysicalPlan) {
    this.tasks = plan.stages.map((stage) => new OnlyTask(stage, (topic, batch) => this.spread(topic, batch)));
  }

  private spread(topic: string, batch: Uint8Array): void {
    for (const task of this.tasks) task.take(topic, batch);
  }

  /** So many commits with scores of the same users, as time goes on. */
  run(commits: number): void {
    const sources = new Set(
      this.plan.stages.flatMap(({ inputs }) => inputs.flatMap(({ kind, topic }) => (kind === 'source' ? [topic] : []))),
    );
    for (let i = 0; i < commits; i++) {
      const start = Date.UTC(2026, 0, 1) + this.commits * SCORES * APART_MS;
      const drawn = drawScores(SCORES, USERS, ++this.commits).map((score, n) => ({ ...score, event_time_millis: start + n * APART_MS }));
      for (const topic of sources) for (const { batch } of scoreBatches(topic, 1, drawn, SCHEMA_ID)) this.spread(topic, batch);
      for (const task of this.tasks) task.flush();
    }
  }

  /** Bytes that are still used after a collection. */
  kept(): number {
    gc();
    gc();
    return process.memoryUsage().heapUsed - this.tasks.reduce((sum, { storeBytes }) => sum + storeBytes, 0);
  }
}

const of = (steps: string): Plan =>
  compiled(`pipeline: p
source: { topic: in, key: user_id, schema: user_score, time: event_time_millis, lateness: 1s }
steps:
${steps}
sink: { topic: out }
`);
const joined = (join: string): Plan =>
  compiled(`pipeline: p
sources:
  one: { topic: in, key: user_id, schema: user_score, time: event_time_millis, lateness: 1s }
  two: { topic: two, key: user_id, schema: user_score, time: event_time_millis, lateness: 1s }
streams:
  sums: { from: two, steps: [{ groupBy: user_id, aggregate: { total: sum(score) } }] }
  all:
    from: one
    steps:
      - join: ${join}
      - select: [user_id, score]
sink: { from: all, topic: out }
`);

const PLANS: readonly (readonly [string, () => Plan])[] = [
  ['teams', () => leaderboard('top-teams')],
  ['players', () => leaderboard('top-players')],
  ['the most valuable players', () => leaderboard('team-mvps')],
  [
    'windows that overlap',
    () => of('  - { groupBy: team_id, window: { hopping: 10s, every: 2s }, aggregate: { n: count(), users: count(distinct user_id) } }'),
  ],
  [
    'final windows',
    () => of('  - { groupBy: user_id, window: { tumbling: 5s, grace: 1s }, aggregate: { total: sum(score) }, emit: final }'),
  ],
  ['sessions', () => of('  - { groupBy: user_id, window: { session: 1500ms }, aggregate: { n: count(), best: max(score) } }')],
  ['sliding windows', () => of('  - { groupBy: user_id, window: { sliding: 10s }, aggregate: { mean: avg(score) } }')],
  ['trailing aggregates', () => of('  - derive: { lately: avg(score) over 10s, before: sum(score) over previous 3 rows }')],
  ['the first of each', () => of('  - { groupBy: user_id, dedupe: { within: 5s } }')],
  [
    'a board of windows',
    () =>
      of(
        '  - { groupBy: [user_id], window: { tumbling: 10s }, aggregate: { n: count() } }\n  - { groupBy: [window_start, window_end], topK: { k: 3, by: n desc, rank: rnk } }',
      ),
  ],
  ['rows of two streams that are close', () => joined('{ with: two, on: user_id, within: 2s, type: inner, take: { other: score } }')],
  ['rows with a table', () => joined('{ with: sums, on: user_id, version: latest }')],
];

describe('what a task keeps does not grow with how often rows change', { timeout: 120_000 }, () => {
  it.each(PLANS)('%s', (_what, planned) => {
    const tasks = new Tasks(planStages(planned()));
    tasks.run(WARM);
    const grown: number[] = [];
    for (let look = 0, before = tasks.kept(); look < LOOKS; look++) {
      tasks.run(BETWEEN);
      const now = tasks.kept();
      grown.push(now - before);
      before = now;
    }
    // Without the least and the most: once in a while node lets go of code, or makes some.
    const usual = grown.toSorted((a, b) => a - b).slice(1, -1);
    expect(
      usual.reduce((sum, bytes) => sum + bytes, 0),
      grown.join(),
    ).toBeLessThan(SLACK);
  });
});

describe('a task keeps nothing of the bytes that it has read: an answer of the brokers would stay in memory as a whole, one for each task', () => {
  it.each(PLANS)('%s', async (_what, planned) => {
    const tasks = new Tasks(planStages(planned()));
    tasks.run(WARM);
    for (const task of tasks.tasks) task.read = [];
    tasks.run(10);
    // What a WeakRef was made of stays until the turn ends.
    await new Promise(setImmediate);
    gc();
    for (const { read, stage } of tasks.tasks) {
      expect(read!.length).toBeGreaterThanOrEqual(10);
      expect(read!.filter((each) => each.deref() !== undefined).length, `stage ${stage.id}`).toBe(0);
    }
  });
});
