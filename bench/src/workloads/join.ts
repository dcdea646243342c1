/** Two streams joined within a time: each row of either is kept until none can meet it any more. */
import type { Expected } from '../expected.js';
import { drawScores, START_MS, userId, userOf, type ScoresInput } from '../scores-input.js';
import { uniform, type Workload } from './workload.js';

const WITHIN_MS = 10_000;

export const join: Workload = {
  name: 'join',
  description:
    "two topics, half of the records each, joined by user (the record's key) within 10 s, about five rows for four records; 4,000 users",
  draw: uniform(4000),
  topics: 2,
  steps: `steps:
  - join: { with: others, on: user_id, within: 10s, copartitioned: true, take: [{ other_time: event_time_millis }, { other_score: score }] }
  - derive: { total: score + other_score }
  - select: [user_id, event_time_millis, other_time, total]
`,
  sql: `SELECT s.user_id, s.event_time_millis, o.event_time_millis, CAST(s.score + o.score AS BIGINT) FROM scores s JOIN others o
  ON s.user_id = o.user_id AND o.ts BETWEEN s.ts - INTERVAL '10' SECOND AND s.ts + INTERVAL '10' SECOND`,
  reads: ['user_id', 'score', 'event_time_millis'],
  result: 'stream',
  expected: expectPairs,
  output: { key: { user_id: 'string' }, value: { event_time_millis: 'long', other_time: 'long', total: 'long' } },
};

/**
 * Records are a millisecond apart, so times tell which records a row is of: it is judged by itself, and that no pair is missing or there
 * twice is told by the number of each left record's matches and the sum of their indexes.
 */
function expectPairs(input: ScoresInput): Expected {
  const { records } = input;
  const users = new Int32Array(records);
  const scores = new Uint8Array(records);
  const matches = new Int32Array(records);
  const indexes = new Float64Array(records);
  const before = new Int32Array(records).fill(-1);
  const last = [0, 1].map(() => new Int32Array(input.users).fill(-1));
  let index = 0;
  let size = 0;
  for (const { user, score } of drawScores(input)) {
    const side = index % 2;
    users[index] = user;
    scores[index] = score;
    for (let i = last[1 - side][user]; i >= 0 && i >= index - WITHIN_MS; i = before[i]) {
      const [left, right] = side === 0 ? [index, i] : [i, index];
      matches[left]++;
      indexes[left] += right;
      size++;
    }
    before[index] = last[side][user];
    last[side][user] = index++;
  }
  return {
    size,
    tally: () => {
      const foundMatches = new Int32Array(records);
      const foundIndexes = new Float64Array(records);
      const wrong: string[] = [];
      return {
        take: ({ user_id, event_time_millis, other_time, total }) => {
          const [left, right] = [Number(event_time_millis) - START_MS, Number(other_time) - START_MS];
          const user = userOf(user_id);
          const related = left % 2 === 0 && right % 2 === 1 && users[left] === user && users[right] === user;
          if (related && Math.abs(left - right) <= WITHIN_MS && Number(total) === scores[left] + scores[right]) {
            foundMatches[left]++;
            foundIndexes[left] += right;
          } else wrong.push(`${String(user_id)} at ${left} and ${right}: ${String(total)} should not be there`);
        },
        *differences() {
          yield* wrong;
          for (let i = 0; i < records; i += 2)
            if (foundMatches[i] !== matches[i] || foundIndexes[i] !== indexes[i])
              yield `${userId(users[i])} at ${i}: ${foundMatches[i]} matches, not these ${matches[i]}`;
        },
      };
    },
  };
}
