/** Sums in windows: by team, which is not the record's key (a repartition), and six windows a record. */
import { expectTable } from '../expected.js';
import { drawScores, teamId, userId, type ScoresInput } from '../scores-input.js';
import { SUM } from './sums.js';
import { uniform, type Workload } from './workload.js';

const SECOND = 1000;

export const tumble: Workload = {
  name: 'tumble',
  description: 'sum(score) by team in windows of 10 s (a repartition), every changed sum emitted; 20 teams',
  draw: uniform(4000),
  steps: `steps:
  - groupBy: team_id
    window: { tumbling: 10s }
    aggregate: { total_score: sum(score) }
`,
  sql: windowed('team_id', SUM, "TUMBLE(TABLE scores, DESCRIPTOR(ts), INTERVAL '10' SECOND)"),
  reads: ['team_id', 'score', 'event_time_millis'],
  result: 'table',
  expected: (input) =>
    expectTable(windowSums(input, teamId, 10 * SECOND, 10 * SECOND), ({ team_id, window_start, total_score }) => [
      `${String(team_id)} ${String(window_start)}`,
      Number(total_score),
    ]),
  output: { key: { team_id: 'string', window_start: 'long' }, value: { total_score: 'long' } },
};

export const hop: Workload = {
  name: 'hop',
  description: "sum(score) by user (the record's key) in windows of 60 s every 10 s, every changed sum emitted; 4,000 users",
  draw: uniform(4000),
  steps: `steps:
  - groupBy: user_id
    window: { hopping: 60s, every: 10s }
    aggregate: { total_score: sum(score) }
`,
  sql: windowed('user_id', SUM, "HOP(TABLE scores, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '60' SECOND)"),
  reads: ['user_id', 'score', 'event_time_millis'],
  result: 'table',
  expected: (input) =>
    expectTable(windowSums(input, userId, 60 * SECOND, 10 * SECOND), ({ user_id, window_start, total_score }) => [
      `${String(user_id)} ${String(window_start)}`,
      Number(total_score),
    ]),
  output: { key: { user_id: 'string', window_start: 'long' }, value: { total_score: 'long' } },
};

/** Aggregates by key and window. Flink emits them when they close, as its window functions do, which is less than the others emit. */
export function windowed(key: string, aggregates: string, windows: string): string {
  return `SELECT ${key}, ${wholeSeconds('window_start')}, ${aggregates} FROM TABLE(${windows}) GROUP BY ${key}, window_start, window_end`;
}

/** Seconds since the epoch, in ms. */
export function wholeSeconds(timestamp: string): string {
  return `TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', ${timestamp}) * CAST(1000 AS BIGINT)`;
}

/** By key and start of the window, ms. */
function windowSums(input: ScoresInput, keyOf: (user: number) => string, sizeMs: number, everyMs: number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { user, score, timeMs } of drawScores(input)) {
    const last = timeMs - (timeMs % everyMs);
    for (let start = last; start > timeMs - sizeMs; start -= everyMs) {
      const key = `${keyOf(user)} ${start}`;
      sums.set(key, (sums.get(key) ?? 0) + score);
    }
  }
  return sums;
}
