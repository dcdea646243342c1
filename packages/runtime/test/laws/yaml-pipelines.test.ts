/** The laws on pipelines as people write them: compiled from YAML, so with the compiler's own casts, averages and sink schemas. */
import { Buffer } from 'node:buffer';
import { encodeHeaders } from '../../src/log/batch/records.js';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { chooser, input } from './arbitrary.js';
import { rawOf } from './events.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { RUNS, SEED } from './settings.js';
import { runPipeline } from './stage-runner.js';
import { planOf } from './yaml-plan.js';
import { expectLaw } from './yaml-law.js';

const pipelines: Readonly<Record<string, string>> = {
  'a leaderboard': `
- groupBy: user
  aggregate: { total: sum(points), team: max(team) }
  ttl: 15ms
- topK: { k: 2, by: [total desc, user], rank: rnk }
- select: [rnk, user, team, total]`,
  'columns that are renamed twice, and mostly not used': `
- rename: { who: user }
- rename: { score: points }
- drop: [bonus]
- groupBy: who
  aggregate: { n: count(), last: max(score) }`,
  'a column that nobody uses, and that may fail': `
- derive: { size: length(team ?? ""), twice: points * 2 }
- derive: { size_again: size + 1 }
- groupBy: user
  aggregate: { n: count() }`,
  'averages in windows': `
- filter: amount < 1e300
- derive:
    double_points: greatest(points, 0) % 1000 * 2
- groupBy: [user, { named: team ?? "none" }]
  window: { hopping: 20ms, every: 5ms, grace: 3ms }
  aggregate:
    n: count()
    mean: avg(amount)
    share: sum(double_points) / count()
    rich: count() where (bonus ?? 0) > 1
  emit: final
- filter: mean != 0`,
  'the best of every window': `
- groupBy: { named: team ?? "none" }
  window: { tumbling: 10ms }
  aggregate: { top: max(points), least: min(amount), bonuses: sum(bonus) }
- groupBy: [window_start, window_end]
  topK: { k: 1, by: top desc }
  emit: final`,
  'windows of windows': `
- groupBy: user
  window: { tumbling: 5ms, grace: 2ms }
  aggregate: { n: count(bonus) }
  emit: final
- window: { tumbling: 20ms }
  aggregate: { busiest: max(n), users: count(), all: sum(n) }`,
  'sessions and the longest of them': `
- groupBy: user
  window: { session: 6ms }
  aggregate: { n: count(), began: min($time), spent: sum(amount) }
- filter: n > 1
- topK: { k: 3, by: [n desc, began], rank: rnk }
- select: [rnk, user, window_end, n]`,
  'sessions counted': `
- groupBy: [user, { named: team ?? "none" }]
  window: { session: 4ms, grace: 2ms }
  aggregate: { n: count(), points: max(points) }
  emit: final
- window: { tumbling: 10ms }
  aggregate: { sessions: count(), most: max(n) }`,
  'the last milliseconds before each record': `
- filter: points > 0
- groupBy: user
  window: { sliding: 8ms, grace: 1ms }
  aggregate: { n: count(), best: max(points), spent: sum(amount) }
- filter: n > 1
- select: [user, window_end, n, best, spent]`,
  'an hour that grows, and windows of a zone': `
- groupBy: user
  window: { cumulate: 12ms, every: 4ms }
  aggregate: { n: count(), mean: avg(amount) }
  emit: final
- window: { hopping: 20ms, every: 10ms, zone: America/New_York }
  aggregate: { rows: count(), n: sum(n) }`,
  'a sample of streams and of tables': `
- groupBy: [user, { half: points / 2 ?? 0.0 }]
  sample: 70%
- groupBy: user
  aggregate: { n: count(), top: max(points) ?? 0 }
- sample: 60%
- groupBy: top
  sample: 50%`,
  'one global row': `
- aggregate: { n: count(), sum: sum(amount), low: min(user), high: max(at) }`,
  'first and last': `
- groupBy: { named: team ?? "none" }
  window: { hopping: 20ms, every: 10ms }
  aggregate:
    opened: first(user)
    latest: last(bonus)
    closed: last(at) where points > 0
    best: argMax(user, amount)
    worst: argMin(points, bonus)
- filter: opened != "c"`,
  'first and last of trailing sums': `
- groupBy: user
  derive: { recent: sum(points) over 6ms }
- derive: { twice: recent * 2 }
- groupBy: { named: team ?? "none" }
  aggregate: { opened: first(twice), closed: last(user), path: 'collect(recent, 3)' }
  ttl: 12ms`,
  'lists and journeys': `
- groupBy: user
  aggregate:
    path: collect(team, 3)
    tops: topK(points, 2)
    richest: topK(team, 2, bonus)
    steps: funnel(points > 0, bonus != null, team == "x")
  ttl: 15ms
- derive: { start: 'path[0] ?? "-"', n: length(tops) }`,
  'how many and how spread': `
- groupBy: { named: team ?? "none" }
  aggregate:
    users: count(distinct user)
    amounts: count(distinct amount) where points > 0
    about: approxDistinct(user)
    middle: median(points)
    high: percentile(amount, 0.9)
    spread: stddev(points)
    variance: variance(amount) where amount < 1e10
- topK: { k: 2, by: [users desc, named], rank: place }`,
  'of closed windows': `
- groupBy: user
  window: { tumbling: 5ms, grace: 2ms }
  aggregate: { n: count(), busiest: max(team) }
  emit: final
- window: { tumbling: 20ms }
  aggregate:
    firsts: first(user)
    lasts: last(busiest)
    users: collect(user, 4)
    most: argMax(user, n)
    days: count(distinct window_start)
    went: funnel(n == 1, n > 1)
    middle: median(n)`,
  'aggregates of aggregates': `
- groupBy: [user, { named: team ?? "none" }]
  aggregate: { high: max(points), rich: count() where amount > 1, latest: last(bonus) }
  ttl: 15ms
- groupBy: named
  aggregate:
    mean: avg(high)
    users: count()
    spread: stddev(rich)
    least: min(latest)
    best: argMax(user, high)
    who: collect(user, 3)
    newest: last(user)
    highs: count(distinct high)
    three: topK(high, 2)
- filter: users > 1
- groupBy: users
  aggregate: { teams: count(), of: max(named), all: sum(highs) }`,
  'an aggregate of a board': `
- groupBy: user
  aggregate: { n: count(), team: max(team ?? "none") }
- topK: { k: 3, by: [n desc, user], rank: place }
- groupBy: team
  aggregate: { leaders: count(), best: min(place), sum: sum(n), users: 'collect(user, 3)' }`,
  'ties per team': `
- groupBy: user
  aggregate: { team: max(team ?? "none"), n: count() }
- groupBy: team
  topK: { k: 1, by: n desc, ties: all }`,
};

