/** The sums by themselves, every changed one emitted at each commit; with few keys, with many, and with more than memory has room for. */
import { expectNumbers } from '../expected.js';
import { drawScores, userId, userOf, usersMet, type Draw } from '../scores-input.js';
import { uniform, type Workload } from './workload.js';

/** By user; NaN: has not scored. */
export function sumsOf(input: Draw): Float64Array {
  const sums = new Float64Array(input.users).fill(NaN);
  for (const { user, score } of drawScores(input)) sums[user] = (Number.isNaN(sums[user]) ? 0 : sums[user]) + score;
  return sums;
}

function sumBy(name: string, users: string, draw: Workload['draw']): Workload {
  return {
    name,
    description: `sum(score) by user (the record's key), every changed sum emitted; ${users}`,
    draw,
    steps: `steps:
  - groupBy: user_id
    aggregate: { total_score: sum(score) }
`,
    sql: SUMS,
    reads: ['user_id', 'score'],
    result: 'table',
    expected: (input) => expectNumbers(sumsOf(input), ({ user_id, total_score }) => [userOf(user_id), Number(total_score)], userId),
    output: { key: { user_id: 'string' }, value: { total_score: 'long' } },
  };
}

export const SUM = 'SUM(CAST(score AS BIGINT)) AS total_score';
export const SUMS = `SELECT user_id, ${SUM} FROM scores GROUP BY user_id`;

/** Records over those that are asked for, so that 5,000,000 mean 20 million users. */
const LARGE = 4.8;

export const sum = sumBy('sum', '4,000 users', uniform(4000));
export const sumManyKeys = sumBy('sum-200k', '200,000 users', uniform(200_000));
export const sumBeyondMemory: Workload = {
  ...sumBy(
    'sum-20m',
    '20 million users, each of whom scores (five records of six are of a new one); the state is larger than the 1 GiB of memory for it',
    (asked) => {
      const records = Math.round(asked * LARGE);
      return { records, users: usersMet(records), mostlyNew: true };
    },
  ),
  mostRuns: 3,
  beyondMemory: true,
};
