/** The leaderboards as Flink SQL has them: its queries over the scores that `rta run` reads, and the same boards. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FLINK_OPTIONS, FLINK_SQL_ARTIFACTS, FLINK_VERSION, missingFor } from '@rta/tools';
import { describe, expect, it } from 'vitest';
import { scores } from '../../packages/cli/src/generate/leaderboards/game.js';
import { rta, temporaryDirectory } from '../../packages/cli/test/support/cli.js';
import { boardsOf, DIRECTORY } from '../../packages/cli/test/support/printed-boards.js';
import { appendScores } from '../../packages/cli/test/support/scores.js';
import { answersOf } from './java-driver.js';

const PROGRAM = {
  name: 'Flink SQL',
  artifacts: [
    ...FLINK_SQL_ARTIFACTS,
    `org.apache.flink:flink-connector-files:${FLINK_VERSION}`,
    `org.apache.flink:flink-json:${FLINK_VERSION}`,
    'com.fasterxml.jackson.core:jackson-databind:2.19.0',
    'org.slf4j:slf4j-simple:1.7.36',
  ],
  directory: import.meta.dirname,
  files: ['FlinkQueries.java'],
  options: FLINK_OPTIONS,
} as const;

const SEED = Number(process.env['PEER_SEED'] ?? 20_778);
/** At 20 a second: less than the five minutes after which a player without scores has no streak. */
const EVENTS = 4_000;

const TOTALS = 'MAX(team_name) AS team_name, SUM(CAST(score AS BIGINT)) AS total_score';
const ranked = (columns: string, by: string, from: string): string =>
  `SELECT ${columns} FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY ${by}) AS rnk FROM (${from})) WHERE rnk <= 10`;
const trailing = (name: string, span: string, from: string): string =>
  `SELECT *, AVG(CAST(score AS DOUBLE)) OVER (PARTITION BY user_id ORDER BY ts RANGE BETWEEN INTERVAL ${span} PRECEDING AND CURRENT ROW) AS ${name} FROM ${from}`;

/** By pipeline. */
const QUERIES: Readonly<Record<string, string>> = {
  'top-teams': ranked(
    'rnk, team_id, team_name, total_score',
    'total_score DESC, team_name',
    `SELECT team_id, ${TOTALS} FROM scores GROUP BY team_id`,
  ),
  'top-players': ranked(
    'rnk, user_id, team_name, total_score',
    'total_score DESC, user_id',
    `SELECT user_id, ${TOTALS} FROM scores GROUP BY user_id`,
  ),
  'hot-streaks': ranked(
    'rnk, user_id, short_term_avg, long_term_avg, peak_hotness',
    'ROUND(peak_hotness, 6) DESC, user_id',
    `SELECT user_id, short_term_avg, long_term_avg, short_term_avg / NULLIF(long_term_avg, 0) AS peak_hotness FROM (
       SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY ts DESC) AS age
       FROM (${trailing('long_term_avg', "'60' SECOND", `(${trailing('short_term_avg', "'10' SECOND", 'scores')})`)})
     ) WHERE age = 1`,
  ),
  'team-mvps': ranked(
    'rnk, user_id, team_name, player_total, team_total, contrib_ratio',
    'contrib_ratio DESC, user_id',
    `SELECT user_id, team_name, player_total, team_total, contrib_ratio FROM (
       SELECT *, ROW_NUMBER() OVER (PARTITION BY team_id ORDER BY contrib_ratio DESC, user_id) AS best FROM (
         SELECT players.*, team_total, COALESCE(CAST(player_total AS DOUBLE) / NULLIF(team_total, 0), 0) AS contrib_ratio
         FROM (SELECT team_id, user_id, MAX(team_name) AS team_name, SUM(CAST(score AS BIGINT)) AS player_total
               FROM scores GROUP BY team_id, user_id) AS players
         JOIN (SELECT team_id, SUM(CAST(score AS BIGINT)) AS team_total FROM scores GROUP BY team_id) AS teams
         ON players.team_id = teams.team_id
       )
     ) WHERE best = 1`,
  ),
};

function tableOf(file: string): string {
  return `CREATE TABLE scores (user_id STRING, team_id STRING, team_name STRING, score INT, event_time_millis BIGINT,
    ts AS TO_TIMESTAMP_LTZ(event_time_millis, 3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'filesystem', 'path' = 'file://${file}', 'format' = 'json')`;
}

const missing = missingFor(PROGRAM);
if (missing.length > 0) process.stderr.write(`\nLEFT OUT: the comparison with Flink SQL. ${missing.join('. ')}\n\n`);

describe.skipIf(missing.length > 0)(`Flink SQL ${FLINK_VERSION} (PEER_SEED=${SEED})`, () => {
  it('has the same leaderboards', { timeout: 300_000 }, async () => {
    const dir = temporaryDirectory();
    const source = scores({ seed: SEED, startMs: Date.UTC(2026, 0, 1), rate: 20, lateEvery: 0, robots: false });
    const events = Array.from({ length: EVENTS }, () => {
      const { player, points, timeMs } = source.next().value;
      const { id, team } = player;
      return { user_id: id, team_id: team.id, team_name: team.name, score: points, event_time_millis: timeMs };
    });
    await appendScores(dir, events);
    const file = join(dir, 'scores.json');
    writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const { code, stdout, stderr } = await rta(['run', DIRECTORY, '--until-end', '--close', '--json', '--dir', dir]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const questions = Object.values(QUERIES).map((query) => ({ tables: [tableOf(file)], query }));
    const answers = await answersOf<{ readonly rows: readonly Row[] }>(PROGRAM, questions);
    const boards = boardsOf(stdout) as Readonly<Record<string, readonly Row[]>>;
    for (const [i, name] of Object.keys(QUERIES).entries()) {
      expect(answers[i].rows).toHaveLength(10);
      // Averages are added up in another order: compared on twelve decimals.
      expect({ [name]: boards[name].map(rounded) }).toEqual({ [name]: answers[i].rows.map(rounded) });
    }
  });
});

type Row = Readonly<Record<string, unknown>>;

function rounded(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? Number(value.toFixed(12)) : value]),
  );
}
