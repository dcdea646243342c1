/** Alerts on Kafka: a target that is down is told of each incident when it answers, in order, though rta is killed meanwhile. */
import { freePort, startReceiver } from '@rta/tools';
import { afterTests } from '@rta/tools/after-tests';
import { describe, expect, it } from 'vitest';
import { rta, spawnRta } from './support/cli.js';
import { Operated } from './support/operated.js';
import { leavesOut, useKafka } from './support/use-kafka.js';

const USERS = ['ann', 'bob', 'cyd', 'dan'];
const MINUTES = 15;
const isHigh = (user: number, minute: number): boolean => (minute + user) % 4 < 2;

interface Told {
  readonly id: string;
  readonly key: { readonly user: string };
  readonly action: string;
}

/** What a user's minutes come to: one that goes on until the end stays open. */
function actionsOf(user: number): string[] {
  const changes = Array.from({ length: MINUTES }, (_, minute) => minute).filter((minute) => isHigh(user, minute) !== (minute > 0 && isHigh(user, minute - 1)));
  return changes.map((minute) => (isHigh(user, minute) ? 'trigger' : 'resolve'));
} // prettier-ignore

describe.skipIf(leavesOut('alerts on Kafka'))('alerts on Kafka', { timeout: 180_000 }, () => {
  const kafka = useKafka();

  it('tell a target of each incident when it is back, in order, though the process is killed', async () => {
    const on = new Operated(kafka(), 'alerts');
    on.define(
      '  - groupBy: user\n    window: { tumbling: 1m }\n    aggregate: { total: sum(score) }\nalerts:\n  high: { when: total > 10, notify: desk }\n',
    );
    on.project.write('rta.yaml', 'notify: { desk: { webhook: { url: "${DESK_URL}" } } }\n');
    const minutes = Array.from({ length: MINUTES }, (_, minute) =>
      USERS.map((user, i) => ({ user, score: isHigh(i, minute) ? 20 : 1, at: 60 * minute + 5, partition: i % 2 })),
    );
    // Somebody else, so that the windows of all the others are closed.
    const ends = [0, 1].map((partition) => ({ user: 'eve', score: 1, at: 60 * MINUTES + 30, partition }));
    await on.send(...minutes.flat(), ...ends);

    const port = await freePort();
    const here = { cwd: on.project.directory, env: { ...kafka(), DESK_URL: `http://127.0.0.1:${String(port)}/` } };
    const away = spawnRta(['run', '--json'], here);
    await away.printed(/desk is not told that .* it cannot be reached .*; it is tried again/);
    away.child.kill('SIGKILL');
    await away.ended;

    const told: Told[] = [];
    let refusals = 3;
    let asked = 0;
    const killed = spawnRta(['run', '--json'], here);
    const receiver = await startReceiver((body, _, response) => {
      if (refusals-- > 0) return void response.writeHead(503, { 'retry-after': '0' }).end();
      told.push(body as Told);
      // Some have been told by then, and one of them is not known to be.
      if (++asked === 5) killed.child.kill('SIGKILL');
      response.writeHead(202).end();
    }, port);
    afterTests(receiver.close);
    await killed.ended;
    const { code, stderr } = await rta(['run', '--until-end', '--json'], here);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

    // A repeat has the id that it had: the first time that each comes is in order.
    const first = [...new Map(told.map((one) => [one.id, one])).values()];
    const actions = (user: string): string[] => first.filter(({ key }) => key.user === user).map(({ action }) => action);
    expect(Object.fromEntries(USERS.map((user) => [user, actions(user)]))).toEqual(
      Object.fromEntries(USERS.map((user, i) => [user, actionsOf(i)])),
    );
    expect(first).toHaveLength(USERS.flatMap((_, i) => actionsOf(i)).length);
    // Whoever goes by the last one of each key, as targets with a dedup_key do, has those open that are.
    const last = new Map(told.map(({ key: { user }, action }) => [user, action]));
    expect(USERS.map((user) => last.get(user))).toEqual(USERS.map((_, i) => actionsOf(i).at(-1)));
    const before = told.length;
    await rta(['run', '--until-end', '--json'], here);
    expect(told).toHaveLength(before);
  });
});
