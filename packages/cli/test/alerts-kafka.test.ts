/** Alerts on Kafka: who is told of an incident is told once the target answers, and not again. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { rta, temporaryDirectory } from './support/cli.js';
import { Operated } from './support/operated.js';
import { leavesOut, useKafka } from './support/use-kafka.js';

/** Answers with 503 so often, then with 202. */
async function receiver(refusals: number): Promise<{ readonly url: string; readonly told: Readonly<Record<string, unknown>>[] }> {
  const told: Readonly<Record<string, unknown>>[] = [];
  let left = refusals;
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      if (left-- > 0) {
        response.writeHead(503).end();
        return;
      }
      told.push(JSON.parse(text) as Readonly<Record<string, unknown>>);
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => server.close());
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, told };
}

describe.skipIf(leavesOut('alerts on Kafka'))('alerts on Kafka', { timeout: 120_000 }, () => {
  const env = useKafka();

  it('tell of an incident when the target answers, in order, and not again', async () => {
    const on = new Operated(env(), 'alerts');
    const { url, told } = await receiver(2);
    on.define(
      '  - groupBy: user\n    window: { tumbling: 1m }\n    aggregate: { total: sum(score) }\nalerts:\n  high: { when: total > 10, for: 1m, notify: desk }\n',
    );
    on.project.write('rta.yaml', 'notify: { desk: { webhook: { url: "${DESK_URL}" } } }\n');
    const minutes = [20, 20, 1].map((score, minute) => ({ user: 'ann', score, at: 60 * minute + 5 }));
    await on.send(...minutes, { user: 'bob', score: 1, at: 600 }, { user: 'bob', score: 1, at: 600, partition: 1 });
    const run = async (...more: string[]): Promise<void> => {
      // Another directory is another worker: what was told is in the group's offsets, and nowhere else.
      const args = ['run', '--until-end', '--json', '--dir', temporaryDirectory(), ...more];
      const { code, stderr } = await rta(args, { cwd: on.project.directory, env: { ...env(), DESK_URL: url } });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    };
    await run('--no-notify');
    expect(told).toEqual([]);
    await run();
    const expected = ['trigger', 'resolve'].map((action) => ({ action, alert: 'high', key: { user: 'ann' } }));
    expect(told).toMatchObject(expected);
    await run();
    expect(told).toMatchObject(expected);
  });
});
