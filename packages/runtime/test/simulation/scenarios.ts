/** Random pipelines of every kind and their input, with what must hold of each update on the way. */
import type { Plan } from '@rta/dsl';
import type { Event } from '../laws/events.js';
import { planOf as planOfSources } from '../laws/several-sources.js';
import { planOf as planOfSteps } from '../laws/yaml-plan.js';

/** A column that is a sum of `points`, each of which is a power of two of its own: its bits say which records it holds. */
export interface SumColumn {
  readonly column: string;
  /** A column that counts the same records. */
  readonly count?: string;
  /** Columns of the row, and what of a record equals them. */
  readonly group: Readonly<Record<string, (event: Event) => string>>;
  /** Records of different players come by different ways: they are in order by player only. */
  readonly perUser?: boolean;
  /** Windows: `end - start` less this is where records end. */
  readonly gapMs?: number;
}

export interface Scenario {
  readonly name: string;
  readonly plan: Plan;
  readonly topics: readonly { readonly name: string; readonly table: boolean; readonly partitions: number }[];
  /** Partitions of stages behind a repartition. */
  readonly downstream: number;
  /** Every task's sink rows are those of the part of its own partition that it has committed. */
  readonly exactAtCommits: boolean;
  readonly sums: readonly SumColumn[];
  /** Sums only grow, update by update of one key. */
  readonly grows: boolean;
}

type Random = (n: number) => number;

const BY_USER = { user: (event: Event) => event.user };
const BY_TEAM = { named: (event: Event) => event.team ?? 'none' };
const TEAM = '{ named: team ?? "none" }';

interface Family {
  /** Steps over one source, or streams and sinks over `one` and `two`. */
  readonly text: (random: Random) => string;
  readonly keyed?: boolean;
  /** Sources of `text` with several; those that are tables. */
  readonly sources?: readonly string[];
  readonly tables?: readonly string[];
  readonly sums?: readonly SumColumn[];
  readonly exactAtCommits?: boolean;
  readonly grows?: boolean;
}

const total = { column: 'total', count: 'n' };
const ms = (random: Random, least: number, most: number): string => `${least + random(most - least + 1)}ms`;

const FAMILIES: Readonly<Record<string, Family>> = {
  'totals of keys': {
    text: () => `
- groupBy: user
  aggregate: { n: count(), total: sum(points), least: min(amount), teams: count(distinct team) }`,
    keyed: true,
    exactAtCommits: true,
    grows: true,
    sums: [{ ...total, group: BY_USER }],
  },
  'totals behind a repartition': {
    text: () => `
- groupBy: ${TEAM}
  aggregate: { n: count(), total: sum(points), most: max(amount) }`,
    grows: true,
    sums: [{ ...total, group: BY_TEAM }],
  },
  'a leaderboard': {
    text: (random) => `
- groupBy: user
  aggregate: { total: sum(points), n: count(), team: max(team) }
- topK: { k: ${1 + random(4)}, by: [total desc, user], rank: rnk }
- select: [rnk, user, team, total, n]`,
    sums: [{ ...total, group: BY_USER }],
  },
  'a board of teams over totals of players': {
    text: (random) => `
- groupBy: [user, ${TEAM}]
  aggregate: { total: sum(points), n: count() }
- groupBy: named
  aggregate: { total: sum(total), n: sum(n), best: 'argMax(user, total)' }
- topK: { k: ${1 + random(3)}, by: [total desc, named], rank: rnk }`,
    sums: [{ ...total, group: BY_TEAM, perUser: true }],
  },
  'tumbling windows of keys': {
    text: (random) => `
- groupBy: user
  window: { tumbling: ${ms(random, 4, 15)}, grace: ${ms(random, 0, 3)} }
  aggregate: { n: count(), total: sum(points), opened: first(amount) }`,
    keyed: true,
    exactAtCommits: true,
    grows: true,
    sums: [{ ...total, group: BY_USER }],
  },
  'hopping windows, when they close': {
    text: (random) => `
- groupBy: ${TEAM}
  window: { hopping: 12ms, every: ${random(2) === 0 ? 3 : 6}ms, grace: ${ms(random, 0, 3)} }
  aggregate: { n: count(), total: sum(points) }
  emit: final`,
    sums: [{ ...total, group: BY_TEAM }],
  },
  sessions: {
    text: () => `
- groupBy: user
  window: { session: 5ms }
  aggregate: { n: count(), total: sum(points) }`,
    sums: [{ ...total, group: BY_USER, gapMs: 5 }],
  },
  'sessions of keys, when they close': {
    text: () => `
- groupBy: user
  window: { session: 4ms }
  aggregate: { n: count(), total: sum(points), last: last(team) }
  emit: final`,
    keyed: true,
    exactAtCommits: true,
    sums: [{ ...total, group: BY_USER, gapMs: 4 }],
  },
  'the first of each': {
    text: () => `
- groupBy: user
  dedupe: { keep: first }`,
  },
  'the first within, counted': {
    text: (random) => `
- groupBy: [user, { extra: bonus ?? 0 }]
  dedupe: { within: ${ms(random, 3, 12)} }
- groupBy: ${TEAM}
  aggregate: { n: count(), total: sum(points) }`,
  },
  'the last of each, ranked': {
    text: (random) => `
- groupBy: ${TEAM}
  dedupe: { keep: last }
- topK: { k: ${1 + random(3)}, by: [amount desc, named], rank: rnk }`,
  },
  'trailing sums': {
    text: (random) => `
- groupBy: user
  derive: { recent: sum(points) over ${ms(random, 3, 12)} }
- select: [user, at, recent]`,
  },
  'sliding windows': {
    text: (random) => `
- groupBy: user
  window: { sliding: ${ms(random, 3, 9)} }
  aggregate: { n: count(), best: max(points), spent: sum(amount) }`,
  },
  'windows of windows': {
    text: () => `
- groupBy: user
  window: { tumbling: 5ms, grace: 2ms }
  aggregate: { n: count(bonus), t: sum(points) }
  emit: final
- window: { tumbling: 20ms }
  aggregate: { busiest: max(n), users: count(), all: sum(t) }`,
  },
  'totals that expire': {
    text: (random) => `
- groupBy: user
  aggregate: { n: count(), total: sum(points), path: 'collect(team, 3)' }
  ttl: ${ms(random, 8, 20)}
- topK: { k: 3, by: [total desc, user], rank: rnk }`,
  },
  'two streams joined': {
    sources: ['one', 'two'],
    text: (random) => `
streams:
  all:
    from: one
    steps:
      - select: [user, points, at]
      - join: { with: two, on: user, type: ${['inner', 'left', 'outer'][random(3)]}, within: ${ms(random, 2, 8)}, take: [{ other: points }, { when: at }] }
sink: { topic: out }`,
  },
  'a stream with a table as of its time': {
    sources: ['one', 'two'],
    tables: ['two'],
    text: (random) => `
streams:
  all:
    from: one
    steps:
      - join: { with: two, on: user, type: ${['inner', 'left'][random(2)]}, take: [{ other: points }, { since: at }] }
      - select: [user, points, other, since]
sink: { topic: out }`,
  },
  'the best players by their part in the team': {
    sources: ['one'],
    text: (random) => `
streams:
  named: { from: one, steps: [ select: [user, points, ${TEAM}] ] }
  players:
    from: named
    steps:
      - groupBy: [named, user]
        aggregate: { player_total: sum(points) }
  teams:
    from: named
    steps:
      - groupBy: named
        aggregate: { team_total: sum(points) }
  mvps:
    from: players
    steps:
      - join: { with: teams, on: named }
      - derive: { part: player_total / team_total ?? 0 }
      - groupBy: named
        topK: { k: 1, by: [part desc, user] }
      - topK: { k: ${1 + random(4)}, by: [part desc, user], rank: rnk }
sink: { from: mvps, topic: out }`,
    sums: [
      { column: 'player_total', group: { ...BY_USER, ...BY_TEAM } },
      { column: 'team_total', group: BY_TEAM },
    ],
  },
};

