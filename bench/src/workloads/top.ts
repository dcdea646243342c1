/** State, changelog and a compacted board; what crosses partitions are candidates for the board, not events. */
import { sumsOf } from './sums.js';
import type { Workload } from './workload.js';

const K = 10;

export const top: Workload = {
  name: 'top',
  description: `sum(score) by user (the record's key), then the top ${K}; 4,000 users`,
  users: 4000,
  steps: `steps:
  - groupBy: user_id
    aggregate: { total_score: sum(score) }
  - topK: { k: ${K}, by: [total_score desc, user_id], rank: rnk }
  - select: [rnk, user_id, total_score]
`,
  expected: (input) =>
    new Map(
      [...sumsOf(input)]
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .slice(0, K)
        .map(([user, total], i) => [`${i + 1} ${user}`, total]),
    ),
  row: ({ rnk, user_id, total_score }) => [`${String(rnk)} ${String(user_id)}`, Number(total_score)],
};
