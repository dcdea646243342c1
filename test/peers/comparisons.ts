/** What is compared: a topology of StreamsDriver.java beside the pipeline that is to give the same rows. */
import { END, type InputRecord, type Written } from './kafka-streams.js';

/** A row that a pipeline's sink is to hold in the end, by column. */
export type ExpectedRow = Readonly<Record<string, string | number | null>>;

/** A pipeline that is given the records of topics. */
export interface PeerPipeline {
  readonly topics: readonly InputRecord['topic'][];
  /** How far out of order records may be, ms: the sources' `lateness`, and the topology's grace. */
  readonly disorderMs: number;
  /** Those of the topics that are tables: there a record without a value deletes. */
  readonly tables?: readonly InputRecord['topic'][];
  /** Whether records are sent one by one, because it matters in which order those of two topics come. */
  readonly oneByOne?: boolean;
  /** What stands behind the sources: `streams` or `steps`, and the sink `out`. */
  readonly pipeline: string;
}

export interface Comparison extends PeerPipeline {
  readonly name: string;
  readonly topology: string;
  readonly settings: Readonly<Record<string, number>>;
  /** The keys of each topic, a character each; default a, b and c. */
  readonly keys?: Readonly<Record<InputRecord['topic'], string>>;
  /** How many values, from 0 on, the records of each topic have; default 30, from -5 on. */
  readonly values?: Readonly<Record<InputRecord['topic'], number>>;
  /** Whether there are records without a key or a value, which Kafka Streams passes over. */
  readonly nulls?: boolean;
  /** The rows of the pipeline, from what the topology wrote. */
  rows(written: readonly Written[], records: readonly InputRecord[]): readonly ExpectedRow[];
}

const DISORDER = 5;

const FOLD = 'aggregate: { n: count(), total: sum(points), least: min(points), most: max(points), mean: avg(points) }';
/** Kafka Streams passes over null keys and null values; here the pipeline says so. */
export const DEFINITE = 'filter: user != null and points != null';

export const windowed = (window: string, emit = ''): string => `
steps:
  - ${DEFINITE}
  - groupBy: user
    window: { ${window} }
    ${FOLD}${emit}
sink: { topic: out }`;

export const joined = (join: string): string => `
streams:
  left: { from: one, steps: [${DEFINITE}] }
  right: { from: two, steps: [${DEFINITE}] }
  all:
    from: left
    steps:
      - join: { with: right, on: user, within: { before: 8ms, after: 3ms }, take: [{ other: points }]${join} }
      - select: [user, points, other]
sink: { from: all, topic: out }`;

export const withTable = (join: string): string => `
streams:
  all:
    from: one
    steps:
      - ${DEFINITE}
      - join: { with: two, on: user, take: [{ other: points }]${join} }
      - select: [user, points, other]
sink: { from: all, topic: out }`;

const within = { beforeMs: 8, afterMs: 3, graceMs: DISORDER };
const hopping = { sizeMs: 12, advanceMs: 4, graceMs: DISORDER };
const session = { gapMs: 6, graceMs: DISORDER };
const both = { topics: ['one', 'two'], disorderMs: DISORDER } as const;
const one = { topics: ['one'], disorderMs: DISORDER, nulls: true } as const;

