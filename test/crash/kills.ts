/** Kills processes at random moments, under a plan that the seed makes; in between, some leave in good order and come back. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Blows } from './crash.js';
import { INTERRUPTED, type RtaProcess } from './processes.js';
import { until } from './until.js';

export interface Kills {
  readonly cycles: number;
  /** Of the killed ones: how many had not committed anything yet in that life. */
  readonly startingUp: number;
  /** How often a process left in good order (SIGTERM), and came back. */
  readonly left: number;
  /** How often all processes had tasks at the same time, after some had been away. */
  readonly together: number;
}

const PLACES = 3;
/** Cycles that one that went stays away. */
const AWAY = 3;
/** In every so many cycles one leaves in good order; before every so many, all are waited for. */
const LEAVES_EVERY = 3;
const GATHERS_EVERY = 10;
/** ms for a victim's first commit. */
const PATIENCE_MS = 90_000;
/** ms for all to have tasks, and to commit. */
const GATHER_MS = 180_000;

/** `cycles` kills with SIGKILL of one of three processes, which join and leave besides: `PLACES` of them share the tasks again and again. */
export const kills =
  (cycles: number): Blows<Kills> =>
  async ({ system, random, say }) => {
    const below = (n: number): number => Math.floor(random() * n);
    for (let place = 0; place < PLACES; place++) if (system.processes[place]?.running !== true) system.run(place);
    /** Cycle in which each comes back. */
    const back = new Map<number, number>();
    let [startingUp, left, together] = [0, 0, 0];
    for (let cycle = 1; cycle <= cycles; cycle++) {
      const gathers = cycle % GATHERS_EVERY === 1;
      for (const [place, when] of back)
        if (when <= cycle || gathers) {
          back.delete(place);
          system.run(place);
        }
      if (gathers) {
        await until(`${PLACES} processes share the tasks`, () => shared(system.running()), GATHER_MS);
        together++;
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
      if (cycle % LEAVES_EVERY === 1 && there.length > 1) {
        const leaver = there.find((other) => other !== place)!;
        const code = await system.processes[leaver]!.end('SIGTERM');
        back.set(leaver, cycle + 1 + below(AWAY));
        // One that has only just begun may not hear it yet, and ends at once.
        if (code === INTERRUPTED) left++;
        then += `; ${leaver} leaves`;
      }
      say(`${cycle}/${cycles}: ${place} killed ${state} after ${age} s, ${then}; ${system.load.written} events`);
    }
    for (const place of back.keys()) system.run(place);
    return { cycles, startingUp, left, together };
  };

/** Whether there are all of them, each with tasks, and at work. */
function shared(running: readonly RtaProcess[]): boolean {
  return running.length === PLACES && running.every((each) => each.committed && [...each.stats.values()].some(({ tasks }) => tasks > 0));
}
