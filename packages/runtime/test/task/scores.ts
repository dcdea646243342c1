/** Scores of the game, drawn, and the boards computed plainly from them; tests of other packages use them too. */
import { Buffer } from 'node:buffer';

export interface Score {
  readonly user_id: string;
  readonly team_id: string;
  readonly team_name: string;
  readonly score: number;
  readonly event_time_millis: number;
}

/** Scores of `users` users in 20 teams, drawn from a seed, a millisecond apart. */
export function drawScores(count: number, users: number, seed: number, start = Date.UTC(2026, 0, 1)): Score[] {
  let state = seed >>> 0;
  const draw = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  return Array.from({ length: count }, (_, i) => {
    const user = draw(users);
    const team = user % 20;
    return { user_id: `u${user}`, team_id: `t${team}`, team_name: `Team ${team}`, score: draw(21), event_time_millis: start + i };
  });
}

const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The board of players, computed plainly. */
export function playersOf(scores: readonly Score[]): Record<string, unknown>[] {
  const totals = new Map<string, { user_id: string; team_name: string; total_score: number }>();
  for (const { user_id, team_name, score } of scores) {
    const row = totals.get(user_id) ?? { user_id, team_name, total_score: 0 };
    row.total_score += score;
    if (byText(team_name, row.team_name) > 0) row.team_name = team_name;
    totals.set(user_id, row);
  }
  return [...totals.values()]
    .sort((a, b) => b.total_score - a.total_score || byText(a.user_id, b.user_id))
    .slice(0, 10)
    .map((row, i) => ({ rnk: i + 1, ...row }));
}

/** The board of teams, computed plainly. */
export function teamsOf(scores: readonly Score[]): Record<string, unknown>[] {
  const totals = new Map<string, { team_id: string; team_name: string; total_score: number }>();
  for (const { team_id, team_name, score } of scores) {
    const row = totals.get(team_id) ?? { team_id, team_name, total_score: 0 };
    row.total_score += score;
    if (byText(team_name, row.team_name) > 0) row.team_name = team_name;
    totals.set(team_id, row);
  }
  return [...totals.values()]
    .sort((a, b) => b.total_score - a.total_score || byText(a.team_name, b.team_name))
    .slice(0, 10)
    .map((row, i) => ({ rnk: i + 1, ...row }));
}

/** The best player of each team by the part in its points, and of those the best, computed plainly. */
export function mvpsOf(scores: readonly Score[]): Record<string, unknown>[] {
  const teams = new Map<string, number>();
  const players = new Map<string, Score>();
  for (const each of scores) {
    teams.set(each.team_id, (teams.get(each.team_id) ?? 0) + each.score);
    players.set(each.user_id, { ...each, score: each.score + (players.get(each.user_id)?.score ?? 0) });
  }
  const rows = [...players.values()].map(({ user_id, team_id, team_name, score }) => {
    const total = teams.get(team_id)!;
    return { team_id, user_id, team_name, player_total: score, team_total: total, contrib_ratio: total === 0 ? 0 : score / total };
  });
  rows.sort((a, b) => b.contrib_ratio - a.contrib_ratio || byText(a.user_id, b.user_id));
  return rows
    .filter((row, i) => rows.findIndex(({ team_id }) => team_id === row.team_id) === i)
    .slice(0, 10)
    .map(({ team_id: _, ...row }, i) => ({ rnk: i + 1, ...row }));
}
