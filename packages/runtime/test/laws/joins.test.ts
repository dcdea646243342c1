/** The laws of joins of two streams: incremental equals recomputed, kernel and interpreter agree. */
import type { JoinTransform } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { someEvent } from './arbitrary.js';
import type { Event } from './events.js';
import { implementations } from './implementations.js';
import { inPlace, pipelines, tableJoins } from './join-cases.js';
import { lockstep } from './lockstep.js';
import { RUNS, SEED } from './settings.js';
import { byUser, copartitioned, expectRecomputed, GONE, inputsOf, planOf, run, someRun } from './several-sources.js';
import { finalRows } from './text.js';

describe('bounds of the times in `on`', () => {
  const joined = (on: string, within: string): string => `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: '${on}', type: left, ${within} take: { other: points } }
sink: { topic: out }`;
  const both = { one: 5, two: 5 };

  it.each([
    ['two.$time >= $time - 8ms and two.$time <= $time + 2ms', '{ before: 8ms, after: 2ms }'],
    ['$time <= two.$time and $time + 3ms > two.$time', '{ after: 2ms }'],
    ['two.$time - $time <= 5ms and -5ms <= two.$time - $time and two.$time < $time + 1h', '5ms'],
    ['$time == two.$time', '0s'],
    ['-($time - two.$time) <= 4ms and two.$time > $time - 1ms', '{ before: 0s, after: 4ms }'],
  ])('%s is within %s', (bounds, within) => {
    const plan = planOf(joined(`user == two.user and ${bounds}`, ''), both);
    const [bounded, said] = [plan, planOf(joined('user', `within: ${within},`), both)].map(
      ({ steps }) => steps.flatMap((step) => step.transforms).find(({ type }) => type === 'join') as JoinTransform,
    );
    expect(bounded.how).toEqual(said.how);
    expect(bounded.condition).toBeNull();
  });

  it('what is no bound is asked of each pair', () => {
    const plan = planOf(joined('user == two.user and two.$time >= $time + 3ms and two.$time <= $time + 9ms', ''), both);
    const [join] = plan.steps.flatMap((step) => step.transforms);
    expect(join).toMatchObject({
      how: { beforeMs: 0, afterMs: 9 },
      condition: { carried: [{ name: 'two.$time' }] },
    });
  });
});

/** Events, some of which delete where they are a table's. */
const version = fc.record({ event: someEvent, gone: fc.boolean() }).map(({ event, gone }) => (gone ? { ...event, team: GONE } : event));

describe.each(implementations)(`%s (seed ${SEED})`, (name, kernelOf) => {
  it.each(Object.entries(pipelines))('%s', (_what, { topics, text }) => {
    fc.assert(
      fc.property(inputsOf(topics), fc.constantFrom(0, 5, 20), fc.constantFrom(0, 5), someRun, (inputs, one, two, variant) => {
        const plan = planOf(text, { one, two });
        const result = run(plan, inputs, variant, (stage) =>
          lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
        );
        expectRecomputed(plan, inputs, result);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it.each(Object.entries(inPlace))('in place: %s', (_what, { topics, text }) => {
    fc.assert(
      fc.property(inputsOf(topics), fc.constantFrom(0, 5, 20), fc.constantFrom(0, 5), someRun, (given, one, two, variant) => {
        const inputs = copartitioned(given);
        const plan = planOf(text, { one, two }, [], true);
        const result = run(plan, inputs, variant, (stage) =>
          lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
        );
        expect(result.rejected).toEqual([]);
        expectRecomputed(plan, inputs, result);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('in place: a record in another partition than that of its key is refused, and the others are joined', () => {
    const plan = planOf(inPlace.inner.text, { one: 20, two: 20 }, [], true);
    fc.assert(
      fc.property(inputsOf(['one', 'two']), someRun, (given, variant) => {
        const right = copartitioned(given);
        const count = right.get('one')!.length;
        if (count === 1) return;
        const stray: Event = { ...right.get('one')![0][0], at: 0 };
        const inputs = new Map([...right, ['one', right.get('one')!.map((events, p) => (p === 1 ? [stray, ...events] : events))]]);
        const result = run(plan, inputs, variant, (stage) =>
          lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
        );
        expect(result.rejected).toEqual([{ partition: 1, offset: 0, code: 'misplaced' }]);
        const without = run(plan, right, variant, kernelOf);
        expect(finalRows(plan, result.sinks)).toEqual(finalRows(plan, without.sinks));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it.each(Object.entries(tableJoins))('%s', (_what, text) => {
    fc.assert(
      fc.property(
        inputsOf(['one', 'two'], version, 20),
        fc.constantFrom(0, 5),
        fc.constantFrom(0, 10),
        someRun,
        (given, one, two, variant) => {
          const inputs = byUser(given, 'two');
          const plan = planOf(text, { one, two }, ['two']);
          const result = run(plan, inputs, variant, (stage) =>
            lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
          );
          expectRecomputed(plan, inputs, result);
        },
      ),
      { numRuns: 2 * RUNS, seed: SEED },
    );
  });

  it('the latest version: kernel and interpreter agree', () => {
    const text = tableJoins['as of the time of the row'].replace('on: user,', 'on: user, version: latest, type: left,');
    fc.assert(
      fc.property(inputsOf(['one', 'two'], version, 20), someRun, (given, variant) => {
        const inputs = byUser(given, 'two');
        const result = run(planOf(text, {}, ['two']), inputs, variant, (stage) =>
          lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
        );
        const inTime = inputs.get('one')!.flatMap((events) => events.filter((e, i) => events.slice(0, i).every((x) => x.at <= e.at)));
        expect(result.sinks.get('out')).toHaveLength(inTime.filter((e) => Number(e.points) > -2).length);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
