/** The laws of tables as they are, and of their joins: what is left in the end is what their last rows come to, and kernel and interpreter agree. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { someEvent } from './arbitrary.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { RUNS, SEED } from './settings.js';
import { byUser, expectRecomputed, GONE, inputsOf, planOf, run, someRun } from './several-sources.js';

interface Case {
  readonly text: string;
  /** Which topics are tables. */
  readonly tables: readonly string[];
}

const pipelines: Readonly<Record<string, Case>> = {
  'a source as it is': {
    tables: ['one'],
    text: `
sinks:
  out: { from: one, topic: out }`,
  },
  'a source, filtered, computed, renamed, with rows that fail': {
    tables: ['one'],
    text: `
streams:
  all:
    from: one
    steps:
      - filter: points > 0 or team != null
      - derive: { left: bonus % 2, over: points * 4611686018427387904 }
      - rename: { who: user }
      - drop: [amount]
sink: { topic: out }`,
  },
  'aggregates of a source': {
    tables: ['one'],
    text: `
streams:
  all:
    from: one
    steps:
      - filter: team != null
      - groupBy: team
        aggregate:
          n: count()
          total: sum(points)
          least: min(user)
          latest: last(points)
          best: argMax(user, points)
          kinds: count(distinct bonus)
  one_row:
    from: one
    steps:
      - aggregate: { n: count(), mean: avg(amount) }
sinks:
  out: { from: all, topic: out }
  row: { from: one_row, topic: row }`,
  },
  'boards of a source': {
    tables: ['one'],
    text: `
streams:
  best:
    from: one
    steps:
      - topK: { k: 2, by: [points desc, user], rank: rnk }
  teams:
    from: one
    steps:
      - filter: team != null
      - groupBy: team
        topK: { k: 1, by: amount, ties: all }
sinks:
  out: { from: best, topic: out }
  teams: { from: teams, topic: teams }`,
  },
};

const joins: Readonly<Record<string, Case>> = {
  'two sources, inner': {
    tables: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user, take: [{ other: points }, { kind: team }] }
      - derive: { sum: points + other }
sink: { topic: out }`,
  },
  'two sources, left, of which some fail': {
    tables: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - filter: points != 1
      - join: { with: two, on: user, type: left, take: [{ other: points * 4611686018427387904 }, { kind: team }] }
      - filter: (other ?? 0) < 3
      - derive: { paired: other != null, alone: other == null and kind == null }
sink: { topic: out }`,
  },
  'an aggregate with a source, outer, aggregated and ranked': {
    tables: ['two'],
    text: `
streams:
  totals:
    from: one
    steps:
      - groupBy: user
        aggregate: { total: sum(points), n: count() }
        ttl: 30ms
  all:
    from: totals
    steps:
      - join: { with: two, on: user, type: outer, take: [{ kind: team }, amount] }
      - derive: { kind2: kind ?? "none" }
      - groupBy: kind2
        aggregate: { users: count(), total: sum(total), greatest: max(amount) }
      - topK: { k: 2, by: [users desc, kind2], rank: rnk }
sink: { topic: out }`,
  },
  'a foreign key that changes, inner': {
    tables: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: team == two.user, take: [{ other: points }, { since: at }] }
