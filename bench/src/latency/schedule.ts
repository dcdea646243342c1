/** Which event is when, and of whom: known to who writes them and to who waits for their results, so that these need not talk. */

/** Half of the events are of as many users, who therefore fill the board; the other half are of all the others. */
export const LEADERS = 10;
const USERS = 4000;

export interface Schedule {
  /** Of the first event, ms since the epoch. */
  readonly startMs: number;
  /** Events per second, one after the other at equal distances. */
  readonly rate: number;
  readonly events: number;
}

/** Wall-clock time at which an event is due, ms; the whole part is its event time. */
export function dueMs({ startMs, rate }: Schedule, event: number): number {
  return startMs + (event * 1000) / rate;
}

/** The user of each event, drawn from a fixed seed. */
export function usersOf({ events }: Pick<Schedule, 'events'>): Uint16Array {
  const users = new Uint16Array(events);
  let state = 1;
  for (let i = 0; i < events; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const draw = state / 2 ** 31;
    users[i] = draw < 1 ? Math.floor(draw * LEADERS) : LEADERS + Math.floor((draw - 1) * (USERS - LEADERS));
  }
  return users;
}
