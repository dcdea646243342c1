/** What is kept of rows that wait for rows: the columns that something behind needs. */
import { describe, expect, it } from 'vitest';
import type { StageNode } from '../../src/plan/physical.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { planOf } from '../laws/several-sources.js';

/** Of the node that keeps them: left, and of a join right. */
function kept(text: string, op: 'over' | 'join'): string[][] {
  const nodes = planStages(planOf(text)).stages.flatMap((stage) => stage.nodes);
  const node = nodes.findLast((one) => one.op === op) as Extract<StageNode, { op: 'over' | 'join' }>;
  const sides = [node.inputColumns, ...(node.op === 'join' ? [node.rightColumns] : [])];
  return sides.map((columns) => columns.map(({ name }) => name).sort());
}

const over = (steps: string, from = 'one', more = ''): string => `
streams:${more}
  all:
    from: ${from}
    steps:
      - groupBy: user
        derive: { before: sum(points) over 10ms, most: max(amount) over 1m }
${steps}
sink: { topic: out }`;
const join = (steps: string): string => `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user == two.user and points <= two.points, within: 5ms, take: [{ when: at }, { other: bonus }, { next: bonus + 1 }] }
${steps}
sink: { topic: out }`;

describe('an over keeps', () => {
  it('what is selected, and what it looks at', () => {
    expect(kept(over('      - select: [at, before]'), 'over')).toEqual([['amount', 'at', 'points', 'user']]);
  });

  it('what a filter behind it reads', () => {
    expect(kept(over('      - filter: team != null\n      - select: [before]'), 'over')).toEqual([['amount', 'points', 'team', 'user']]);
  });

  it('nothing, of rows that are only counted', () => {
    const text = over('      - select: [n]').replace(
      'groupBy: user\n        derive: { before: sum(points) over 10ms, most: max(amount) over 1m }',
      'derive: { n: count() over 2 rows }',
    );
    expect(kept(text, 'over')).toEqual([[]]);
  });

  it('all, where all of it goes out', () => {
    expect(kept(over(''), 'over')[0]).toEqual(expect.arrayContaining(['at', 'bonus', 'team']));
  });

  it('all, where rows may be equal in their places, and go by their bytes', () => {
    const union = over('      - select: [before]', 'both', '\n  both: { from: [one, two] }');
    expect(kept(union, 'over')[0]).toEqual(expect.arrayContaining(['at', 'bonus', 'team']));
  });
});

describe('a join of streams keeps', () => {
  it('what is selected, what its condition reads, and what may fail', () => {
    expect(kept(join('      - select: [at, when]'), 'join')).toEqual([
      ['at', 'points', 'user'],
      ['next', 'two.points', 'when'],
    ]);
  });

  it('what an aggregate behind it reads', () => {
    expect(kept(join('      - groupBy: user\n        aggregate: { n: sum(other) }'), 'join')).toEqual([
      ['points', 'user'],
      ['next', 'other', 'two.points'],
    ]);
  });
});
