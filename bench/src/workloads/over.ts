/** Averages that look back: a row for each record, in the order of event time. */
import type { Expected } from '../expected.js';
import { drawScores, START_MS, userId, userOf, type ScoresInput } from '../scores-input.js';
import { uniform, type Workload } from './workload.js';

const SHORT_MS = 10_000;
const LONG_MS = 60_000;

export const over: Workload = {
  name: 'over',
  description: "avg(score) over 10 s and over 60 s by user (the record's key), a row for each record; 4,000 users",
  draw: uniform(4000),
  steps: `steps:
  - groupBy: user_id
    derive:
      short_avg: avg(score) over 10s
      long_avg: avg(score) over 60s
  - select: [user_id, event_time_millis, short_avg, long_avg]
`,
  closes: true,
  sql: `SELECT user_id, event_time_millis, short_avg, ${average(60)} AS long_avg FROM (
  SELECT user_id, event_time_millis, score, ts, ${average(10)} AS short_avg FROM scores
)`,
  reads: ['user_id', 'score', 'event_time_millis'],
  result: 'stream',
  expected: expectAverages,
  output: { key: { user_id: 'string' }, value: { event_time_millis: 'long', short_avg: 'double', long_avg: 'double' } },
};

/** Flink takes one span a query, and an average of integers would be an integer. */
function average(seconds: number): string {
  return `AVG(CAST(score AS DOUBLE)) OVER (
    PARTITION BY user_id ORDER BY ts RANGE BETWEEN INTERVAL '${seconds}' SECOND PRECEDING AND CURRENT ROW)`;
}

/** Records are a millisecond apart, so a row's time tells which record it is of. */
function expectAverages(input: ScoresInput): Expected {
  const { records } = input;
  const users = new Int32Array(records);
  const [short, long] = [new Float64Array(records), new Float64Array(records)];
  const scores = new Uint8Array(records);
  const before = new Int32Array(records).fill(-1);
  const last = new Int32Array(input.users).fill(-1);
  let index = 0;
  for (const { user, score } of drawScores(input)) {
    users[index] = user;
    scores[index] = score;
    before[index] = last[user];
    last[user] = index;
    let [sum, count] = [0, 0];
    for (let i = index; i >= 0 && i >= index - LONG_MS; i = before[i]) {
      sum += scores[i];
      count++;
      if (i >= index - SHORT_MS) short[index] = sum / count;
    }
    long[index++] = sum / count;
  }
  return {
    size: records,
    tally: () => {
      const found = new Uint8Array(records);
      const wrong: string[] = [];
      return {
        take: ({ user_id, event_time_millis, short_avg, long_avg }) => {
          const i = Number(event_time_millis) - START_MS;
          const right = users[i] === userOf(user_id) && short[i] === Number(short_avg) && long[i] === Number(long_avg);
          if (right) found[i] = Math.min(2, found[i] + 1);
          else
            wrong.push(
              `${String(user_id)} at ${String(event_time_millis)}: ${String(short_avg)} and ${String(long_avg)}, not ${short[i]} and ${long[i]}`,
            );
        },
        *differences() {
          yield* wrong;
          for (const [i, times] of found.entries())
            if (times !== 1) yield `${userId(users[i])} at ${START_MS + i}: ${times === 0 ? 'missing' : 'more than once'}`;
        },
      };
    },
  };
}
