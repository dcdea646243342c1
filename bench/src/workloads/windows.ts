/** Sums in windows: by team, which is not the record's key (a repartition), and six windows a record. */
import { drawScores, teamId, userId, type ScoresInput } from '../scores-input.js';
import type { Workload } from './workload.js';

const SECOND = 1000;

export const tumble: Workload = {
  name: 'tumble',
  description: 'sum(score) by team in windows of 10 s (a repartition), every changed sum emitted; 20 teams',
  users: 4000,
  steps: `steps:
  - groupBy: team_id
    window: { tumbling: 10s }
    aggregate: { total_score: sum(score) }
`,
  expected: (input) => windowSums(input, teamId, 10 * SECOND, 10 * SECOND),
  row: ({ team_id, window_start, total_score }) => [`${String(team_id)} ${String(window_start)}`, Number(total_score)],
};

export const hop: Workload = {
  name: 'hop',
  description: "sum(score) by user (the record's key) in windows of 60 s every 10 s, every changed sum emitted; 4,000 users",
  users: 4000,
  steps: `steps:
  - groupBy: user_id
    window: { hopping: 60s, every: 10s }
    aggregate: { total_score: sum(score) }
`,
  expected: (input) => windowSums(input, userId, 60 * SECOND, 10 * SECOND),
  row: ({ user_id, window_start, total_score }) => [`${String(user_id)} ${String(window_start)}`, Number(total_score)],
};

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
