/** Kills processes at random moments, under a plan that the seed makes; in between, some leave in good order and come back. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Blows } from './crash.js';
import { until } from './until.js';

export interface Kills {
  readonly cycles: number;
  /** Of the killed ones: how many had not committed anything yet in that life. */
  readonly startingUp: number;
  /** How often a process left in good order, and came back. */
  readonly left: number;
}

const PLACES = 3;
/** Cycles that one that went stays away. */
const AWAY = 3;
/** ms for a victim's first commit. */
const PATIENCE_MS = 90_000;

/** `cycles` kills with SIGKILL. */
export const kills =
  (cycles: number): Blows<Kills> =>
  async ({ system, random, say }) => {
    const below = (n: number): number => Math.floor(random() * n);
    for (let place = 0; place < PLACES; place++) if (system.processes[place]?.running !== true) system.run(place);
    /** Cycle in which each comes back. */
    const back = new Map<number, number>();
    let [startingUp, left] = [0, 0];
    for (let cycle = 1; cycle <= cycles; cycle++) {
      for (const [place, when] of back)
        if (when <= cycle) {
          back.delete(place);
          system.run(place);
        }
      const there = system.places();
      const place = there[below(there.length)];
      const victim = system.processes[place]!;
      // Most are killed at work, at any moment of it; the others soon after they were started.
      if (random() < 0.75) {
        // On a busy machine, or while others join and leave, that may take long: then it is killed before.
        await until('the first commit', () => victim.committed || !victim.running, PATIENCE_MS).catch(() => undefined);
        await delay(below(2_000));
      } else await delay(below(1_000));
      const state = victim.committed ? 'at work' : 'starting';
      const age = ((performance.now() - victim.startedAt) / 1000).toFixed(1);
      if (!victim.committed) startingUp++;
      await victim.end('SIGKILL');
      let then = 'is started again';
      const does = below(10);
      if (does < 2 && there.length > 1) {
        back.set(place, cycle + AWAY);
        then = 'stays away';
      } else system.run(place);
      if (does === 9 && there.length > 1) {
        const leaver = there.find((other) => other !== place)!;
        await system.processes[leaver]!.end('SIGTERM');
        back.set(leaver, cycle + 1 + below(AWAY));
        left++;
        then += `; ${leaver} leaves`;
      }
      say(`${cycle}/${cycles}: ${place} killed ${state} after ${age} s, ${then}; ${system.load.written} events`);
    }
    for (const place of back.keys()) system.run(place);
    return { cycles, startingUp, left };
  };
