/**
 * Real processes on a real broker, through kills, zombies and a broker that goes away. The fast form has a little of each in one run; the
 * long form (`pnpm test:long test/crash/crash.test.ts`) is what `pnpm test:crash kills|zombies|broker` does.
 */
import { available, LONG, reportFigure } from '@rta/tools';
import { describe, expect, it } from 'vitest';
import { brokerDown, MOMENTS, type BrokerDown } from './broker-down.js';
import { crash, type Blows } from './crash.js';
import { kills, type Kills } from './kills.js';
import type { Result } from './system.js';
import { zombies, type Zombies } from './zombies.js';

const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry } = process.env;
const { kafka, registry: schemas } = available();
const named = brokers !== undefined && registry !== undefined;
// The broker that is killed is one of our own.
const missing = brokers === '' ? ['KAFKA_BROKERS is set to nothing'] : LONG && named ? [] : [...kafka, ...schemas];
if (missing.length > 0) console.warn(`LEFT OUT, blows on real processes: ${missing.join('; ')}`);

const seed = Number(process.env['CRASH_SEED'] ?? 1);

async function run<T>(blows: Blows<T>, proxied: boolean): Promise<Result & T & { readonly elapsedMs: number }> {
  const report = await crash({ seed, proxied, perSecond: 300, say: (line) => console.info(line) }, blows);
  expect(report).toMatchObject({ lost: 0, doubled: 0, examples: [], gaveUp: [], openTransactions: [] });
  expect(report.events).toBeGreaterThan(100);
  return report;
}

/** What the figures have in common. */
const verdict = ({ events, rows }: Result): string => `0 lost, 0 doubled of ${rows} rows from ${events} events, seed ${seed}`;
const killed = (report: Result & Kills): void => {
  expect(report.left).toBeGreaterThan(0);
  expect(report.together).toBeGreaterThan(0);
  reportFigure(
    'killed',
    `${report.cycles} kills (${report.startingUp} before the first commit), ${report.left} leaves by SIGTERM, three processes at work together ${report.together} times: ${verdict(report)}`,
  );
};
const stopped = (report: Result & Zombies): void =>
  reportFigure('zombies', `${report.zombies} of ${report.zombies} in ${report.stops} stops: ${verdict(report)}`);
const broken = (report: Result & BrokerDown): void =>
  reportFigure('broker', `away ${report.times} times, commits again within ${report.slowestMs} ms of its return: ${verdict(report)}`);

describe.skipIf(missing.length > 0)(`real processes on a real broker (CRASH_SEED=${seed})`, () => {
  if (LONG) {
    it('killed a hundred times', { timeout: 5_400_000 }, async () => killed(await run(kills(100), false)));
    it('fifty zombies', { timeout: 3_600_000 }, async () => stopped(await run(zombies(50), false)));
    it('the broker goes away forty times', { timeout: 3_600_000 }, async () => broken(await run(brokerDown(10), true)));
    return;
  }
  it('zombies, a broker that is killed, kills: nothing is lost or doubled', { timeout: 900_000 }, async () => {
    const all: Blows<Zombies & BrokerDown & Kills> = async (target) => ({
      ...(await zombies(1)(target)),
      ...(await brokerDown(1, { produce: MOMENTS.produce, EndTxn: MOMENTS.EndTxn })(target)),
      ...(await kills(3)(target)),
    });
    const report = await run(all, true);
    killed(report);
    stopped(report);
    broken(report);
  });
});
