/** Joins of tables with conditions beside the keys, against a plain look at the last rows of both: left rows are padded while no right one meets them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { someEvent } from './arbitrary.js';
import type { Event } from './events.js';
import { implementations } from './implementations.js';
import { RUNS, SEED } from './settings.js';
import { byUser, GONE, inputsOf, planOf, run, someRun } from './several-sources.js';
import { finalRows } from './text.js';

const pipeline = (on: string, type: string): string => `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: ${on} and points > two.points and two.bonus != null, type: ${type}, take: [{ other: points }, { kind: team }] }
      - select: [user, points, other, kind]
sink: { topic: out }`;

const version = fc
  .record({ event: someEvent, to: fc.constantFrom(GONE, null, 'a', 'b', 'c') })
  .map(({ event, to }) => ({ ...event, team: to }));

/** The last row of each user. */
function lastOf(partitions: readonly (readonly Event[])[]): Map<string, Event> {
  const last = new Map(partitions.flat().map((event) => [event.user, event]));
  for (const [user, { team }] of last) if (team === GONE) last.delete(user);
  return last;
}

describe.each(implementations)(`%s (seed ${SEED})`, (_name, kernelOf) => {
  it.each([
    ['by key, left', 'user == two.user', 'left'],
    ['by a foreign key, left', 'team == two.user', 'left'],
    ['by key, inner', 'user == two.user', 'inner'],
    ['by a foreign key, inner', 'team == two.user', 'inner'],
  ])('%s', (_what, on, type) => {
    const plan = planOf(pipeline(on, type), {}, ['one', 'two']);
    fc.assert(
      fc.property(inputsOf(['one', 'two'], version, 16), someRun, (given, variant) => {
        const inputs = ['one', 'two'].reduce(byUser, given);
        const [left, right] = ['one', 'two'].map((topic) => lastOf(inputs.get(topic)!));
        const expected = [...left.values()].flatMap(({ user, team, points }) => {
          const other = right.get((on.startsWith('user') ? user : team) ?? '');
          const met = other !== undefined && points > other.points && other.bonus !== null ? other : null;
          if (met === null && type === 'inner') return [];
          const kind = met?.team ?? null;
          return [`user="${user}" points=${points} other=${met === null ? null : met.points} kind=${kind === null ? null : `"${kind}"`}`];
        });
        const result = run(plan, inputs, variant, kernelOf);
        expect(finalRows(plan, result.sinks).get('out')).toEqual(expected.sort());
      }),
      { numRuns: 2 * RUNS, seed: SEED },
    );
  });

  it('a left row is padded while its partner does not meet it, and has it when it does', () => {
    const plan = planOf(pipeline('team == two.user', 'left'), {}, ['one', 'two']);
    const event = (user: string, team: string | null, points: number): Event => ({ user, team, points, bonus: 1, amount: 0, at: 1 });
    const row = (rights: readonly Event[]): unknown => {
      const inputs = new Map([
        ['one', [[event('a', 'x', 5)]]],
        ['two', [rights]],
      ]);
      const result = run(plan, inputs, { seed: 1, downstreamPartitions: 3, restarts: false }, kernelOf);
      return finalRows(plan, result.sinks).get('out');
    };
    const [padded, paired] = [['user="a" points=5 other=null kind=null'], ['user="a" points=5 other=4 kind="t"']];
    expect(row([])).toEqual(padded);
    expect(row([event('x', 't', 5)])).toEqual(padded);
    expect(row([event('x', 't', 5), event('x', 't', 4)])).toEqual(paired);
    expect(row([event('x', 't', 4), event('x', 't', 6)])).toEqual(padded);
    expect(row([event('x', 't', 4), event('x', GONE, 0)])).toEqual(padded);
  });
});
