/** Boards of more rows than are kept in the buffer: with the interpreter, which sorts all of them. */
import { describe, it } from 'vitest';
import type { RankTransform, Transform } from '@rta/dsl';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import type { Stage } from '../../src/plan/physical.js';
import { chooser } from '../laws/arbitrary.js';
import { event, foldOf, pipelineOf, startRun, sumPoints } from '../laws/by-hand.js';
import type { Event } from '../laws/events.js';
import { lockstep } from '../laws/lockstep.js';
import { column, LONG, STRING } from '../laws/typed-expressions.js';

const USERS = 400;
const kernelOf = (stage: Stage) => lockstep(stage, interpretStage(stage), compileStage(stage), ['interpreter', 'kernel']);

function board(options: Partial<RankTransform>): RankTransform {
  return {
    type: 'rank',
    group: [],
    k: 5,
    by: [{ expr: column('total', LONG), descending: true, nullsFirst: false }],
    tieBreak: ['user'],
    rank: 'rank',
    ties: false,
    emit: { mode: 'updates' },
    ...options,
  };
}

/** Every user gets points, then the best lose theirs again and again, so that the buffer runs dry. */
function* waves(choose: (n: number) => number, values: number): Generator<Event[]> {
  const points = new Map<string, number>();
  let at = 0;
  const give = (user: string, to: number): Event => {
    const change = to - (points.get(user) ?? 0);
    points.set(user, to);
    return event(at++, { user, points: change });
  };
  yield Array.from({ length: USERS }, (_, i) => give(`u${i}`, choose(values)));
  for (let wave = 0; wave < 12; wave++) {
    const best = [...points].sort(([, a], [, b]) => b - a).slice(0, 40);
    yield best.map(([user]) => give(user, choose(3)));
    yield Array.from({ length: 10 }, () => give(`u${choose(USERS)}`, choose(values)));
  }
}

function run(transforms: readonly Transform[], values: number, seed: number): void {
  const rounds = [...waves(chooser(seed), values)];
  const plan = pipelineOf(transforms, { key: 'user', latenessMs: 0 });
  const pipeline = startRun(plan, kernelOf, [rounds.flat()], 2);
  for (const [i, round] of rounds.entries()) {
    pipeline.task(0, 0).read(0, round.length);
    pipeline.task(0, 0).flush();
    for (let partition = 0; pipeline.task(1, partition) as object | undefined; partition++) {
      pipeline.task(1, partition).read(0, USERS * 2);
      pipeline.task(1, partition).flush();
      if (i === 10) pipeline.task(1, partition).restart();
    }
    if (i === 8) pipeline.task(0, 0).restart();
  }
}

const totals = foldOf({ total: sumPoints }, { group: ['user'] });

describe('boards over many rows', () => {
  it.each([
    ['distinct values', 1_000_000],
    ['many ties', 30],
  ])('are right when the best rows fall (%s)', (_name, values) => {
    run([totals, board({})], values, 1);
    run([totals, board({ rank: null })], values, 2);
    run([totals, board({ by: [{ expr: column('total', LONG), descending: false, nullsFirst: false }], k: 3 })], values, 3);
  });

  it('hold all that tie with the last, however many', () => {
    run([totals, board({ ties: true, k: 2 })], 4, 4);
    run([totals, board({ ties: true, k: 2, by: [{ expr: column('total', LONG), descending: false, nullsFirst: false }] })], 4, 5);
  });

  it('lose rows whose ttl runs out', () => {
    run([foldOf({ total: sumPoints }, { group: ['user'], ttlMs: 150 }), board({})], 1000, 6);
  });

  it('are ranked per group, also when rows change their group', () => {
    run([totals, board({ group: ['total'], by: [{ expr: column('user', STRING), descending: false, nullsFirst: false }] })], 4, 7);
  });

  it('are ranked again', () => {
    run([totals, board({ group: ['user'], k: 1, rank: null }), board({ k: 4 })], 1000, 8);
  });

  it('keep what is needed of windows that are closed', () => {
    const windows = foldOf({ total: sumPoints }, { group: ['user'], window: { sizeMs: 100 } });
    run([windows, board({ tieBreak: ['user', 'window_start', 'window_end'] })], 1000, 9);
    run([windows, board({ group: ['window_start', 'window_end'], tieBreak: ['user', 'window_start', 'window_end'] })], 1000, 10);
    const final = board({
      group: ['window_start', 'window_end'],
      tieBreak: ['user', 'window_start', 'window_end'],
      emit: { mode: 'final' },
    });
    run([windows, final], 1000, 11);
  });
});
