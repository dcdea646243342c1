/** What tests of a pipeline can say, each said by a pipeline that passes. */
import { describe, it } from 'vitest';
import { passes, planOf } from './bench.js';
import { EVENT, pipeline } from './event-pipeline.js';

const cases: Readonly<Record<string, string>> = {
  'fields that are not written: default, null, zero': pipeline(`
steps:
  - select: [user, team, score, factor, { level: meta.level }, price]
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: ann } ] }
    expect: { out: [ { user: ann, team: none, score: 0, factor: null, level: low, price: 0.00 } ] }
`),
  'a record without $time goes on from the one before it': pipeline(`
steps:
  - select: [user, at]
sink: { topic: out }
tests:
  t:
    given:
      in:
        - { user: a }
        - { user: b, $time: 12:00:10 }
        - { user: c }
        - { user: d, at: 12:00:20 }
        - { user: e }
    history:
      out:
        - { user: a, at: 00:00:00 }
        - { user: b, at: 12:00:10 }
        - { user: c, at: 12:00:10 }
        - { user: d, at: 12:00:20 }
        - { user: e, at: 12:00:20 }
`),
  'event time of the record itself': pipeline(
    `
steps:
  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { n: count() }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, $time: 12:00:10 }, { user: a, $time: 12:01:10 } ] }
    expect: { out: [ { user: a, window_start: 12:00, n: 1 }, { user: a, window_start: 12:01, n: 1 } ] }
`,
    '',
  ),
  'event time of the clock': pipeline(
    `
steps:
  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { n: count() }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, $time: 12:00:10 }, { user: a, $time: 12:01:10 } ] }
    expect: { out: [ { user: a, window_start: 12:00, n: 1 }, { user: a, window_start: 12:01, n: 1 } ] }
`,
    ', time: $now',
  ),
  'windows close as the watermark follows the records, and by until': pipeline(
    `
steps:
  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { n: count(), mean: avg(score) }
    emit: final
sink: { topic: out }
tests:
  open:
    given: { in: [ { user: a, $time: 12:00:10 }, { user: a, $time: 12:01:04 } ] }
    expect: { out: [] }
  closed by a record that is as late as may be:
    given: { in: [ { user: a, $time: 12:00:10, score: 1 }, { user: a, score: 2 }, { user: b, score: 2 }, { user: b, $time: 12:01:05 } ] }
    expect: { out: [ { user: b, n: 1, mean: 2 }, { user: a, window_start: 12:00, window_end: 12:01, n: 2, mean: 1.5 } ] }
  closed by until:
    given: { in: [ { user: a, $time: 12:00:10 } ] }
    until: 12:01:00
    expect: { out: [ { user: a, n: 1 } ] }
  not closed by an until before its end:
    given: { in: [ { user: a, $time: 12:00:10 } ] }
    until: 12:00:59
    expect: { out: [] }
`,
    ', time: at, lateness: 5s',
  ),
  'a topic for late records': pipeline(
    `
late: { topic: in-late }
steps:
  - groupBy: user
    window: { tumbling: 1m }
    aggregate: { n: count() }
sink: { topic: out }
tests:
  t:
    given:
      in:
        - { user: a, $time: 12:00:10 }
        - { user: a, $time: 12:02:00 }
        - { user: late, $time: 12:00:20, score: 7 }
    expect:
      out: [ { user: a, window_start: 12:00, n: 1 }, { user: a, window_start: 12:02, n: 1 } ]
      in-late: [ { user: late, score: 7, at: 12:00:20 } ]
  none:
    given: { in: [ { user: a, $time: 12:00:10 } ] }
    expect: { in-late: [] }
`,
    ', time: at',
  ),
  'a topic for failed records': pipeline(`
errors: { topic: in-errors }
steps:
  - derive: { next: score + 1 }
  - select: [user, next]
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, score: 9223372036854775807 }, { user: b, score: 1 } ] }
    expect:
      out: [ { user: b, next: 2 } ]
      in-errors: [ { user: a, score: 9223372036854775807 } ]
`),
  'rows go by ttl, with a tombstone': pipeline(`
steps:
  - groupBy: user
    aggregate: { total: sum(score) }
    ttl: 10m
sink: { topic: out }
tests:
  gone:
    given: { in: [ { user: a, $time: 12:00:00, score: 1 }, { user: b, $time: 12:05:00, score: 2 } ] }
    until: 12:10:01
    expect: { out: [ { user: b, total: 2 } ] }
    history:
      out:
        - { user: a, total: 1 }
        - { user: b, total: 2 }
        - { user: a, $deleted: true }
  not yet:
    given: { in: [ { user: a, $time: 12:00:00, score: 1 } ] }
    until: 12:09:59
    expect: { out: [ { user: a } ] }
`),
  'emit every: the period has passed at each commit': pipeline(`
steps:
  - groupBy: user
    aggregate: { total: sum(score) }
    emit: { every: 10s }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, score: 1 }, { user: a, score: 2 }, { user: b, score: 2 } ] }
    expect: { out: [ { user: a, total: 3 }, { user: b, total: 2 } ] }
  each:
    given: { in: [ { user: a, score: 1 }, { user: a, score: 2 } ] }
    history: { out: [ { user: a, total: 1 }, { user: a, total: 3 } ] }
`),
  'rows in any order, doubles to the digits written': pipeline(`
steps:
  - groupBy: team
    aggregate: { mean: avg(score) }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a, team: x, score: 1 }, { user: a, team: x, score: 1 }, { user: a, team: x, score: 2 }, { user: b, team: y } ] }
    expect: { out: [ { team: y }, { mean: 1.33 } ] }
`),
  'JSON in and out': pipeline(
    `
steps:
  - groupBy: [user, team]
    aggregate: { n: count(), total: sum(score), price: max(price), last: max(at) }
    ttl: 10m
sink: { topic: out, format: json }
tests:
  t:
    given: { in: [ { user: a, $time: 12:00:00, score: 9007199254740993, price: 1.25 }, { user: b, $time: 12:09:00 } ] }
    until: 12:10:01
    expect: { out: [ { user: b, team: none } ] }
    history:
      out:
        - { user: a, team: none, n: 1, total: 9007199254740993, price: 1.25, last: 12:00:00 }
        - { user: b, n: 1 }
        - { user: a, team: none, $deleted: true }
`,
    ', time: at, format: json',
  ),
  'hopping windows, and the best of each': pipeline(`
steps:
  - groupBy: team
    window: { hopping: 2m, every: 1m }
    aggregate: { total: sum(score) }
  - groupBy: [window_start, window_end]
    topK: { k: 1, by: total desc, ties: all, rank: rnk }
    emit: final
sink: { topic: out }
tests:
  t:
    given:
      in:
        - { $time: 12:00:30, team: a, score: 3 }
        - { $time: 12:01:30, team: a, score: 4 }
        - { team: b, score: 4 }
    until: 12:05
    history:
      out:
        - { window_start: 11:59, rnk: 1, team: a, total: 3 }
        - { window_start: 12:00, rnk: 1, team: a, total: 7 }
        - { window_start: 12:01, rnk: 1, team: a, total: 4 }
        - { window_start: 12:01, rnk: 2, team: b, total: 4 }
`),
  'several sinks of several sources, a table that retracts': `
pipeline: p
sources:
  scores: { topic: in, schema: example, time: at, key: user }
  more: { topic: more, schema: example }
streams:
  big:
    from: scores
    steps:
      - groupBy: user
        aggregate: { total: sum(score) }
      - filter: total > 10
  second:
    from: more
    steps:
      - filter: score > 5
      - derive: { twice: score * 2 }
sinks:
  big: { from: big, topic: big }
  second: { from: second, topic: second-out, key: [team] }
tests:
  t:
    given:
      in: [ { user: a, score: 11 }, { user: b, score: 12 } ]
      more: [ { user: a, score: 5 }, { user: b, score: 6 } ]
      scores: [ { user: a, score: -3 } ]
    expect:
      big: [ { user: b, total: 12 } ]
      second: [ { user: b, team: none, twice: 12 } ]
    history:
      big: [ { user: a, total: 11 }, { user: b, total: 12 }, { user: a, $deleted: true } ]
`,
  'keys in framed Avro': pipeline(
    `
steps:
  - groupBy: user
    aggregate: { n: count() }
sink: { topic: out }
tests:
  t:
    given: { in: [ { user: a } ] }
    expect: { out: [ { user: a, n: 1 } ] }
`,
    ', time: at, key: user, format: { key: avro, value: avro }',
  ),
};

describe('a test can say', () => {
  it.each(Object.entries(cases))('%s', async (_, text) => passes(planOf(text, EVENT)));
});