export const COMPARISONS: readonly Comparison[] = [
  {
    ...one,
    name: 'aggregates by key',
    topology: 'aggregate',
    settings: {},
    pipeline: `
steps:
  - ${DEFINITE}
  - groupBy: user
    ${FOLD}
sink: { topic: out }`,
    rows: (written) => finalRows(written).map((row) => ({ user: row.key, ...foldOf(row.value) })),
  },
  {
    ...one,
    name: 'tumbling windows',
    topology: 'hopping',
    settings: { ...hopping, advanceMs: hopping.sizeMs },
    pipeline: windowed('tumbling: 12ms'),
    rows: (written) => windowRows(written),
  },
  {
    ...one,
    name: 'hopping windows',
    topology: 'hopping',
    settings: hopping,
    pipeline: windowed('hopping: 12ms, every: 4ms'),
    rows: (w) => windowRows(w),
  },
  {
    ...one,
    name: 'hopping windows, suppressed until they close',
    topology: 'hopping-final',
    settings: hopping,
    pipeline: windowed('hopping: 12ms, every: 4ms', '\n    emit: final'),
    rows: (written) => windowRows(written),
  },
  {
    ...one,
    name: 'sessions',
    topology: 'session',
    settings: session,
    pipeline: windowed('session: 6ms'),
    // There a session ends at its last event, here at that and the gap.
    rows: (written) => windowRows(written, session.gapMs),
  },
  {
    ...one,
    name: 'sessions, suppressed until they close',
    topology: 'session-final',
    settings: session,
    pipeline: windowed('session: 6ms', '\n    emit: final'),
    rows: (written) => windowRows(written, session.gapMs),
  },
  {
    ...one,
    name: 'sliding windows, at the times of records',
    topology: 'sliding',
    settings: { sizeMs: 10, graceMs: DISORDER },
    pipeline: windowed('sliding: 10ms'),
    rows: slidingRows,
  },
  { ...both, name: 'join of streams', topology: 'join-inner', settings: within, pipeline: joined(''), rows: pairs },
  { ...both, name: 'left join of streams', topology: 'join-left', settings: within, pipeline: joined(', type: left'), rows: pairs },
  { ...both, name: 'outer join of streams', topology: 'join-outer', settings: within, pipeline: joined(', type: outer'), rows: pairs },
  {
    ...both,
    name: 'join with a table as of the time of the record',
    topology: 'table-as-of',
    // One more than the disorder: at the end of its grace it would not wait for a version of its own time.
    settings: { historyMs: 1_000_000, graceMs: DISORDER + 1 },
    tables: ['two'],
    pipeline: withTable(', type: left'),
    rows: pairs,
  },
  ...(['inner', 'left'] as const).map((type): Comparison => ({
    ...both,
    name: `${type} join with a table, its latest version`,
    topology: `table-${type}`,
    settings: {},
    tables: ['two'],
    oneByOne: true,
    pipeline: withTable(`, type: ${type}, version: latest`),
    rows: pairs,
  })),
  {
    ...one,
    name: 'count of a table by its value',
    topology: 'table-count',
    settings: {},
    disorderMs: 0,
    pipeline: `
steps:
  - ${DEFINITE}
  - groupBy: user
    aggregate: { points: last(points) }
  - groupBy: points
    aggregate: { n: count() }
sink: { topic: out }`,
    rows: (written) => countRows(written, 'points'),
  },
];

/** Of a table: the last row of each key and window, those deleted left out. */
export function finalRows(written: readonly Written[]): readonly (Written & { readonly value: string })[] {
  const last = new Map(written.map((row) => [`${String(row.key)} ${String(row.start)} ${String(row.end)}`, row]));
  return [...last.values()].flatMap((row) => (row.value === null ? [] : [{ ...row, value: row.value }]));
}

function windowRows(written: readonly Written[], beyond = 0): readonly ExpectedRow[] {
  return finalRows(written).map(({ key, value, start, end }) => ({
    user: key,
    window_start: start!,
    window_end: end! + beyond,
    ...foldOf(value),
  }));
}

/** Kafka Streams has a window that ends at each record's time, and others that begin right behind a record; here only the first ones. */
function slidingRows(written: readonly Written[], records: readonly InputRecord[]): readonly ExpectedRow[] {
  const windows = new Map(finalRows(written).map((row) => [`${String(row.key)} ${String(row.end)}`, row.value]));
  return (
    records
      // The last one's window is not over.
      .filter(({ key, value, at }) => key !== null && value !== null && at !== END)
      .map(({ key, at }) => ({ user: key, window_end: at, ...foldOf(windows.get(`${String(key)} ${at}`)!) }))
  );
}

/** What stands for the lack of a value where rows are grouped by it; it is none of those that are compared. */
export const NONE = -100;

/** Counts by a column. A group that becomes empty is a row of 0 there, none here. */
export function countRows(written: readonly Written[], column: string): readonly ExpectedRow[] {
  return finalRows(written)
    .filter(({ value }) => value !== '0')
    .map(({ key, value }) => ({ [column]: key === 'null' ? NONE : Number(key), n: Number(value) }));
}

export function pairs(written: readonly Written[]): readonly ExpectedRow[] {
  return written.map(({ key, value }) => {
    const [points, other] = value!.split(',').map((part) => (part === 'null' ? null : Number(part)));
    return { user: key, points, other };
  });
}

/** `count,sum,min,max` of the driver. */
function foldOf(value: string): ExpectedRow {
  const [n, total, least, most] = value.split(',').map(Number);
  return { n, total, least, most, mean: total / n };
}
