/**
 * The mobile game of the leaderboards: teams that come and go, and who scores when. A function of its options alone. Source of the
 * numbers: Apache Beam's `Injector` (its mobile gaming example).
 */
import { delayOf } from '../late.js';
import { Random } from '../random.js';
import type { ScenarioOptions, TimedEvent } from '../scenario.js';

interface Team {
  readonly id: string;
  readonly name: string;
  readonly players: readonly Player[];
  readonly robot: Player | null;
  /** When another team takes its place, ms since the epoch. */
  readonly endMs: number;
}

export interface Player {
  readonly id: string;
  readonly team: Team;
}

/** `options.robots`: every third team or so has a robot, which scores more often than a player. */
export interface Score extends TimedEvent {
  readonly player: Player;
  readonly points: number;
}

export const LIVE_TEAMS = 15;
export const TEAM_PLAYERS = { from: 5, to: 15 };
export const TEAM_LIFE_MINUTES = { from: 20, to: 40 };
export const MAX_POINTS = 20;
const TEAMS_PER_ROBOT = 3;
const MINUTE = 60_000;

const COLOURS = 'Amber,Azure,Coral,Crimson,Emerald,Golden,Indigo,Ivory,Jade,Magenta,Olive,Onyx,Ruby,Silver,Teal,Violet'.split(',');
const ANIMALS = 'Badgers,Bears,Eagles,Falcons,Foxes,Herons,Lions,Lynxes,Otters,Owls,Pandas,Ravens,Sharks,Tigers,Vipers,Wolves'.split(',');

/** The scores of the game, in the order in which they are sent, without end. */
export function* scores(options: ScenarioOptions): Generator<Score, never, undefined> {
  const { startMs, lateEvery } = options;
  const random = new Random(options.seed);
  const league = new League(random, options);
  const gapMs = 1000 / options.rate;
  let sentMs = 0;
  for (let n = 1; ; n++) {
    sentMs += random.exponential(gapMs);
    const now = startMs + Math.floor(sentMs);
    const player = league.nextPlayer(now);
    const points = random.integer(0, MAX_POINTS);
    const delay = delayOf(random, n, lateEvery);
    yield { player, points, timeMs: now - delay, sentMs, late: delay > 0 };
  }
}

/** The teams that play at a time. */
class League {
  private readonly teams: Team[] = [];
  private teamCount = 0;
  private playerCount = 0;
  private robotCount = 0;

  constructor(
    private readonly random: Random,
    private readonly options: ScenarioOptions,
  ) {
    for (let i = 0; i < LIVE_TEAMS; i++) this.teams.push(this.newTeam(options.startMs));
  }

  /** Who scores next. */
  nextPlayer(now: number): Player {
    const place = this.random.integer(0, LIVE_TEAMS - 1);
    let team = this.teams[place];
    if (team.endMs <= now) team = this.teams[place] = this.newTeam(now);
    const { players, robot } = team;
    if (robot !== null && this.random.integer(1, players.length >> 1) === 1) return robot;
    return this.random.pick(players);
  }

  private newTeam(now: number): Team {
    const { random } = this;
    let name: string;
    do name = `${random.pick(COLOURS)} ${random.pick(ANIMALS)}`;
    while (this.teams.some((team) => team.name === name));
    const life = random.integer(TEAM_LIFE_MINUTES.from * MINUTE, TEAM_LIFE_MINUTES.to * MINUTE);
    const players: Player[] = [];
    const team = { id: `team-${++this.teamCount}`, name, players, robot: null as Player | null, endMs: now + life };
    const size = random.integer(TEAM_PLAYERS.from, TEAM_PLAYERS.to);
    for (let i = 0; i < size; i++) players.push({ id: `user-${++this.playerCount}`, team });
    if (this.options.robots && random.integer(1, TEAMS_PER_ROBOT) === 1) team.robot = { id: `robot-${++this.robotCount}`, team };
    return team;
  }
}
