/** Boards of few places over many rows that rise and fall: what an implementation keeps of the rows beside the best must be enough. */
import type { RankTransform, Transform } from '@rta/dsl';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { chooser } from './arbitrary.js';
import { columnOf, event, foldOf, pipelineOf } from './by-hand.js';
import { expectFinal } from './check-case.js';
import { type Event, rawOf } from './events.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { RUNS, SEED } from './settings.js';
import { runPipeline } from './stage-runner.js';
import { column, compare, LONG } from './typed-expressions.js';

/**
 * First all items get a score; then, one after another, whichever leads the board is put behind everyone, so that what was kept of the best
 * rows runs dry again and again. `sign`: 1 where the greatest score leads.
 */
function risesAndFalls(sign: number, choose: (n: number) => number): Event[] {
  const scores = Array.from({ length: 90 + choose(120) }, () => 0);
  const events: Event[] = [];
  const add = (points: number, bonus: number): void => {
    scores[points] += bonus;
    events.push(event(choose(60), { user: points % 3 === 0 ? 'b' : 'a', points, bonus }));
  };
  scores.forEach((_, i) => {
    add(i, choose(40));
  });
  for (let i = choose(350); i > 0; i--) {
    const ordered = scores.map((score, points) => ({ points, score })).sort((a, b) => sign * (b.score - a.score));
    const { points, score } = ordered[choose(3)];
    if (choose(8) === 0) add(choose(scores.length), sign * choose(30));
    else add(points, ordered[ordered.length - 1].score - score - sign * choose(5));
  }
  return events;
}

const board = fc.record({
  grouped: fc.boolean(),
  ttlMs: fc.constantFrom(null, null, 20),
  positive: fc.boolean(),
  k: fc.integer({ min: 1, max: 4 }),
  descending: fc.boolean(),
  named: fc.boolean(),
  ties: fc.boolean(),
});

const sum = { fn: 'sum', arg: columnOf('bonus'), where: null, type: LONG } as const;

describe.each(implementations)(`%s: boards over many rows (seed ${SEED})`, (name, kernelOf) => {
  it.each([false, true])('eviction: %s', (eviction) => {
    fc.assert(
      fc.property(board, fc.integer(), ({ grouped, ttlMs, positive, k, descending, named, ties }, seed) => {
        const choose = chooser(seed);
        const items = risesAndFalls(descending ? 1 : -1, choose);
        const key = grouped ? ['user', 'points'] : ['points'];
        const rank: RankTransform = {
          type: 'rank',
          group: grouped ? ['user'] : [],
          k,
          by: [{ expr: column('score', LONG), descending, nullsFirst: false }],
          tieBreak: key,
          rank: named ? 'place' : null,
          ties,
          emit: { mode: 'updates' },
        };
        const having: Transform[] = positive ? [{ type: 'filter', condition: compare('>', column('score', LONG), 0) }] : [];
        const fold = foldOf({ score: sum }, { group: key, ...(ttlMs === null ? {} : { ttlMs }) });
        const plan = pipelineOf([fold, ...having, rank], { latenessMs: 100, key: grouped ? 'user' : null });
        const end = event(70, { user: 'end', points: -1, bonus: 0 });
        const partitions = [0, 1].map((p) => [
          ...items.filter((e) => (grouped ? Number(e.user === 'b') : Number(e.points) % 2) === p),
          { ...end, user: `end${p}` },
        ]);
        const result = runPipeline({
          plan: planStages(plan),
          kernelOf: (stage) => lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
          input: partitions.map((events) => events.map(rawOf)),
          downstreamPartitions: 1,
          choose,
          steps: 600,
          preAggregation: true,
          restarts: true,
          eviction,
        });
        expectFinal(plan, partitions, result);
      }),
      { numRuns: Math.ceil(RUNS / 6), seed: SEED },
    );
  });
});
