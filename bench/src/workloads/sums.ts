/** The sums by themselves, every changed one emitted at each commit; with few keys and with many. */
import { drawScores, userId, type ScoresInput } from '../scores-input.js';
import type { Workload } from './workload.js';

/** The sum of each user who has scored. */
export function sumsOf(input: ScoresInput): Map<string, number> {
  const sums = new Float64Array(input.users).fill(-1);
  for (const { user, score } of drawScores(input)) sums[user] = Math.max(0, sums[user]) + score;
  return new Map(Array.from(sums, (sum, user) => [userId(user), sum] as const).filter(([, sum]) => sum >= 0));
}

function sumBy(name: string, users: number): Workload {
  return {
    name,
    description: `sum(score) by user (the record's key), every changed sum emitted; ${users.toLocaleString('en-US')} users`,
    users,
    steps: `steps:
  - groupBy: user_id
    aggregate: { total_score: sum(score) }
`,
    expected: sumsOf,
    row: ({ user_id, total_score }) => [String(user_id), Number(total_score)],
  };
}

export const sum = sumBy('sum', 4000);
export const sumManyKeys = sumBy('sum-200k', 200_000);
