/** The counter-examples of SEMANTICS.md that are about streams and tables; rules.test.ts has those of time, state and numbers. */
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../src/log/partitioner.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { event, history, startRun } from './by-hand.js';
import { rawOf, type RawRecord } from './events.js';
import { implementations } from './implementations.js';
import { planOf as planOfSources } from './several-sources.js';
import { PipelineRun } from './stage-runner.js';
import { planOf } from './yaml-plan.js';

type Plan = ReturnType<typeof planOf>;

const PER_USER = `
- groupBy: user
  aggregate: { n: count() }`;

describe.each(implementations)('%s', (_name, kernelOf) => {
  /** A run of two sources of one partition each; tasks read when they are told. */
  const runOf = (plan: Plan, one: readonly RawRecord[], two: readonly RawRecord[]): PipelineRun =>
    new PipelineRun({
      plan: planStages(plan),
      kernelOf,
      input: [],
      inputs: new Map([
        ['one', [one]],
        ['two', [two]],
      ]),
      downstreamPartitions: 1,
      choose: () => 0,
      steps: 0,
      preAggregation: true,
      restarts: false,
    });

  /** Every stage reads what is there and commits, but those that read a topic. */
  const advance = (run: PipelineRun, without?: string): void => {
    for (const { id, inputs } of run.options.plan.stages) {
      if (inputs.some(({ topic }) => topic === without)) continue;
      const task = run.task(id, 0);
      while (task.deliver(() => 0));
      task.flush();
    }
  };

  describe('rule 4: a join gives a row without a match only when the task’s watermark has passed its time and `within`', () => {
    const plan = planOfSources(`
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user, within: 5ms, type: left, take: [{ other: points }] }
      - select: [user, other]
sink: { topic: out }`);
    const left = [event(0), event(100, { user: 'last' })].map(rawOf);

    it.each([
      ['the match is there', [event(3, { points: 7 }), event(100, { user: 'end' })], 'user="k" other=7'],
      ['there is none', [event(3, { user: 'x' }), event(100, { user: 'end' })], 'user="k" other=null'],
    ])('however far the left side is ahead: %s', (_what, right, row) => {
      const run = runOf(plan, left, right.map(rawOf));
      advance(run, 'two');
      expect(history(plan, run)).toEqual([]);
      advance(run);
      expect(history(plan, run)).toEqual([row]);
    });
  });

  it('rule 17: between two sub-topologies a row that moves may be nowhere or in two places; in the end it is in one', () => {
    const plan = planOf(
      `
- filter: team != null
- groupBy: user
  aggregate: { team: 'argMax(team, at)' }
- filter: team != null
- groupBy: team
  aggregate: { n: count() }`,
      true,
      100,
    );
    // A team whose rows another task has.
    const taskOf = (team: string): number => partitionOf(Buffer.from([2 * team.length, ...Buffer.from(team)]), 0, 1 + team.length, 2);
    const blue = ['blue', 'green', 'gold', 'grey', 'pink', 'cyan'].find((team) => taskOf(team) !== taskOf('red'))!;
    const boardOf = (run: PipelineRun): readonly string[] => {
      const board = new Map<string, string>();
      for (const line of history(plan, run)) {
        const [, gone] = /^(\S+) gone$/.exec(line) ?? [];
        if (gone !== undefined) board.delete(gone);
        else board.set(/team="(\w+)"/.exec(line)![1], line);
      }
      return [...board.values()].sort();
    };
    const between = [0, 1].map((first) => {
      const run = startRun(plan, kernelOf, [[event(0, { team: 'red' }), event(1, { team: blue })]], 2);
      const step = (tasks: readonly number[]): void => {
        for (const partition of tasks) {
          const task = run.task(1, partition);
          task.read(0, 99);
          task.flush();
        }
      };
      run.task(0, 0).read(0, 1);
      run.task(0, 0).flush();
      step([0, 1]);
      expect(boardOf(run)).toEqual(['team="red" n=1']);
      run.task(0, 0).read(0, 1);
      run.task(0, 0).flush();
      step([first]);
      const seen = boardOf(run);
      step([1 - first]);
      expect(boardOf(run)).toEqual([`team="${blue}" n=1`]);
      return seen;
    });
    expect(between.sort((a, b) => a.length - b.length)).toEqual([[], [`team="${blue}" n=1`, 'team="red" n=1']]);
  });

  it('rule 14: min, max and collect over a table take back what has left it', () => {
    const plan = planOf(
      `${PER_USER}
- filter: n < 3
- aggregate: { least: min(n), most: max(n), all: 'collect(n, 5)' }`,
      true,
      0,
    );
    const events = ['a', 'b', 'b', 'b'].map((user, i) => event(i, { user }));
    const run = startRun(plan, kernelOf, [events]);
    for (const _ of events) {
      run.task(0, 0).read(0, 1);
      for (const { id } of run.options.plan.stages) {
        if (id > 0) while (run.task(id, 0).deliver(() => 0));
        run.task(id, 0).flush();
      }
    }
    const rows = history(plan, run);
    expect(rows.some((row) => row.startsWith('least=1 most=2'))).toBe(true);
    expect(rows.at(-1)).toBe('least=1 most=1 all=[1]');
  });

  it('rule 16: a null value deletes in a table, and is an error in a stream', () => {
    const plan = planOfSources(
      `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user, type: left, take: [{ other: points }] }
      - select: [user, other]
sink: { topic: out }`,
      {},
      ['two'],
    );
    const gone = (at: number): RawRecord => ({ ...rawOf(event(at)), value: null });
    const one = [rawOf(event(5)), gone(6), rawOf(event(100, { user: 'last' }))];
    const run = runOf(plan, one, [rawOf(event(1, { points: 7 })), gone(2), rawOf(event(100, { user: 'end' }))]);
    advance(run);
    expect(history(plan, run)).toEqual(['user="k" other=null']);
    expect(run.rejected).toEqual([{ partition: 0, offset: 1, code: 'empty_value' }]);
  });
});

describe('rule 10: what depends on how many versions of a row are seen does not compile over a table', () => {
  // k=1 and k=2 in one commit or in two: `over 3 rows` would see one row or two.
  it.each([
    ['over', `${PER_USER}\n- groupBy: user\n  derive: { last3: sum(n) over 3 rows }`],
    ['dedupe', `${PER_USER}\n- groupBy: user\n  dedupe: { keep: first }`],
    ['window', `${PER_USER}\n- groupBy: user\n  window: { tumbling: 1m }\n  aggregate: { most: max(n) }`],
    ['a final aggregate without windows', `\n- groupBy: user\n  aggregate: { n: count() }\n  emit: final`],
  ])('%s', (_what, steps) => {
    expect(() => planOf(steps, true, 0)).toThrow(/error RTA\d+: /);
  });

  it.each(['approxDistinct(n)', 'median(n)', 'percentile(n, 0.9)'])('rule 14: nor does what cannot take back: %s', (aggregate) => {
    expect(() => planOf(`${PER_USER}\n- aggregate: { x: '${aggregate}' }`, true, 0)).toThrow(/error RTA\d+: .*table/);
  });
});
