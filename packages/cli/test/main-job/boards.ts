/** The boards computed plainly from the source's records. */
import { Buffer } from 'node:buffer';
import type { Row } from './system.js';

const TTL_MS = 60 * 60_000;
const LATENESS_MS = 5000;

export interface BoardRow {
  readonly rnk: number;
  readonly id: string;
  readonly team_name: string;
  readonly total_score: number;
}

interface Total {
  readonly id: string;
  team_name: string;
  total_score: number;
  last: number;
}

const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Sums by user or team with the hour of inactivity, best ten first; ties go by user id, or by team name. */
export function boardOf(source: readonly Row[], by: 'user_id' | 'team_id'): BoardRow[] {
  const newest = new Map<number, number>();
  const totals = new Map<string, Total>();
  for (const { partition, value } of source) {
    const score = value as unknown as {
      user_id: string;
      team_id: string;
      team_name: string;
      score: number;
      event_time_millis: number | bigint;
    };
    const id = score[by];
    const time = Number(score.event_time_millis);
    newest.set(partition, Math.max(newest.get(partition) ?? -Infinity, time));
    const total = totals.get(id) ?? { id, team_name: score.team_name, total_score: 0, last: -Infinity };
    // Nobody in these events comes back after an hour of silence.
    total.total_score += score.score;
    total.last = Math.max(total.last, time);
    if (byText(score.team_name, total.team_name) > 0) total.team_name = score.team_name;
    totals.set(id, total);
  }
  const watermark = Math.min(...newest.values()) - LATENESS_MS;
  return [...totals.values()]
    .filter(({ last }) => last + TTL_MS > watermark)
    .sort((a, b) => b.total_score - a.total_score || (by === 'user_id' ? byText(a.id, b.id) : byText(a.team_name, b.team_name)))
    .slice(0, 10)
    .map(({ id, team_name, total_score }, i) => ({ rnk: i + 1, id, team_name, total_score }));
}

/** What a board's topic holds: the last row of each rank. */
export function boardIn(rows: readonly Pick<Row, 'key' | 'value'>[], id: 'user_id' | 'team_id'): BoardRow[] {
  const board = new Map<string, BoardRow>();
  for (const { key, value } of rows) {
    if (value === null) board.delete(String(key));
    else
      board.set(String(key), {
        rnk: Number(value['rnk']),
        id: value[id] as string,
        team_name: value['team_name'] as string,
        total_score: Number(value['total_score']),
      });
  }
  return [...board.values()].sort((a, b) => a.rnk - b.rnk);
}