/** Expressions of many kinds, on records and on rows of tables: compared with the interpreter only. */
const expressions: Readonly<Record<string, string>> = {
  'metadata of records': `
- filter: $offset % 3 != 1
- derive:
    at_key: $key ?? "-"
    when: $time
    place: $partition * 1000 + $offset
    trace: '$headers["trace"] ?? "none"'
- select: [user, at_key, when, place, trace, points]`,
  'texts and conditions': `
- derive:
    name: 'concat(upper(user), lower(team ?? "T"), string(bonus ?? -1))'
    level: 'if(points > 2, "high", points < 0, "low", user == "a" or user in ["b", "ä"], "b", "mid")'
    size: length(user) + length(team ?? "")
    part: substring(user, 0, 1)
    same: team == user or not (points >= 3)
- filter: not same and level != "low"
- groupBy: [level, part]
  aggregate: { n: count(), names: max(name), short: min(size) }
- filter: n > 1 and short < 5
- derive: { label: 'concat(level, string(n))' }`,
  numbers: `
- derive:
    half: points / 2
    rest: points % 4
    third: div(points, 3)
    scaled: round(amount * 10) / 10
    root: sqrt(abs(amount))
    bounded: 'least(greatest(points, -10), 10)'
    mixed: points * 0.5 + (bonus ?? 0)
- groupBy: rest
  aggregate: { sum: sum(bounded), mean: avg(mixed), top: max(root), n: count(half) where third > 0 }
- derive: { ratio: sum / n ?? 0, over: sum * sum * sum }
- topK: { k: 2, by: [ratio desc, mean], ties: all }`,
  times: `
- derive: { later: at + 5ms, day: date(at), pause: long(at - timestamp(0)) }
- groupBy: day
  window: { tumbling: 10ms }
  aggregate: { first: min(later), longest: max(pause), long_ago: count() where at < timestamp(20) }
- derive: { spread: window_end - first > 3ms }`,
};

describe.each(implementations)(`%s (seed ${SEED})`, (name, kernelOf) => {
  it.each(Object.entries(pipelines))('%s', (_what, steps) => {
    expectLaw(steps, [name, kernelOf]);
  });

  it.each(Object.entries(expressions))('%s', (_what, steps) => {
    const trace = encodeHeaders([{ key: 'trace', value: Buffer.from('ü') }]);
    fc.assert(
      fc.property(input(false), fc.boolean(), fc.integer(), (partitions, headers, seed) => {
        runPipeline({
          plan: planStages(planOf(steps, false, 5)),
          kernelOf: (stage) => lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
          input: partitions.map((events) => events.map((e, i) => ({ ...rawOf(e), ...(headers && i % 2 === 0 ? { headers: trace } : {}) }))),
          choose: chooser(seed),
          steps: 40,
          downstreamPartitions: 2,
          preAggregation: true,
          restarts: true,
        });
      }),
      { numRuns: Math.ceil(RUNS / 2), seed: SEED },
    );
  });
});
