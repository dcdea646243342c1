/** What is compared of tables: joins of two, what is counted of their rows, and aggregates of a topic that is a table. */
import { type Comparison, countRows, finalRows, NONE, pairs } from './comparisons.js';

export const tablesJoined = (join: string, then = ''): string => `
streams:
  all:
    from: one
    steps:
      - join: { with: two, take: [{ other: points }], ${join} }
      - select: [user, points, other]${then}
sink: { from: all, topic: out }`;

export const countedByOther = (group: string): string => `
      - groupBy: ${group}
        aggregate: { n: count() }`;

const both = { topics: ['one', 'two'], tables: ['one', 'two'], settings: {}, disorderMs: 5 } as const;
const one = { topics: ['one'], tables: ['one'], settings: {}, disorderMs: 5, oneByOne: true } as const;

/** Rows without a match are a group of their own; what groups rows is never null here. */
const groupOf = (type: string): string => (type === 'inner' ? 'other' : `{ other: other ?? ${NONE} }`);

interface Join extends Pick<Comparison, 'name' | 'topology' | 'keys' | 'values'> {
  readonly type: string;
  readonly on: string;
}

/** Of the keys and references some are of no row of the other table. */
const FOREIGN = { keys: { one: 'abcde', two: '0123' }, values: { one: 5, two: 3 } };

const JOINS: readonly Join[] = [
  ...['inner', 'left', 'outer'].map((type): Join => ({
    name: `${type} join of tables`,
    topology: `tables-${type}`,
    type,
    on: 'on: user',
    values: { one: 3, two: 3 },
  })),
  ...['inner', 'left'].map((type): Join => ({
    ...FOREIGN,
    name: `${type} join of tables by a foreign key`,
    topology: `foreign-${type}`,
    type,
    on: 'on: string(points) == two.user',
  })),
];

export const TABLE_COMPARISONS: readonly Comparison[] = [
  ...JOINS.flatMap(({ on, type, name, topology, ...records }): Comparison[] => [
    { ...both, ...records, name, topology, pipeline: tablesJoined(`${on}, type: ${type}`), rows: (written) => pairs(finalRows(written)) },
    {
      ...both,
      ...records,
      // In one commit a group would come and go unseen.
      oneByOne: true,
      name: `${name}, its rows counted by a column of the right one`,
      topology: `${topology}-count`,
      pipeline: tablesJoined(`${on}, type: ${type}`, countedByOther(groupOf(type))),
      rows: (written) => countRows(written, 'other'),
    },
  ]),
  {
    ...one,
    values: { one: 3, two: 0 },
    name: 'count of a topic that is a table by its value',
    topology: 'source-count',
    pipeline: `
steps:
  - groupBy: points
    aggregate: { n: count() }
sink: { topic: out }`,
    rows: (written) => countRows(written, 'points'),
  },
  {
    ...one,
    name: 'count and sum of a topic that is a table',
    topology: 'source-sum',
    pipeline: `
steps:
  - derive: { third: points % 3 }
  - groupBy: third
    aggregate: { n: count(), total: sum(points) }
sink: { topic: out }`,
    rows: (written) =>
      finalRows(written)
        .map(({ key, value }) => [key, ...value.split(',')].map(Number))
        .filter(([, n]) => n !== 0)
        .map(([third, n, total]) => ({ third, n, total })),
  },
];