export const FAMILY_NAMES = Object.keys(FAMILIES);

export function scenarioOf(random: Random, name = FAMILY_NAMES[random(FAMILY_NAMES.length)]): Scenario {
  const family = FAMILIES[name];
  const { sources, tables = [], keyed = false } = family;
  const lateness = random(3) * 4;
  const text = family.text(random);
  const compiled =
    sources === undefined
      ? planOfSteps(text, keyed, lateness)
      : planOfSources(text, Object.fromEntries(sources.map((source) => [source, lateness])), tables);
  const partitions = 1 + random(3);
  return {
    name,
    plan: { ...compiled, late: { policy: 'topic', topic: 'late' }, errors: { policy: 'topic', topic: 'dead' } },
    topics: (sources ?? ['input']).map((topic) => ({ name: topic, table: tables.includes(topic), partitions })),
    downstream: 1 + random(3),
    exactAtCommits: family.exactAtCommits ?? false,
    sums: family.sums ?? [],
    grows: family.grows ?? false,
  };
}

/** A record of a source; null: bytes that are no event. */
export type Sent = Event | null;

/** The records of each source's partitions; keys of tables, and of sources with keys, in one partition each; all watermarks agree in the end. */
export function inputOf(random: Random, { plan, topics }: Scenario): ReadonlyMap<string, readonly (readonly Sent[])[]> {
  const keyed = plan.sources.some(({ key }) => key !== null);
  const partitions = new Map(topics.map((topic) => [topic.name, Array.from({ length: topic.partitions }, (): Sent[] => [])]));
  let time = 0;
  const count = 20 + random(28);
  for (let i = 0; i < count; i++) {
    const topic = topics[random(topics.length)];
    time += random(4);
    const user = 'abcde'[random(5)];
    const home = keyed || topic.table ? user.codePointAt(0)! % topic.partitions : random(topic.partitions);
    partitions.get(topic.name)![home].push({
      user,
      team: [null, 'x', 'y', ''][random(4)],
      points: 2 ** i,
      bonus: random(3) === 0 ? null : random(4),
      amount: random(40) / 4,
      at: Math.max(0, time - (random(4) === 0 ? random(10) : 0)),
    });
    if (!topic.table && random(12) === 0) partitions.get(topic.name)![home].push(null);
  }
  const end = time + random(25);
  for (const [topic, lists] of partitions)
    for (const [partition, list] of lists.entries())
      list.push({ user: `end ${topic} ${String(partition)}`, team: null, points: 0, bonus: null, amount: 0, at: end });
  return partitions;
}
