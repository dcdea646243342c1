/** Compares what a pipeline has done with what its test expects. */
import type { Column, ExpectedBad, ExpectedRows, ExpectedState, Plan, Span, TestAssertions, TestRow } from '@rta/dsl';
import type { Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import type { Worker } from '../task/worker.js';
import { pairAsSet, pairInOrder, type RowPair } from './compare-rows.js';
import { keptCount, keptRows } from './state-rows.js';
import type { AvroSupport } from './test-schemas.js';
import { badColumns, badRows, finalRows, topicReader, writtenRows, type TopicReader, type WrittenRow } from './topic-rows.js';

type AssertionName = 'expect' | 'history' | 'state' | 'late' | 'errors';

/**
 * Why a test failed: rows, or how many, other than expected, or an error that stopped it. `span` is that of the first expected row that
 * is not there, else of the expectation, the step or the test.
 */
export type TestFailure =
  | ((
      | {
          readonly kind: 'rows';
          /** The key's columns and those that the test names; `$deleted` where there are tombstones. */
          readonly columns: readonly Column[];
          /** All rows, equal ones too. */
          readonly pairs: readonly RowPair[];
        }
      | { readonly kind: 'count' }
    ) & {
      readonly section: AssertionName;
      /** The topic, or the step whose state it is; of late and failed records the section's name. */
      readonly topic: string;
      /** The key of the expectation in the file. */
      readonly at: Span;
      readonly expectedCount: number;
      readonly actualCount: number;
    } & Placed)
  | ({ readonly kind: 'error'; readonly code: string; readonly message: string } & Placed);

interface Placed {
  readonly span: Span;
  /** Which of the test's steps it was, from 1; null outside of scripts. */
  readonly step: number | null;
}

export type AssertionFailure = Exclude<TestFailure, { kind: 'error' }>;

/** What there is to look at. */
export interface Judged {
  readonly plan: Plan;
  readonly physical: PhysicalPlan;
  readonly log: Log;
  readonly avro: AvroSupport;
  readonly worker: Worker;
  /** Records of each topic that a `history` has seen. */
  readonly seen: Map<string, number>;
}

/** What of these assertions does not hold now. */
export async function judge(assertions: TestAssertions, judged: Judged, step: number | null): Promise<readonly AssertionFailure[]> {
  const failures: AssertionFailure[] = [];
  const add = (failure: Omit<AssertionFailure, 'step'> | null): void => {
    if (failure !== null) failures.push({ ...failure, step } as AssertionFailure);
  };
  for (const expected of assertions.expect) add(await judgeTopic('expect', expected, judged));
  for (const expected of assertions.history) add(await judgeTopic('history', expected, judged));
  for (const expected of assertions.state ?? []) add(await judgeState(expected, judged));
  for (const section of ['late', 'errors'] as const) {
    const expected = assertions[section];
    if (expected !== undefined) add(await judgeBad(section, expected, judged));
  }
  return failures;
}

type Unplaced = Omit<AssertionFailure, 'step'>;

async function judgeTopic(section: 'expect' | 'history', { topic, rows, span }: ExpectedRows, judged: Judged): Promise<Unplaced | null> {
  const { plan, log, avro, seen } = judged;
  const reader = topicReader(plan, topic, avro);
  if (reader === null) throw new TypeError(`the pipeline does not write the topic ${topic}`);
  const written = await writtenRows(log, topic, reader);
  if (section === 'expect') {
    const actual = finalRows(written, reader);
    return difference({ section, topic, at: span, rows, actual, pairs: pairAsSet(rows, actual, reader), reader });
  }
  const actual = written.slice(seen.get(topic) ?? 0);
  seen.set(topic, written.length);
  return difference({ section, topic, at: span, rows, actual, pairs: pairInOrder(rows, actual, reader.columns), reader });
}

async function judgeState(expected: ExpectedState, { physical, log, worker }: Judged): Promise<Unplaced | null> {
  const { step, span: at } = expected;
  const found = { section: 'state', topic: step, at } as const;
  if ('count' in expected) return countDifference(found, expected.count, await keptCount(log, physical, step, worker.snapshot()));
  const { columns, rows } = await keptRows(log, physical, step);
  const actual = rows.map((row): WrittenRow => ({ id: null, row, deleted: false }));
  const reader = { columns, key: null };
  return difference({ ...found, rows: expected.rows, actual, pairs: pairAsSet(expected.rows, actual, reader), reader });
}

async function judgeBad(section: 'late' | 'errors', expected: ExpectedBad, judged: Judged): Promise<Unplaced | null> {
  const { plan, log, avro, worker } = judged;
  const found = { section, topic: section, at: expected.span };
  if ('count' in expected) {
    const { late, rejected } = worker.snapshot();
    return countDifference(found, expected.count, section === 'late' ? late : rejected);
  }
  const actual = await badRows(log, plan, section, avro);
  const reader = { columns: badColumns(plan, avro), key: null };
  return difference({ ...found, rows: expected.rows, actual, pairs: pairAsSet(expected.rows, actual, reader), reader });
}

function countDifference(found: Pick<Unplaced, 'section' | 'topic' | 'at'>, expected: number, actual: number): Unplaced | null {
  return expected === actual ? null : { ...found, kind: 'count', expectedCount: expected, actualCount: actual, span: found.at };
}

function difference(found: {
  readonly section: AssertionName;
  readonly topic: string;
  readonly at: Span;
  readonly rows: readonly TestRow[];
  readonly actual: readonly WrittenRow[];
  readonly pairs: readonly RowPair[];
  readonly reader: Pick<TopicReader, 'columns' | 'key'>;
}): Unplaced | null {
  const { section, topic, at, rows, actual, pairs, reader } = found;
  const wrong = pairs.filter((pair) => pair.expected === null || pair.actual === null || pair.differing.length > 0);
  if (wrong.length === 0) return null;
  const named = new Set([...(reader.key ?? []), ...rows.flatMap((row) => Object.keys(row.values))]);
  const columns = reader.columns.filter(({ name }) => rows.length === 0 || named.has(name));
  const deletions = rows.some((row) => row.deleted) || actual.some((row) => row.deleted);
  return {
    kind: 'rows',
    section,
    topic,
    at,
    span: wrong.find((pair) => pair.expected !== null)?.expected?.span ?? at,
    expectedCount: rows.length,
    actualCount: actual.length,
    columns: deletions ? [...columns, { name: '$deleted', type: { kind: 'boolean' } }] : columns,
    pairs,
  } as Unplaced;
}
