/** Workers on Kafka; left out, and said so, where there is none. */
import { describe, it } from 'vitest';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { Upgraded, type Shape } from './upgraded.js';
import { expectRight, upgradeTests } from './upgrades.js';

describe.skipIf(leavesOut('deployed pipelines on Kafka'))('deployed pipelines on Kafka', { timeout: 1_200_000 }, () => {
  const env = useKafka();

  // They share the work.
  upgradeTests(env, ['.rta', '.rta-2']);

  it('a worker killed while it switches: others go on, and so does it', async () => {
    const up = new Upgraded(env(), 'killed');
    const stop = new AbortController();
    const workers = [await up.worker('.rta'), await up.worker('.rta-2')];
    let shape: Shape = {};
    await up.deploy(shape, 'keep');
    const load = up.load(stop.signal);
    await up.runs(1);
    const kills: readonly (readonly [Shape, 'keep' | 'rebuild', RegExp])[] = [
      [{ doubled: true }, 'keep', /"stopped","pipeline":"[^"]*","version":1,"mode":"live"/],
      [{ best: true }, 'rebuild', /"started","pipeline":"[^"]*","version":3,"mode":"shadow"/],
      [{ k: 5 }, 'rebuild', /"started","pipeline":"[^"]*","version":3,"mode":"handover"/],
    ];
    for (const [i, [change, state, when]] of kills.entries()) {
      shape = { ...shape, ...change };
      const killed = workers[i % 2];
      const reached = killed.printed(when);
      await up.deploy(shape, state);
      const runs = up.runs(i + 2);
      // The other one may be so quick that this one never comes to it.
      await Promise.race([reached, runs]);
      reached.catch(() => undefined);
      killed.child.kill('SIGKILL');
      await killed.ended;
      workers[i % 2] = await up.worker(i % 2 === 0 ? '.rta' : '.rta-2');
      await runs;
    }
    stop.abort();
    await load;
    await expectRight(up, shape);
    for (const { child, ended } of workers) {
      child.kill('SIGTERM');
      await ended;
    }
  });
});
