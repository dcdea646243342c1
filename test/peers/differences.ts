/** What differs from Kafka Streams, as docs/kafka-streams.md says: what it does, and what rta does with the same records. */
import { DEFINITE, joined, windowed, withTable, type ExpectedRow, type PeerPipeline } from './comparisons.js';
import type { InputRecord } from './kafka-streams.js';
import { countedByOther, tablesJoined } from './table-comparisons.js';

export interface Difference extends PeerPipeline {
  readonly name: string;
  readonly topology: string;
  readonly settings: Readonly<Record<string, number>>;
  readonly records: readonly InputRecord[];
  /** All that Kafka Streams writes, as `key value`, with the window of the key. */
  readonly kafkaStreams: readonly string[];
  readonly rta: readonly ExpectedRow[];
}

const one = (key: string | null, value: string | null, at: number): InputRecord => ({ topic: 'one', key, value, at });
const two = (key: string | null, value: string | null, at: number): InputRecord => ({ topic: 'two', key, value, at });

const COUNT_BY_POINTS = `
steps:
  - ${DEFINITE}
  - groupBy: user
    aggregate: { points: last(points) }
  - groupBy: points
    aggregate: { n: count() }
sink: { topic: out }`;

const within = { beforeMs: 10, afterMs: 10, graceMs: 0 };
const JOINED = joined('').replace('before: 8ms, after: 3ms', 'before: 10ms, after: 10ms');

export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'a group of a table that becomes empty',
    topology: 'table-count',
    settings: {},
    topics: ['one'],
    disorderMs: 0,
    pipeline: COUNT_BY_POINTS,
    records: [one('a', '5', 1000), one('a', '7', 1001)],
    kafkaStreams: ['5 1', '5 0', '7 1'],
    rta: [{ points: 7, n: 1 }],
  },
  {
    name: 'a group of a join of tables that becomes empty',
    topology: 'foreign-inner-count',
    settings: {},
    topics: ['one', 'two'],
    tables: ['one', 'two'],
    oneByOne: true,
    disorderMs: 0,
    pipeline: tablesJoined('on: string(points) == two.user, type: inner', countedByOther('other')),
    records: [
      one('a', '7', 1000),
      two('7', '5', 1001),
      one('b', '7', 1002),
      two('7', '6', 1003),
      two('7', null, 1004),
      two('8', '9', 1005),
      one('a', '8', 1006),
    ],
    kafkaStreams: ['5 1', '5 2', '5 1', '6 1', '5 0', '6 2', '6 1', '6 0', '9 1'],
    rta: [{ other: 9, n: 1 }],
  },
  {
    name: 'the last value of a key, of records out of order',
    topology: 'table-count',
    settings: {},
    topics: ['one'],
    disorderMs: 10,
    pipeline: COUNT_BY_POINTS,
    records: [one('a', '7', 1001), one('a', '5', 1000)],
    kafkaStreams: ['7 1', '7 0', '5 1'],
    rta: [{ points: 7, n: 1 }],
  },
  {
    name: 'a record that is late for the other topic only',
    topology: 'join-inner',
    settings: within,
    topics: ['one', 'two'],
    disorderMs: 0,
    pipeline: JOINED,
    records: [one('a', '1', 1000), one('x', '9', 5000), two('a', '2', 1003)],
    kafkaStreams: [],
    rta: [{ user: 'a', points: 1, other: 2 }],
  },
  {
    name: 'a left join on a key that is null',
    topology: 'join-left',
    settings: within,
    topics: ['one', 'two'],
    disorderMs: 0,
    pipeline: JOINED.replace('take: [{ other: points }]', 'take: [{ other: points }], type: left'),
    records: [one(null, '1', 1000), one('x', '9', 5000), two('x', '2', 5000)],
    kafkaStreams: ['null 1,null', 'x 9,2'],
    rta: [{ user: 'x', points: 9, other: 2 }],
  },
  {
    name: 'a join with a table where the table’s record comes later',
    topology: 'table-left',
    settings: {},
    topics: ['one', 'two'],
    tables: ['two'],
    oneByOne: true,
    disorderMs: 0,
    pipeline: withTable(', type: left'),
    records: [one('a', '1', 1000), two('a', '2', 900), two('end', '0', 9000), one('end', '0', 9000)],
    kafkaStreams: ['a 1,null', 'end 0,0'],
    rta: [{ user: 'a', points: 1, other: 2 }],
  },
  {
    name: 'sliding windows that begin behind a record',
    topology: 'sliding',
    settings: { sizeMs: 10, graceMs: 0 },
    topics: ['one'],
    disorderMs: 0,
    pipeline: windowed('sliding: 10ms'),
    records: [one('a', '1', 1000), one('a', '2', 1005), one('end', '0', 9000)],
    kafkaStreams: ['a 1,1,1,1 990 1000', 'a 1,2,2,2 1001 1011', 'a 2,3,1,2 995 1005', 'end 1,0,0,0 8990 9000'],
    rta: [
      { user: 'a', window_start: 990, window_end: 1000, n: 1 },
      { user: 'a', window_start: 995, window_end: 1005, n: 2 },
    ],
  },
  {
    name: 'the end of a session',
    topology: 'session',
    settings: { gapMs: 6, graceMs: 0 },
    topics: ['one'],
    disorderMs: 0,
    pipeline: windowed('session: 6ms'),
    records: [one('a', '1', 1000), one('a', '2', 1006)],
    kafkaStreams: ['a 1,1,1,1 1000 1000', 'a null 1000 1000', 'a 2,3,1,2 1000 1006'],
    rta: [{ user: 'a', window_start: 1000, window_end: 1012, n: 2 }],
  },
];
