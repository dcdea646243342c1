/** Stops processes for longer than their session, until others have taken over, and lets them go on: zombies, which must have no effect. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Blows } from './crash.js';
import type { RtaProcess } from './processes.js';
import { until } from './until.js';

export interface Zombies {
  /** A process that is stopped is one in each pipeline. */
  readonly zombies: number;
  readonly stops: number;
}

const PLACES = 2;
/** ms for what others have to do: a session to time out, a rebalance, a restore. */
const PATIENCE_MS = 180_000;

/** At least so many zombies. Rejects when nobody takes over, or one does not notice. */
export const zombies =
  (wanted: number): Blows<Zombies> =>
  async ({ system, random, say }) => {
    const below = (n: number): number => Math.floor(random() * n);
    // The first one has all tasks for a while: so many there are of each pipeline.
    const first = system.run(0);
    await until('the first process is at work', () => first.atWork(), PATIENCE_MS);
    const total = new Map([...first.stats].map(([pipeline, { tasks }]) => [pipeline, tasks]));
    for (let place = 1; place < PLACES; place++) system.run(place);
    let [count, stops] = [0, 0];
    while (count < wanted) {
      // What they said before the last stop tells nothing of now.
      forgetStats(system.running());
      await until('the tasks are shared out', () => system.running().every((each) => holds(each, total, 1)), PATIENCE_MS);
      await delay(below(2_000));
      const place = below(PLACES);
      const victim = system.processes[place]!;
      const others = system.running().filter((each) => each !== victim);
      const warned = victim.warnings.length;
      victim.signal('SIGSTOP');
      forgetStats(others);
      stops++;
      const stopped = performance.now();
      await until('others have taken over', () => others.some((each) => holds(each, total, Infinity)), PATIENCE_MS);
      await delay(below(1_500));
      victim.signal('SIGCONT');
      count += total.size;
      const seconds = ((performance.now() - stopped) / 1000).toFixed(1);
      say(`${count}/${wanted}: ${place} stopped for ${seconds} s, taken over in ${total.size} pipelines; ${system.load.written} events`);
      await until('the zombie has noticed', () => victim.warnings.length > warned || !victim.running, PATIENCE_MS);
    }
    forgetStats(system.running());
    await until('the tasks are shared out again', () => system.running().every((each) => holds(each, total, 1)), PATIENCE_MS);
    return { zombies: count, stops };
  };

/** So that only what they say from now on counts. */
function forgetStats(processes: readonly RtaProcess[]): void {
  for (const { stats } of processes) stats.clear();
}

/** Whether it has at least so many tasks of each pipeline, or all that there are. */
function holds(each: RtaProcess, total: ReadonlyMap<string, number>, least: number): boolean {
  return [...total].every(([pipeline, all]) => (each.stats.get(pipeline)?.tasks ?? 0) >= Math.min(least, all));
}
