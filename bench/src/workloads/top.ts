/** State, changelog and a compacted board; what crosses partitions are candidates for the board, not events. */
import { expectTable } from '../expected.js';
import { userId } from '../scores-input.js';
import { SUMS, sumsOf } from './sums.js';
import { uniform, type Workload } from './workload.js';

const K = 10;

export const top: Workload = {
  name: 'top',
  description: `sum(score) by user (the record's key), then the top ${K}; 4,000 users`,
  draw: uniform(4000),
  steps: `steps:
  - groupBy: user_id
    aggregate: { total_score: sum(score) }
  - topK: { k: ${K}, by: [total_score desc, user_id], rank: rnk }
  - select: [rnk, user_id, total_score]
`,
  sql: `SELECT rnk, user_id, total_score FROM (
  SELECT user_id, total_score, ROW_NUMBER() OVER (ORDER BY total_score DESC, user_id) AS rnk FROM (${SUMS})
) WHERE rnk <= ${K}`,
  reads: ['user_id', 'score'],
  result: 'table',
  expected: (input) =>
    expectTable(
      new Map(
        Array.from(sumsOf(input), (total, user) => [userId(user), total] as const)
          .filter(([, total]) => !Number.isNaN(total))
          .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
          .slice(0, K)
          .map(([user, total], i) => [`${i + 1} ${user}`, total]),
      ),
      ({ rnk, user_id, total_score }) => [`${String(rnk)} ${String(user_id)}`, Number(total_score)],
    ),
  output: { key: { rnk: 'long' }, value: { user_id: 'string', total_score: 'long' } },
};
