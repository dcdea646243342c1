/** The counter-examples of SEMANTICS.md that are about the worker: time that passes, the registry, when to commit. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { confluentRegistry } from '@rta/registry';
import { describe, expect, it } from 'vitest';
import { CommitPolicy } from '../../src/task/commit-policy.js';
import { unique } from '../log/outputs.js';
import { onEmbedded } from './backend.js';
import { compiled, scoreBatches, topicRows, USER_SCORE } from './project.js';

const backend = onEmbedded();
const START = Date.UTC(2026, 0, 1);

/** A topic of one partition, with a record per time (ms after START), and the rows of a window of ten seconds over it. */
async function prepare(...times: readonly number[]) {
  const topic = unique('rules');
  await backend.log.ensureTopics([{ name: topic, partitions: 1 }]);
  const schemaId = await backend.registry.register(`${topic}-value`, USER_SCORE);
  const scores = times.map((time) => ({ user_id: 'ann', team_id: 't', team_name: 'T', score: 1, event_time_millis: START + time }));
  await backend.log.append(scoreBatches(topic, 1, scores, schemaId));
  const plan = compiled(`pipeline: ${unique('rules')}
source: { topic: ${topic}, schema: user_score, time: event_time_millis, idle: 1h }
errors: { topic: ${topic}-dead }
steps:
  - window: { tumbling: 10s }
    aggregate: { n: count() }
    emit: final
sink: { topic: ${topic}-out }
`);
  const rows = async (): Promise<number[]> =>
    (await topicRows(backend.log, backend.registry, `${topic}-out`)).map(({ value }) => Number(value?.['n'])).sort();
  return { topic, plan, rows };
}

describe('rule 8: what is read to its end', () => {
  it('leaves the last window open, over a restart too, until it is closed', async () => {
    const { plan, rows } = await prepare(0, 1, 12_000);
    await backend.runToEnd(plan);
    expect(await rows()).toEqual([2]);
    await backend.runToEnd(plan);
    expect(await rows()).toEqual([2]);
    await backend.runToEnd(plan, { watermark: 'close' });
    expect(await rows()).toEqual([1, 2]);
  });
});

describe('rule 26: a schema that cannot be had', () => {
  /** The registry behind HTTP, as far as readers of records need it. */
  const server = createServer((request, response) => {
    const id = Number(/^\/schemas\/ids\/(\d+)/.exec(request.url ?? '')?.[1]);
    void backend.registry.byId(id).then((found) => {
      response.writeHead(found === null ? 404 : 200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(found === null ? { error_code: 40403, message: 'no such schema' } : { schema: JSON.stringify(found.schema) }),
      );
    });
  });
  const listen = (port: number): Promise<number> =>
    new Promise((resolve) => {
      server.listen(port, '127.0.0.1', () => {
        resolve((server.address() as AddressInfo).port);
      });
    });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => {
        resolve();
      });
    });

  it('while the registry is out of reach nothing is read past the record, and then all of it', async () => {
    const { plan, rows } = await prepare(0, 1, 12_000);
    const port = await listen(0);
    await close();
    const schemas = confluentRegistry({ url: `http://127.0.0.1:${String(port)}`, retries: 0 });
    const warnings: string[] = [];
    const opened: Promise<number>[] = [];
    const open = async (): Promise<number> => {
      expect(await rows()).toEqual([]);
      return listen(port);
    };
    await backend.runToEnd(plan, {
      schemas,
      onWarning: (message) => {
        warnings.push(message);
        if (warnings.length === 2) opened.push(open());
      },
    });
    expect(await Promise.all(opened)).toEqual([port]);
    await close();
    expect(warnings[0]).toContain('trying again');
    expect(await rows()).toEqual([2]);
  });

  it('an id that the registry does not have is a dead letter', async () => {
    const { topic, plan, rows } = await prepare(0);
    const unknown = 999_999;
    await backend.log.append(
      scoreBatches(topic, 1, [{ user_id: 'bob', team_id: 't', team_name: 'T', score: 1, event_time_millis: START }], unknown),
    );
    await backend.runToEnd(plan, { watermark: 'close' });
    expect(await rows()).toEqual([1]);
    const [{ high }] = await backend.log.offsets(`${topic}-dead`);
    expect(high).toBeGreaterThan(0);
  });
});

describe('rule 27: when to commit', () => {
  const upToDate = { lagging: false, downstreamIdle: false };
  const caughtUp = { lagging: false, downstreamIdle: true };

  it('a stage that keeps up commits within the interval, whatever a commit costs', () => {
    const policy = new CommitPolicy({ intervalMs: 100, maxIntervalMs: 1000 }, 0);
    expect(policy.dueIn(0, upToDate)).toBe(100);
    policy.committed(100, 500);
    expect(policy.dueIn(100, upToDate)).toBe(100);
  });

  it('a stage behind a repartition that has caught up commits at once, and still not all the time', () => {
    const policy = new CommitPolicy({ intervalMs: 100, maxIntervalMs: 1000 }, 0);
    expect(policy.dueIn(5, caughtUp)).toBeLessThanOrEqual(0);
    policy.committed(10, 20);
    expect(policy.dueIn(10, caughtUp)).toBe(40);
  });

  const lagging = { lagging: true, downstreamIdle: false };

  it('a stage that lags commits less often, in a fifth of its own time, and once a second at least', () => {
    const policy = new CommitPolicy({ intervalMs: 100, maxIntervalMs: 1000 }, 0);
    policy.committed(0, 60);
    // As much again for sealing and sending: 120 ms, and four times as much of processing.
    expect(policy.dueIn(0, lagging)).toBe(480);
    policy.processed(300);
    expect(policy.dueIn(320, lagging)).toBe(180);
    policy.processed(180);
    expect(policy.dueIn(500, lagging)).toBe(0);
    policy.committed(500, 60_000);
    expect(policy.dueIn(500, lagging)).toBe(1000);
  });

  it('one among many on a thread waits until it has had its own time', () => {
    const policy = new CommitPolicy({ intervalMs: 100, maxIntervalMs: 1000 }, 0);
    policy.committed(0, 2);
    policy.processed(4);
    expect(policy.dueIn(400, lagging)).toBe(12);
    policy.processed(12);
    expect(policy.dueIn(450, lagging)).toBe(0);
    // Keeping up, it commits for latency.
    policy.committed(450, 2);
    expect(policy.dueIn(550, upToDate)).toBe(0);
  });
});
