/** Which edits of a pipeline its state outlives. */
import { describe, expect, it } from 'vitest';
import { planFingerprint, planIdentity } from '../../src/plan/identity.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { planOf } from '../laws/yaml-plan.js';

const TOTALS = `
- filter: team != null and points > 0
- groupBy: team
  aggregate: { total: sum(points), n: count() }
- derive: { mean: total / n }
`;
const WINDOWS = `
- filter: team != null
- groupBy: team
  window: { tumbling: 1m }
  aggregate: { total: sum(points) }
  emit: final
`;
const BOARD = `
- groupBy: user
  aggregate: { total: sum(points) }
- topK: { k: 3, by: total desc, rank: rank }
`;

interface Difference {
  /** Of stores and repartition topics. */
  readonly layout: boolean;
  readonly input: boolean;
  /** Of sinks. */
  readonly shape: boolean;
}

function differenceOf(before: string, after: string, lateness: readonly [number, number] = [0, 0]): Difference {
  const [old, next] = [before, after].map((steps, i) => planIdentity(planStages(planOf(steps, false, lateness[i]))));
  const differs = (part: 'layout' | 'input'): boolean =>
    old.kept.length !== next.kept.length || next.kept.some((kept, i) => kept.name !== old.kept[i].name || kept[part] !== old.kept[i][part]);
  return { layout: differs('layout'), input: differs('input'), shape: old.sinks[0].shape !== next.sinks[0].shape };
}

describe('an edit', () => {
  it.each([
    ['of nothing', TOTALS, TOTALS, {}],
    ['of a comment', TOTALS, `\n# all of it${TOTALS}`, {}],
    ['that derives a column more from the result', TOTALS, `${TOTALS.trimEnd()}\n- derive: { big: total > 100 }\n`, {}],
    ['of what is derived from the result', TOTALS, TOTALS.replace('total / n', '2 * total / n'), {}],
    ['of the filter in front of the state', TOTALS, TOTALS.replace('points > 0', 'points > 1'), { input: true, shape: true }],
    [
      'that adds an aggregate',
      TOTALS,
      TOTALS.replace('n: count()', 'n: count(), most: max(points)'),
      { layout: true, input: true, shape: true },
    ],
    ['of what an aggregate is of', TOTALS, TOTALS.replace('sum(points)', 'sum(points * 2)'), { layout: true, shape: true, input: true }],
    ['of the group', TOTALS, TOTALS.replace('groupBy: team', 'groupBy: user'), { layout: true, input: true, shape: true }],
    ['of the window', WINDOWS, WINDOWS.replace('1m', '2m'), { layout: true, input: true, shape: true }],
    ['of the size of a board', BOARD, BOARD.replace('k: 3', 'k: 5'), { layout: true, input: true, shape: true }],
    ['that filters the table', TOTALS, `${TOTALS.trimEnd()}\n- filter: total > 10\n`, { shape: true }],
  ] as const)('%s', (_, before, after, expected) => {
    const found = differenceOf(before, after);
    for (const part of ['layout', 'input', 'shape'] as const) {
      const wanted = (expected as Partial<Difference>)[part] ?? false;
      // What crosses a repartition is made by the same step: it may change as well, never where nothing is to change.
      if (!wanted) expect({ [part]: found[part] }).toEqual({ [part]: false });
    }
    const any = Object.values(expected).some((value) => value);
    expect(found.layout || found.input || found.shape).toBe(any);
    if ((expected as Partial<Difference>).layout) expect(found.layout).toBe(true);
  });

  it('of the lateness decides which records are counted, and leaves the bytes as they are', () => {
    expect(differenceOf(TOTALS, TOTALS, [0, 1000])).toEqual({ layout: false, input: true, shape: true });
  });
});

it('the fingerprint of a plan is that of how it runs', () => {
  const fingerprint = (steps: string): string => planFingerprint(planOf(steps, false, 0), {});
  expect(fingerprint(`\n# all of it${TOTALS}`)).toBe(fingerprint(TOTALS));
  expect(fingerprint(TOTALS.replace('points > 0', 'points > 1'))).not.toBe(fingerprint(TOTALS));
});
