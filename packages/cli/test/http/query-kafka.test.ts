/** Two processes that share a pipeline on Kafka: either answers for all, by asking the one that has the key. */
import { createServer, type AddressInfo } from 'node:net';
import { applicationIdOf } from '@rta/runtime';
import { describe, expect, it } from 'vitest';
import { spawnRta, type RtaProcess } from '../support/cli.js';
import { Operated } from '../support/operated.js';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { eventually } from './serving.js';

interface Answered {
  readonly rows: readonly { readonly row: Readonly<Record<string, unknown>> }[];
}

const USERS = Array.from({ length: 20 }, (_, i) => `user-${i}`);
const TOKEN = 'secret';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function ask<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
  return (await response.json()) as T;
}

describe.skipIf(leavesOut('queries on Kafka'))('queries on Kafka', { timeout: 180_000 }, () => {
  const env = useKafka();

  it('are routed to the process that has the key, and read from the changelog where it does not answer', async () => {
    const on = new Operated(env(), 'routed');
    await on.send(...USERS.map((user, i) => ({ user, score: i, at: i, partition: i % 2 })));
    const runs: { readonly url: string; readonly process: RtaProcess }[] = [];
    for (const dir of ['one', 'two']) {
      const port = await freePort();
      const process = spawnRta(['run', '--http', String(port), '--dir', `.rta-${dir}`, '--json'], {
        cwd: on.project.directory,
        env: { ...env(), RTA_HTTP_TOKEN: TOKEN },
      });
      await process.printed(/"http":/);
      runs.push({ url: `http://127.0.0.1:${port}/query/${on.pipeline}`, process });
    }
    const [one, two] = runs;
    const store = (await ask<{ pipelines: { stores: { name: string }[] }[] }>(one.url.replace(/\/[^/]*$/, ''))).pipelines[0].stores[0].name;
    // Each has some of the tasks.
    const partsOf = async (url: string): Promise<number[]> => {
      const { parts = [] } = await ask<{ parts?: { partition: number }[] }>(`${url}/${store}?here=true`);
      return parts.map(({ partition }) => partition);
    };
    await eventually(
      async () => [await partsOf(one.url), await partsOf(two.url)],
      (parts) => parts.every((part) => part.length > 0) && parts.flat().length === new Set(parts.flat()).size,
      60_000,
    );
    const members = await on.withLog((log) => log.groupMembers(applicationIdOf(on.pipeline)));
    expect(members.map(({ address }) => address).sort()).toEqual(runs.map(({ url }) => new URL(url).origin).sort());
    const expectAll = async (url: string): Promise<void> => {
      for (const [i, user] of USERS.entries())
        await eventually(
          () => ask<Answered>(`${url}/${store}?key=${user}`),
          ({ rows }) => rows?.length === 1 && rows[0].row['total'] === i && rows[0].row['count'] === 1,
          30_000,
        );
      const { rows } = await ask<Answered>(`${url}/${store}`);
      expect(rows.map(({ row }) => row['user']).sort()).toEqual([...USERS].sort());
    };
    await expectAll(one.url);
    await expectAll(two.url);
    // One that does not answer is not waited for.
    two.process.child.kill('SIGSTOP');
    const { rows } = await ask<Answered>(`${one.url}/${store}`);
    expect(rows).toHaveLength(USERS.length);
    two.process.child.kill('SIGCONT');
    for (const { process } of runs) process.child.kill('SIGTERM');
    for (const { process } of runs) expect((await process.ended).code).toBe(130);
  });
});
