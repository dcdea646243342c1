/** The game by itself: what it draws is what the use case says, and the same from the same seed. */
import { describe, expect, it } from 'vitest';
import type { ScenarioOptions } from '../src/generate/scenario.js';
import { LATE_MINUTES } from '../src/generate/late.js';
import { LIVE_TEAMS, MAX_POINTS, scores, TEAM_LIFE_MINUTES, TEAM_PLAYERS, type Score } from '../src/generate/leaderboards/game.js';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

function play(count: number, options: Partial<ScenarioOptions> = {}): Score[] {
  const events = scores({ seed: 7, startMs: START, rate: 20, lateEvery: 0, robots: false, ...options });
  return Array.from({ length: count }, () => events.next().value);
}

describe('the game', () => {
  it('has exponential gaps of the rate', () => {
    const game = play(50_000);
    const gaps = game.map(({ sentMs }, i) => sentMs - (game[i - 1]?.sentMs ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(mean).toBeGreaterThan(49);
    expect(mean).toBeLessThan(51);
    // Of an exponential distribution they are the same, and e^-1 of the gaps are longer than the mean.
    expect(deviation / mean).toBeCloseTo(1, 1);
    expect(gaps.filter((gap) => gap > mean).length / gaps.length).toBeCloseTo(Math.exp(-1), 2);
    for (const { timeMs, sentMs } of game) expect(timeMs).toBe(START + Math.floor(sentMs));
  });

  it('has uniform scores', () => {
    const counts = new Array<number>(MAX_POINTS + 1).fill(0);
    for (const { points } of play(42_000)) counts[points]++;
    for (const count of counts) {
      expect(count).toBeGreaterThan(1800);
      expect(count).toBeLessThan(2200);
    }
  });

  it('replaces teams of 5 to 15 after 20 to 40 minutes', () => {
    const game = play(200_000); // nearly three hours
    const teams = new Map(game.map(({ player }) => [player.team.id, player.team]));
    expect(teams.size).toBeGreaterThan(4 * LIVE_TEAMS);
    const sizes = [...teams.values()].map((team) => team.players.length);
    expect(Math.min(...sizes)).toBe(TEAM_PLAYERS.from);
    expect(Math.max(...sizes)).toBe(TEAM_PLAYERS.to);
    const ids = [...teams.values()].flatMap((team) => team.players.map((player) => player.id));
    expect(new Set(ids).size).toBe(ids.length);
    for (const team of teams.values()) {
      const times = game.filter(({ player }) => player.team === team).map(({ timeMs }) => timeMs);
      expect(Math.max(...times)).toBeLessThan(team.endMs);
      expect(team.endMs - Math.min(...times)).toBeLessThanOrEqual(TEAM_LIFE_MINUTES.to * MINUTE);
      // The first score may come some seconds after the team, not minutes.
      expect(team.endMs - Math.min(...times)).toBeGreaterThan((TEAM_LIFE_MINUTES.from - 1) * MINUTE);
    }
    for (let i = 0; i < game.length; i += 20_000) {
      const names = new Map(game.slice(i, i + 1000).map(({ player }) => [player.team.id, player.team.name]));
      expect(new Set(names.values()).size).toBeGreaterThanOrEqual(LIVE_TEAMS - 1);
    }
  });

  it('has late events on request, every Nth', () => {
    expect(play(1000).some(({ late }) => late)).toBe(false);
    play(1000, { lateEvery: 10 }).forEach(({ late, timeMs, sentMs }, i) => {
      expect(late).toBe(i % 10 === 9);
      const minutes = (START + Math.floor(sentMs) - timeMs) / MINUTE;
      if (late) expect(minutes).toBeGreaterThanOrEqual(LATE_MINUTES.from);
      expect(minutes).toBeLessThanOrEqual(late ? LATE_MINUTES.to : 0);
    });
  });

  it('has robots on request, which score more often than players', () => {
    expect(play(20_000).some(({ player }) => player.team.robot !== null)).toBe(false);
    const counts = new Map<string, number>();
    for (const { player } of play(20_000, { robots: true }))
      if (player.team.robot !== null) counts.set(player.id, (counts.get(player.id) ?? 0) + 1);
    const mean = (prefix: string): number => {
      const of = [...counts].filter(([id]) => id.startsWith(prefix)).map(([, count]) => count);
      return of.reduce((sum, count) => sum + count, 0) / of.length;
    };
    expect(mean('robot')).toBeGreaterThan(1.5 * mean('user'));
  });

  it('is a function of its options', () => {
    const options = { lateEvery: 7, robots: true };
    expect(play(5000, options)).toEqual(play(5000, options));
    expect(play(5000, { ...options, seed: 8 })).not.toEqual(play(5000, options));
  });
});
