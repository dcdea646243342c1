/** What the workloads expect, beside a computation that looks at every pair of records; and that nothing wrong is overlooked. */
import { describe, expect, it } from 'vitest';
import type { Expected, Row } from '../src/expected.js';
import { drawScores, teamId, userId, type ScoresInput } from '../src/scores-input.js';
import { distinct } from '../src/workloads/distinct.js';
import { join } from '../src/workloads/join.js';
import { over } from '../src/workloads/over.js';
import { session } from '../src/workloads/session.js';

const INPUT: ScoresInput = { topics: ['even', 'odd'], records: 1500, users: 40, partitions: 4 };
/** Records are a millisecond apart: as many users as this meet gaps of 30 s. */
const SPARSE: ScoresInput = { ...INPUT, records: 100_000, users: 12_000 };

const scores = (input: ScoresInput) => Array.from(drawScores(input), ({ user, score, timeMs }) => ({ user, score, timeMs }));

function differences(expected: Expected, rows: Iterable<Row>): string[] {
  const tally = expected.tally();
  for (const row of rows) tally.take(row);
  return [...tally.differences()];
}

/** That the right rows pass, and that one that is missing, there twice, or another, is found. */
function holds(expected: Expected, rows: readonly Row[], changed: Row, twice = true): void {
  expect(expected.size).toBe(rows.length);
  expect(differences(expected, rows)).toEqual([]);
  expect(differences(expected, rows.slice(1))).toHaveLength(1);
  expect(differences(expected, [...rows.slice(1), { ...rows[0], ...changed }])).not.toHaveLength(0);
  if (twice) {
    expect(differences(expected, [...rows, rows[0]])).toHaveLength(1);
    expect(differences(expected, [...rows.slice(1), rows[1]]).length).toBeGreaterThan(0);
  }
}

function groupedBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

const average = (events: readonly { score: number }[]) => events.reduce((sum, { score }) => sum + score, 0) / events.length;

describe('what is expected', () => {
  it('of a join is each pair close in time', () => {
    const all = scores(INPUT);
    const rows = all.flatMap((left, i) =>
      all.flatMap((right, j) =>
        i % 2 === 0 && j % 2 === 1 && left.user === right.user && Math.abs(left.timeMs - right.timeMs) <= 10_000
          ? [{ user_id: userId(left.user), event_time_millis: left.timeMs, other_time: right.timeMs, total: left.score + right.score }]
          : [],
      ),
    );
    holds(join.expected(INPUT), rows, { total: 41 });
  });

  it('of over are averages of the rows before', () => {
    const all = scores(INPUT);
    const rows = all.map(({ user, timeMs }) => {
      const within = (ms: number) => all.filter((other) => other.user === user && other.timeMs <= timeMs && other.timeMs >= timeMs - ms);
      const averages = { short_avg: average(within(10_000)), long_avg: average(within(60_000)) };
      return { user_id: userId(user), event_time_millis: timeMs, ...averages };
    });
    holds(over.expected(INPUT), rows, { long_avg: -1 });
  });

  it('of sessions is what no gap divides', () => {
    const byUser = groupedBy(scores(SPARSE), ({ user }) => user);
    const rows = [...byUser].flatMap(([user, events]) => {
      const starts = events.flatMap(({ timeMs }, i) => (i === 0 || timeMs - events[i - 1].timeMs > 30_000 ? [i] : []));
      return starts.map((start, i) => {
        const own = events.slice(start, starts[i + 1]);
        const window = { window_start: own[0].timeMs, window_end: own.at(-1)!.timeMs + 30_000 };
        return { user_id: userId(user), ...window, events: own.length, total_score: average(own) * own.length };
      });
    });
    expect(rows.length).toBeGreaterThan(byUser.size);
    const whole = rows.map((row) => ({ ...row, total_score: Math.round(row.total_score) }));
    holds(session.expected(SPARSE), whole, { total_score: -1 }, false);
  });

  it('of distinct are the users of a window', () => {
    const seen = groupedBy(scores(SPARSE), ({ user, timeMs }) => `${teamId(user)} ${timeMs - (timeMs % 10_000)}`);
    const rows = [...seen].map(([key, events]) => {
      const [team_id, window_start] = key.split(' ');
      return { team_id, window_start: Number(window_start), unique_users: new Set(events.map(({ user }) => user)).size };
    });
    holds(distinct.expected(SPARSE), rows, { unique_users: -1 }, false);
  });
});