sink: { topic: out }`,
  },
  'a foreign key, and conditions beside it': {
    tables: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: team == two.user and points >= two.points and two.bonus != null, take: [{ other: points }] }
      - join: { with: one, as: own, on: user == own.user and other * 4611686018427387904 < own.points, take: [{ mine: amount }] }
sink: { topic: out }`,
  },
  'by key and by a foreign key, left, with conditions beside them': {
    tables: ['one', 'two', 'three'],
    text: `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user == two.user and points >= two.points and two.bonus != null, type: left, take: [{ other: points }] }
      - join: { with: three, on: team == three.user and (other ?? 0) * 4611686018427387904 < three.points, type: left, take: [{ third: points }, { kind: team }] }
      - join: { with: one, as: own, on: user == own.user and own.team == "b", type: left, take: [{ mine: amount }] }
      - derive: { group: kind ?? "none" }
  groups:
    from: all
    steps:
      - groupBy: group
        aggregate: { n: count(), others: sum(other), latest: last(third), mine: sum(mine) }
sinks:
  out: { from: all, topic: out }
  groups: { from: groups, topic: groups }`,
  },
  'a foreign key that changes, left, aggregated and ranked': {
    tables: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - filter: points < 3
      - derive: { ref: 'if(points < 0, "a", team)' }
      - join: { with: two, on: ref == two.user, type: left, take: [{ other: points }, { kind: team }] }
      - derive: { group: kind ?? "none" }
      - groupBy: group
        aggregate: { n: count(), others: sum(other), mine: sum(points) }
      - topK: { k: 3, by: [n desc, group], rank: rnk }
sink: { topic: out }`,
  },
  'the best of each team, by their part in it': {
    tables: [],
    text: `
streams:
  players:
    from: one
    steps:
      - filter: team != null
      - groupBy: [team, user]
        aggregate: { mine: sum(points), n: count() }
        ttl: 20ms
  teams:
    from: one
    steps:
      - filter: team != null
      - groupBy: team
        aggregate: { all: sum(points) }
        ttl: 25ms
  best:
    from: players
    steps:
      - join: { with: teams, on: team }
      - derive: { part: mine / all ?? 0 }
      - groupBy: team
        topK: { k: 1, by: [part desc, user] }
      - topK: { k: 2, by: [part desc, user], rank: rnk }
sink: { from: best, topic: out }`,
  },
  'a board with a source, and that with another': {
    tables: ['two', 'three'],
    text: `
streams:
  board:
    from: one
    steps:
      - groupBy: user
        aggregate: { total: sum(points), team: max(team) }
      - topK: { k: 3, by: [total desc, user], rank: rnk }
  all:
    from: board
    steps:
      - join: { with: two, on: user, type: left, take: [{ other: points }] }
      - join: { with: three, on: team == three.user, as: three, type: left, take: [{ third: points }] }
      - filter: (third ?? 0) >= 0
sink: { from: all, topic: out }`,
  },
  'a table with itself': {
    tables: ['one'],
    text: `
streams:
  all:
    from: one
    steps:
      - select: [user, team, points]
      - join: { with: one, as: of, on: team == of.user, type: left, take: [{ ref: team }, { others: points }] }
      - join: { with: sums, on: user }
  sums:
    from: one
    steps:
      - groupBy: user
        aggregate: { total: sum(points) }
sink: { from: all, topic: out }`,
  },
};

/** Events whose teams are users, that is keys, and some of which delete where they are a table's. */
const version = fc.record({ event: someEvent, gone: fc.integer({ min: 0, max: 3 }) }).map(({ event, gone }) => {
  const { team } = event;
  return { ...event, team: gone === 0 ? GONE : team === 'x' ? 'a' : team === 'y' ? 'b' : team };
});

const topicsOf = ({ text }: Case): string[] => ['one', 'two', 'three'].filter((topic) => new RegExp(`\\b${topic}\\b`).test(text));

/** What is looked up depends on when: only that there is a row for each of the stream's is said here. */
const latest: Readonly<Record<string, Case>> = {
  'the latest of an aggregate': {
    tables: [],
    text: `
streams:
  totals:
    from: two
    steps:
      - groupBy: user
        aggregate: { total: sum(points) }
        ttl: 20ms
      - filter: total > 0
  all:
    from: one
    steps:
      - join: { with: totals, on: user, version: latest, type: left }
      - select: [user, total]
sink: { from: all, topic: out }`,
  },
  'the latest of a join of tables': {
    tables: ['two', 'three'],
    text: `
streams:
  pairs:
    from: two
    steps:
      - join: { with: three, on: user, take: [{ third: points }] }
  all:
    from: one
    steps:
      - join: { with: pairs, on: user, version: latest, type: left, take: [third] }
      - select: [user, third]
sink: { from: all, topic: out }`,
  },
};

describe.each(implementations)(`%s (seed ${SEED})`, (name, kernelOf) => {
  it.each([...Object.entries(pipelines), ...Object.entries(joins)])('%s', (_what, each) => {
    fc.assert(
      fc.property(inputsOf(topicsOf(each), version, 16), someRun, (given, variant) => {
        const inputs = each.tables.reduce(byUser, given);
        const plan = planOf(each.text, {}, each.tables);
        const result = run(plan, inputs, variant, (stage) =>
          lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
        );
        expectRecomputed(plan, inputs, result);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it.each(Object.entries(latest))('%s: kernel and interpreter agree', (_what, each) => {
    fc.assert(
      fc.property(inputsOf(topicsOf(each), version, 16), someRun, (given, variant) => {
        const inputs = each.tables.reduce(byUser, given);
        const result = run(planOf(each.text, { one: 100 }, each.tables), inputs, variant, (stage) =>
          lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
        );
        expect(result.sinks.get('out')).toHaveLength(inputs.get('one')!.flat().length);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
