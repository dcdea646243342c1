/** Exact counts of distinct values: state for each value of each window, and a repartition. */
import { expectTable } from '../expected.js';
import { drawScores, teamId, type ScoresInput } from '../scores-input.js';
import { windowed } from './windows.js';
import { uniform, type Workload } from './workload.js';

const WINDOW_MS = 10_000;

export const distinct: Workload = {
  name: 'distinct',
  description:
    'count(distinct user_id) by team in windows of 10 s (a repartition), exact, every changed count emitted; 4,000 users, 20 teams',
  draw: uniform(4000),
  steps: `steps:
  - groupBy: team_id
    window: { tumbling: 10s }
    aggregate: { unique_users: count(distinct user_id) }
`,
  sql: windowed('team_id', 'COUNT(DISTINCT user_id)', "TUMBLE(TABLE scores, DESCRIPTOR(ts), INTERVAL '10' SECOND)"),
  reads: ['user_id', 'team_id', 'event_time_millis'],
  result: 'table',
  expected: (input) =>
    expectTable(uniqueUsers(input), ({ team_id, window_start, unique_users }) => [
      `${String(team_id)} ${String(window_start)}`,
      Number(unique_users),
    ]),
  output: { key: { team_id: 'string', window_start: 'long' }, value: { unique_users: 'long' } },
};

/** By team and start of the window, ms. */
function uniqueUsers(input: ScoresInput): Map<string, number> {
  const counts = new Map<string, number>();
  const lastSeen = new Float64Array(input.users).fill(NaN);
  for (const { user, timeMs } of drawScores(input)) {
    const start = timeMs - (timeMs % WINDOW_MS);
    if (lastSeen[user] === start) continue;
    lastSeen[user] = start;
    const key = `${teamId(user)} ${start}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
