/** Sessions: windows that grow with their records, each change of which is another row and a tombstone for the one before. */
import { expectTable } from '../expected.js';
import { drawScores, userId, type ScoresInput } from '../scores-input.js';
import { SUM } from './sums.js';
import { wholeSeconds } from './windows.js';
import { uniform, type Workload } from './workload.js';

const GAP_MS = 30_000;

export const session: Workload = {
  name: 'session',
  description:
    "count() and sum(score) by user (the record's key) in sessions with a gap of 30 s, every changed session emitted; 4,000 users",
  draw: uniform(4000),
  steps: `steps:
  - groupBy: user_id
    window: { session: 30s }
    aggregate: { events: count(), total_score: sum(score) }
`,
  sql: `SELECT user_id, ${millisecondsOf('window_start')}, ${millisecondsOf('window_end')}, COUNT(*), ${SUM}
  FROM TABLE(SESSION(TABLE scores PARTITION BY user_id, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY user_id, window_start, window_end`,
  reads: ['user_id', 'score', 'event_time_millis'],
  result: 'table',
  expected: (input) =>
    expectTable(sessionsOf(input), ({ user_id, window_start, window_end, events, total_score }) => [
      `${String(user_id)} ${String(window_start)} ${String(window_end)}`,
      `${String(events)} ${String(total_score)}`,
    ]),
  output: { key: { user_id: 'string', window_start: 'long', window_end: 'long' }, value: { events: 'long', total_score: 'long' } },
};

/** Since the epoch; of sessions there are few, so that it costs nothing that a text comes between. */
function millisecondsOf(timestamp: string): string {
  return `${wholeSeconds(timestamp)} + CAST(DATE_FORMAT(${timestamp}, 'SSS') AS BIGINT)`;
}

/** Count and sum by user, start and end. */
function sessionsOf(input: ScoresInput): Map<string, string> {
  const sessions = new Map<string, string>();
  const open: { start: number; end: number; events: number; total: number }[] = Array.from({ length: input.users }, () => ({
    ...{ start: 0, end: -Infinity, events: 0, total: 0 },
  }));
  const close = (user: number) => {
    const { start, end, events, total } = open[user];
    if (events > 0) sessions.set(`${userId(user)} ${start} ${end}`, `${events} ${total}`);
  };
  for (const { user, score, timeMs } of drawScores(input)) {
    const last = open[user];
    if (timeMs > last.end) {
      close(user);
      Object.assign(last, { start: timeMs, events: 0, total: 0 });
    }
    last.end = timeMs + GAP_MS;
    last.events++;
    last.total += score;
  }
  for (const user of open.keys()) close(user);
  return sessions;
}
