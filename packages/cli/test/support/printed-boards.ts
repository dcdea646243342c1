/** Two of the leaderboards, and what `rta run --json` says of pipelines. */
import { ndjson } from './cli.js';

export const DIRECTORY = 'pipelines/leaderboards';
export const BOARDS = ['top-players', 'top-teams'].map((name) => `${DIRECTORY}/${name}.yaml`);

/** The last rows said of each board. */
export function boardsOf(stdout: string): Record<string, unknown> {
  return Object.fromEntries(ndjson(stdout).flatMap((line) => ('board' in line ? [[line['pipeline'], line['rows']]] : [])));
}

/** What is said of a pipeline when it ends. */
export function summaryOf(stdout: string, pipeline: string): unknown {
  return ndjson(stdout).find((line) => line['pipeline'] === pipeline && 'summary' in line)?.['summary'];
}
