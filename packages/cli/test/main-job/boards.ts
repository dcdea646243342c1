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

interface Score {
  readonly user_id: string;
  readonly team_id: string;
  readonly team_name: string;
  readonly score: number;
  readonly event_time_millis: number | bigint;
}

interface Total {
  readonly user_id: string;
  readonly team_id: string;
  team_name: string;
  total_score: number;
  last: number;
  /** Of its records in the source, where all lie in one. */
  readonly partition: number;
}

const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The boards of one source. */
export interface Boards {
  /** Sums by user, best ten first; ties go by user id. */
  readonly user_id: BoardRow[];
  /** Sums by team, best ten first; ties go by the team's name. */
  readonly team_id: BoardRow[];
  /** The best player of each team by the part in its points, and of those the best ten. */
  readonly mvps: Record<string, unknown>[];
}

/** Sums of points by a key, with the hour of inactivity: who or what was silent for so long is not there. */
class Totals {
  private readonly totals = new Map<string, Total>();

  constructor(private readonly keyOf: (score: Score) => string) {}

  add(score: Score, time: number, partition: number): void {
    const key = this.keyOf(score);
    const total = this.totals.get(key);
    if (total === undefined) {
      const { user_id, team_id, team_name, score: total_score } = score;
      this.totals.set(key, { user_id, team_id, team_name, total_score, last: time, partition });
      return;
    }
    // Nobody in these events comes back after an hour of silence.
    total.total_score += score.score;
    total.last = Math.max(total.last, time);
    if (score.team_name !== total.team_name && byText(score.team_name, total.team_name) > 0) total.team_name = score.team_name;
  }

  alive(watermarkOf: (total: Total) => number): Total[] {
    return [...this.totals.values()].filter((total) => total.last + TTL_MS > watermarkOf(total));
  }
}

/** All boards, in one pass over the source. */
export function boardsOf(source: Iterable<Row>): Boards {
  const newest = new Map<number, number>();
  const [users, teams] = [new Totals(({ user_id }) => user_id), new Totals(({ team_id }) => team_id)];
  const members = new Totals(({ team_id, user_id }) => `${team_id}/${user_id}`);
  for (const { partition, value } of source) {
    const score = value as unknown as Score;
    const time = Number(score.event_time_millis);
    newest.set(partition, Math.max(newest.get(partition) ?? -Infinity, time));
    for (const totals of [users, teams, members]) totals.add(score, time, partition);
  }
  // The source's key is the player: sums by player, or by team and player, are in the task of one partition, whose time alone says who has
  // left. Sums by team are repartitioned before, and their tasks hear of all partitions.
  const ofPartition = ({ partition }: Total): number => newest.get(partition)! - LATENESS_MS;
  const ofAll = Math.min(...newest.values()) - LATENESS_MS;
  const byTeam = teams.alive(() => ofAll);
  return {
    user_id: boardOf(users.alive(ofPartition), 'user_id'),
    team_id: boardOf(byTeam, 'team_id'),
    mvps: mvpsOf(byTeam, members.alive(ofPartition)),
  };
}

function boardOf(totals: readonly Total[], by: 'user_id' | 'team_id'): BoardRow[] {
  return [...totals]
    .sort((a, b) => b.total_score - a.total_score || (by === 'user_id' ? byText(a.user_id, b.user_id) : byText(a.team_name, b.team_name)))
    .slice(0, 10)
    .map((total, i) => ({ rnk: i + 1, id: total[by], team_name: total.team_name, total_score: total.total_score }));
}

function mvpsOf(byTeam: readonly Total[], members: readonly Total[]): Record<string, unknown>[] {
  const teams = new Map(byTeam.map(({ team_id, total_score }) => [team_id, total_score]));
  const rows = members.flatMap(({ team_id, user_id, team_name, total_score }) => {
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

/** What the topic of the best players of their teams holds. */
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
