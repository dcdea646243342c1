/**
 * Commands of operation on Kafka and a registry server: those that KAFKA_BROKERS and SCHEMA_REGISTRY_URL name, else servers of their own,
 * where Java is there; without, they are left out, and say so.
 */
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { dlqTests } from './dlq.js';
import { lagTests } from './lag.js';
import { spawnRta } from '../support/cli.js';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { Operated } from '../support/operated.js';
import { resetTests } from './reset.js';
import { stateTests } from './state.js';

describe.skipIf(leavesOut('commands of operation on Kafka'))('on Kafka', { timeout: 90_000 }, () => {
  const env = useKafka();

  lagTests(env);
  dlqTests(env);
  resetTests(env);
  stateTests(env);

  it('a worker that stood still while its pipeline was reset has no effect any more', async () => {
    const on = new Operated(env(), 'zombie');
    await on.send({ user: 'ann', score: 1, at: 10 }, { user: 'bob', score: 4, at: 20, partition: 1 });
    const zombie = spawnRta(['run', '--json'], { cwd: on.project.directory, env: env() });
    await zombie.printed(/"recordsIn":2/);
    await until(async () => (await on.json('lag'))[0]?.['lag'] === 0);
    zombie.child.kill('SIGSTOP');
    await on.send({ user: 'ann', score: 2, at: 30 });
    await until(() => on.withLog(async (log) => (await log.groupMembers(`rta.${on.pipeline}`)).length === 0));
    expect((await on.rta('reset', on.pipeline, '--yes')).code).toBe(0);
    expect(await on.table()).toMatchObject({ ann: null, bob: null });
    zombie.child.kill('SIGCONT');
    const totals = { ann: { user: 'ann', total: 3, count: 2 }, bob: { user: 'bob', total: 4, count: 1 } };
    // What it read ahead of is no more: it drops that, and goes on as a member of the new history.
    await until(async () => isDeepStrictEqual(await on.table(), totals));
    zombie.child.kill('SIGINT');
    expect((await zombie.ended).code).toBe(130);
    await on.drain();
    expect(await on.table()).toEqual(totals);
  });
});

/** Looks until it is so, for a minute at most. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (await isSo()) return;
    await delay(300);
  }
  throw new Error('it does not come to that');
}
