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
  readonly user_id: string;
  readonly team_id: string;
  team_name: string;
  total_score: number;
  last: number;
}

const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Sums with the hour of inactivity: who or what was silent for so long is not there. */
function totalsOf(source: Iterable<Row>, by: readonly ('user_id' | 'team_id')[]): Total[] {
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
    const id = by.map((name) => score[name]).join('/');
    const time = Number(score.event_time_millis);
    newest.set(partition, Math.max(newest.get(partition) ?? -Infinity, time));
    const { user_id, team_id, team_name } = score;
    const total = totals.get(id) ?? { user_id, team_id, team_name, total_score: 0, last: -Infinity };
    // Nobody in these events comes back after an hour of silence.
    total.total_score += score.score;
    total.last = Math.max(total.last, time);
    if (byText(team_name, total.team_name) > 0) total.team_name = team_name;
    totals.set(id, total);
  }
  const watermark = Math.min(...newest.values()) - LATENESS_MS;
  return [...totals.values()].filter(({ last }) => last + TTL_MS > watermark);
}

/** Sums by user or team, best ten first; ties go by user id, or by team name. */
export function boardOf(source: Iterable<Row>, by: 'user_id' | 'team_id'): BoardRow[] {
  return totalsOf(source, [by])
    .sort((a, b) => b.total_score - a.total_score || (by === 'user_id' ? byText(a.user_id, b.user_id) : byText(a.team_name, b.team_name)))
    .slice(0, 10)
    .map((total, i) => ({ rnk: i + 1, id: total[by], team_name: total.team_name, total_score: total.total_score }));
}

/** The best player of each team by the part in its points, and of those the best ten. */
export function mvpsOf(source: Iterable<Row>): Record<string, unknown>[] {
  const teams = new Map(totalsOf(source, ['team_id']).map(({ team_id, total_score }) => [team_id, total_score]));
  const rows = totalsOf(source, ['team_id', 'user_id']).flatMap(({ team_id, user_id, team_name, total_score }) => {
    const team_total = teams.get(team_id);
    if (team_total === undefined) return [];
    return [
      {
        team_id,
        user_id,
        team_name,
        player_total: total_score,
        team_total,
        contrib_ratio: team_total === 0 ? 0 : total_score / team_total,
      },
    ];
  });
  rows.sort((a, b) => b.contrib_ratio - a.contrib_ratio || byText(a.user_id, b.user_id));
  const seen = new Set<string>();
  return rows
    .filter(({ team_id }) => !seen.has(team_id) && seen.add(team_id))
    .slice(0, 10)
    .map(({ team_id: _, ...row }, i) => ({ rnk: i + 1, ...row }));
}

/** What the topic of `mvpsOf` holds. */
export function mvpsIn(rows: readonly Pick<Row, 'key' | 'value'>[]): Record<string, unknown>[] {
  const board = new Map<string, Record<string, unknown>>();
  for (const { key, value } of rows) {
    if (value === null) board.delete(String(key));
    else
      board.set(String(key), Object.fromEntries(Object.entries(value).map(([name, v]) => [name, typeof v === 'bigint' ? Number(v) : v])));
  }
  return [...board.values()].sort((a, b) => Number(a['rnk']) - Number(b['rnk']));
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
