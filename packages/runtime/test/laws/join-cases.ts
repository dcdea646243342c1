/** The pipelines that the laws of joins are tried on. */

interface JoinCase {
  readonly topics: readonly string[];
  readonly text: string;
}

/** What is repartitioned by the key of the join. */
export const pipelines: Readonly<Record<string, JoinCase>> = {
  'inner, either way': {
    topics: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user, within: 5ms, take: [{ other: points }, { when: at }] }
sink: { topic: out }`,
  },
  'left, later ones only, with grace, on a nullable column made definite': {
    topics: ['one', 'two'],
    text: `
streams:
  named: { from: two, steps: [ filter: team != null ] }
  all:
    from: one
    steps:
      - filter: team != null
      - derive: { twice: points * 2 }
      - join:
          with: named
          on: [user, team]
          type: left
          within: { after: 10ms }
          grace: 3ms
          take: [{ other: points + 1 }, { more: bonus }]
      - derive: { sum: twice + (other ?? 0) }
sink: { topic: out }`,
  },
  'outer, on an expression': {
    topics: ['one', 'two'],
    text: `
streams:
  teams: { from: two, steps: [ filter: team != null, 'select': [{ name: team }, points] ] }
  all:
    from: one
    steps:
      - select: [user, { mine: points }, amount]
      - join: { with: teams, as: t, on: user == t.name, type: outer, within: { before: 8ms, after: 2ms } }
sink: { topic: out }`,
  },
  'inner, with a time bound and a column that only the condition reads': {
    topics: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join:
          with: two
          on: user == two.user and points <= two.points and at >= two.at
          within: 8ms
          take: [{ when: at }, { name: team }]
sink: { topic: out }`,
  },
  'outer, with a condition that fails for some': {
    topics: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - select: [user, { mine: points }, amount]
      - join:
          with: two
          on: user == two.user and (int(mine * 2000000000) > two.points or two.team == "red") and $time != two.at
          type: outer
          within: { before: 6ms, after: 3ms }
          take: [points, { theirs: amount }]
sink: { topic: out }`,
  },
  'left, with a condition of either side alone': {
    topics: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join:
          with: two
          on: amount == two.amount and points > 0 and two.bonus != null and bonus != null and two.user == user and bonus == two.bonus
          type: left
          within: 20ms
          grace: 2ms
          take: [{ other: points }]
sink: { topic: out }`,
  },
  'left, with bounds of the times in `on`, one of which only later rows meet': {
    topics: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join:
          with: two
          on: user == two.user and two.$time >= $time + 2ms and two.$time - $time < 9ms and points <= two.points
          type: left
          take: [{ other: points }, { when: at }]
sink: { topic: out }`,
  },
  'within, with the times of both rows in the condition': {
    topics: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join: { with: two, as: t, on: user == t.user and t.$time != $time and t.at == t.$time, within: 5ms, type: outer, take: { other: points } }
sink: { topic: out }`,
  },
  'outer, of a union of branches, counted in windows': {
    topics: ['one', 'two', 'three'],
    text: `
streams:
  others: { from: [two, three], steps: [ select: [user, { other: points }] ] }
  all:
    from: one
    steps:
      - select: [user, points]
      - join: { with: others, on: user, type: outer, within: 3ms, grace: 1ms }
      - groupBy: user
        window: { tumbling: 10ms }
        aggregate: { n: count(), lefts: count(points), rights: count(other) }
        emit: final
sink: { topic: out }`,
  },
  'outer, of columns that are needed behind it, by the condition, or by nobody': {
    topics: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join:
          with: two
          on: user == two.user and points <= two.points
          within: 6ms
          type: outer
          take: [{ when: at }, { other: amount }, { theirs: bonus }]
      - filter: other == null or other < 100.0
      - select: [at, when]
sink: { topic: out }`,
  },
  'inner, then looking back on few of its columns': {
    topics: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user, within: 4ms, take: [{ other: points }, { more: bonus }] }
      - groupBy: user
        derive: { before: sum(other) over 10ms }
      - select: [at, before]
sink: { topic: out }`,
  },
  'a branch with another of the same source': {
    topics: ['one'],
    text: `
streams:
  low: { from: one, steps: [ filter: points < 2, select: [user, { low: points }] ] }
  all:
    from: one
    steps:
      - filter: points >= 0
      - join: { with: low, on: user, type: left, within: 4ms }
      - select: [user, points, low]
sink: { topic: out }`,
  },
  'results of equal windows': {
    topics: ['one', 'two'],
    text: `
streams:
  ones:
    from: one
    steps:
      - groupBy: user
        window: { tumbling: 10ms }
        aggregate: { ones: count() }
        emit: final
  twos:
    from: two
    steps:
      - groupBy: user
        window: { tumbling: 10ms, grace: 3ms }
        aggregate: { twos: count() }
        emit: final
  both:
    from: ones
    steps:
      - join: { with: twos, on: [user, window_start, window_end], type: outer }
      - filter: (ones ?? 0) + (twos ?? 0) > 1
sink: { topic: out }`,
  },
};

