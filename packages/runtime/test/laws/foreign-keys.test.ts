/** SEMANTICS rule 13: a row whose foreign key changes is told of by two tasks, in either order. */
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../src/log/partitioner.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { type Event, rawOf } from './events.js';
import { implementations } from './implementations.js';
import { planOf } from './several-sources.js';
import { PipelineRun } from './stage-runner.js';
import { finalRows } from './text.js';

const TEXT = `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: team == two.user, take: [{ other: points }] }
      - select: [user, team, other]
sink: { topic: out }`;

const row = (user: string, team: string | null, points: number, at: number): Event => ({ user, team, points, bonus: null, amount: 0, at });

/** The task, of three, of a foreign key: nullable text as Avro has it. */
function home(text: string): number {
  const key = Buffer.from([2, text.length * 2, ...Buffer.from(text)]);
  return partitionOf(key, 0, key.length, 3);
}

/** Two keys that are in different tasks. */
function apart(): readonly [string, string] {
  const second = ['B', 'C', 'D', 'E', 'F', 'G'].find((text) => home(text) !== home('A'))!;
  return ['A', second];
}

describe.each(implementations)('%s', (_name, kernelOf) => {
  it.each([
    ["A's tombstone", 0],
    ["B's row", 1],
  ])('row 7 moves from A to B, and %s arrives first', (_what, first) => {
    const [a, b] = apart();
    const plan = planOf(TEXT, {}, ['one', 'two']);
    const run = new PipelineRun({
      plan: planStages(plan),
      kernelOf,
      input: [],
      inputs: new Map([
        ['one', [[rawOf(row('7', a, 0, 1)), rawOf(row('7', b, 0, 2))]]],
        ['two', [[rawOf(row(a, null, 10, 1)), rawOf(row(b, null, 20, 1))]]],
      ]),
      downstreamPartitions: 3,
      choose: () => 0,
      steps: 0,
      preAggregation: true,
      restarts: false,
    });
    const pass = (stage: number, partition: number, input = 0, upstream = 0): void => {
      run.task(stage, partition).read(upstream, 100, input);
      run.task(stage, partition).flush();
    };
    const [left, right] = [0, 1].map((id) => run.options.plan.stages.find((s) => s.inputs.some((i) => i.topic === ['one', 'two'][id]))!.id);
    const [joined, owned] = [2, 3];
    const everywhere = (stage: number, input: number, upstream = 0): void => [0, 1, 2].forEach((p) => pass(stage, p, input, upstream));
    pass(right, 0);
    everywhere(joined, 1);
    run.task(left, 0).read(0, 1);
    run.task(left, 0).flush();
    everywhere(joined, 0);
    [0, 1, 2].forEach((upstream) => everywhere(owned, 0, upstream));
    expect(finalRows(plan, run.sinks).get('out')).toEqual([`user="7" team="${a}" other=10`]);

    run.task(left, 0).read(0, 1);
    run.task(left, 0).flush();
    everywhere(joined, 0);
    const order = first === 0 ? [home(a), home(b)] : [home(b), home(a)];
    everywhere(owned, 0, order[0]);
    expect(finalRows(plan, run.sinks).get('out')).toEqual(first === 0 ? [] : [`user="7" team="${b}" other=20`]);
    everywhere(owned, 0, order[1]);
    expect(finalRows(plan, run.sinks).get('out')).toEqual([`user="7" team="${b}" other=20`]);
  });
});
