/** The input of the pipelines in `project/`: a function of the seed alone. */

export interface Event {
  readonly id: string;
  readonly user: string;
  readonly team: string;
  readonly kind: 'view' | 'buy';
  readonly visit: string;
  readonly amount: number;
  /** ms since the epoch, event time. */
  readonly at: number;
}

/** Numbers in [0, 1): Mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const USERS = 90;
const TEAMS = 12;
/** How many are there at a time: the others are silent, so that their sessions end. */
const ACTIVE = 9;
const START = Date.UTC(2026, 0, 1);
/** Of those that are sent a second time, soon after. */
const TWICE = 0.03;

/**
 * Views, purchases some seconds after theirs, and some of both sent twice. Times advance by 4 ms on average, and are out of order by less
 * than the sources' lateness: no record is late.
 */
export function* events(seed: number): Generator<Event, never, undefined> {
  const random = seeded(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const active = Array.from({ length: ACTIVE }, () => below(USERS));
  const recent: Event[] = [];
  const viewed: Event[] = [];
  let at = START;
  for (let n = 1; ; n++) {
    at += below(9);
    if (random() < TWICE && recent.length > 0) {
      yield recent[below(recent.length)];
      continue;
    }
    if (random() < 0.004) active[below(ACTIVE)] = below(USERS);
    const of = random() < 0.3 && viewed.length > 0 ? viewed.splice(below(viewed.length), 1)[0] : null;
    const user = of?.user ?? `user-${active[below(ACTIVE)]}`;
    const event: Event = {
      id: `e${n}`,
      user,
      team: `team-${Number(user.slice(5)) % TEAMS}`,
      kind: of === null ? 'view' : 'buy',
      visit: of?.visit ?? `v${n}`,
      amount: 1 + below(100),
      at,
    };
    recent.push(event);
    if (recent.length > 20) recent.shift();
    if (of === null) viewed.push(event);
    if (viewed.length > 300) viewed.shift();
    yield event;
  }
}