/** Of topics that lie alike by `user`. */
export const inPlace: Readonly<Record<string, JoinCase>> = {
  inner: {
    topics: ['one', 'two'],
    text: `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user, within: 5ms, copartitioned: true, take: [{ other: points }, { when: at }] }
sink: { topic: out }`,
  },
  'left, on the key and more, with grace and a condition, behind steps that leave rows where they are': {
    topics: ['one', 'two'],
    text: `
streams:
  named: { from: two, steps: [ filter: team != null, rename: { theirs: points }, rename: { who: user } ] }
  all:
    from: one
    steps:
      - filter: team != null
      - derive: { positive: points > 0 }
      - join:
          with: named
          on: team == named.team and user == named.who and named.theirs <= points
          type: left
          within: { after: 10ms }
          grace: 3ms
          copartitioned: true
          take: [theirs]
      - derive: { has: theirs != null }
sink: { topic: out }`,
  },
  'outer, then counted by another column': {
    topics: ['one', 'two'],
    text: `
streams:
  others: { from: two, steps: [ select: [user, { other: points }] ] }
  all:
    from: one
    steps:
      - select: [user, team, points]
      - join: { with: others, on: user, type: outer, within: { before: 8ms, after: 2ms }, copartitioned: true }
      - groupBy: { name: team ?? "none" }
        window: { tumbling: 10ms }
        aggregate: { n: count(), lefts: count(points), rights: count(other) }
        emit: final
sink: { topic: out }`,
  },
  'of three topics, and counted by the key': {
    topics: ['one', 'two', 'three'],
    text: `
streams:
  all:
    from: one
    steps:
      - select: [user, points]
      - join: { with: two, on: user, within: 4ms, copartitioned: true, take: { second: points } }
      - join: { with: three, on: user, type: left, within: 4ms, copartitioned: true, take: { third: points } }
      - groupBy: user
        aggregate: { n: count(), thirds: sum(third) }
sink: { topic: out }`,
  },
  'with a branch of the same source, beside an aggregate of it': {
    topics: ['one'],
    text: `
streams:
  low: { from: one, steps: [ filter: points < 2, select: [user, { low: points }] ] }
  all:
    from: one
    steps:
      - filter: points >= 0
      - join: { with: low, on: user, type: left, within: 4ms, copartitioned: true }
      - select: [user, points, low]
  counts: { from: one, steps: [ { groupBy: user, aggregate: { n: count() } } ] }
sinks:
  out: { from: all, topic: out }
  counts: { from: counts, topic: counts }`,
  },
};

/** As of the version of a table, `two`. */
export const tableJoins: Readonly<Record<string, string>> = {
  'as of the time of the row': `
streams:
  all:
    from: one
    steps:
      - filter: points > -2
      - join: { with: two, on: user, take: [{ other: points }, { since: at }] }
      - select: [user, points, other, since]
sink: { topic: out }`,
  'as of the time, left, where a condition holds': `
streams:
  all:
    from: one
    steps:
      - join: { with: two, as: t, on: user == t.user and points >= t.points and at <= t.at + 7ms, type: left, take: { since: at } }
sink: { topic: out }`,
  'as of the time, in windows, where a condition of the version alone holds': `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user == two.user and two.team != null and two.points * points < 6, take: { other: bonus } }
      - groupBy: user
        window: { tumbling: 10ms }
        aggregate: { n: count(), last: max(team) }
        emit: final
sink: { topic: out }`,
  'as of the time, left, in windows': `
streams:
  all:
    from: one
    steps:
      - select: [user, { mine: points }]
      - join: { with: two, on: user, type: left, take: team }
      - groupBy: user
        window: { tumbling: 10ms }
        aggregate: { n: count(), teams: count(team), last: max(team) }
        emit: final
sink: { topic: out }`,
};
