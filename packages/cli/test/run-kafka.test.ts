/**
 * `rta run` on Kafka: worker threads, a directory that is taken, and brokers that do not answer when it is to end. Results are read by
 * Kafka's own consumer, read_committed. On the servers that KAFKA_BROKERS and SCHEMA_REGISTRY_URL name, else on servers of their own.
 */
import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BatchBuilder, partitionOf } from '@rta/runtime';
import { KafkaProxy } from '@rta/tools';
import { decoder, readTopics } from '../../../test/crash/reader.js';
import { ndjson, spawnRta } from './support/cli.js';
import { leavesOut, useKafka } from './support/use-kafka.js';
import { Operated, START } from './support/operated.js';

const PARTITIONS = 2;

interface Scored {
  readonly user: string;
  readonly score: number;
  readonly at: number;
}

describe.skipIf(leavesOut('rta run on Kafka'))('rta run on Kafka', { timeout: 120_000 }, () => {
  const env = useKafka();

  const scored = (from: number, count: number): Scored[] =>
    Array.from({ length: count }, (_, i) => ({
      user: `user-${((from + i) * 7919) % 101}`,
      score: (from + i) % 13,
      at: START + from + i,
    }));

  /** Writes them to the source, by user. */
  const send = (on: Operated, rows: readonly Scored[]): Promise<void> =>
    on.withLog(async (log) => {
      await log.ensureTopics([{ name: on.in, partitions: PARTITIONS }]);
      const builders = Array.from({ length: PARTITIONS }, (_, partition) => new BatchBuilder(on.in, partition, 50_000));
      for (const row of rows) {
        const [key, value] = [Buffer.from(row.user), Buffer.from(JSON.stringify(row))];
        builders[partitionOf(key, 0, key.length, PARTITIONS)].append(START, key, 0, key.length, value, 0, value.length, null);
      }
      await log.append(builders.flatMap((builder) => builder.take()));
    });

  /** Every update counts more records of its user than the one before; the last ones are those of all rows. */
  async function expectTotals(on: Operated, rows: readonly Scored[]): Promise<void> {
    const read = await readTopics(env().KAFKA_BROKERS, [on.out], decoder(env().SCHEMA_REGISTRY_URL));
    const last = new Map<string, { total: number; count: number }>();
    for (const { value } of read.get(on.out)!) {
      const { user, total, count } = value as { user: string; total: number; count: number };
      expect(count).toBeGreaterThan(last.get(user)?.count ?? 0);
      last.set(user, { total, count });
    }
    const sums = new Map<string, { total: number; count: number }>();
    for (const { user, score } of rows) {
      const { total, count } = sums.get(user) ?? { total: 0, count: 0 };
      sums.set(user, { total: total + score, count: count + 1 });
    }
    expect(new Map([...last].sort())).toEqual(new Map([...sums].sort()));
  }

  it('two worker threads: right results, a signal commits, and others go on', async () => {
    const on = new Operated(env(), 'threads');
    const rows = scored(0, 10_000);
    await send(on, rows);
    await on.drain('--workers', '2');
    await expectTotals(on, rows);
    const more = scored(rows.length, 10_000);
    await send(on, more);
    const running = spawnRta(['run', '--workers', '2', '--json'], { cwd: on.project.directory, env: env() });
    await running.printed(/"commits":[1-9]/);
    const members = () => on.withLog((log) => log.groupMembers(`rta.${on.pipeline}`));
    await expect.poll(async () => (await members()).length, { timeout: 30_000, interval: 500 }).toBe(2);
    const yetMore = scored(rows.length + more.length, 5_000);
    await send(on, yetMore);
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(await members()).toEqual([]);
    await on.drain();
    await expectTotals(on, [...rows, ...more, ...yetMore]);
  });

  it('a second process with the same directory ends at once, and says who has it', async () => {
    const on = new Operated(env(), 'taken');
    await send(on, scored(0, 100));
    const options = { cwd: on.project.directory, env: env() };
    const first = spawnRta(['run', '--json'], options);
    await first.printed(/"commits":[1-9]/);
    const second = await on.rta('run', '--json');
    expect(second.code).toBe(69);
    expect(second.stderr).toContain(`error in_use: ${on.project.directory}/.rta is in use by process ${String(first.child.pid)} on `);
    expect(second.stderr).toContain('--dir of its own');
    // Another directory, another member.
    await on.drain('--dir', 'other');
    first.child.kill('SIGKILL');
    await first.ended;
    await on.drain();
    await expectTotals(on, scored(0, 100));
  });

  it('brokers that do not answer: it ends within --shutdown-timeout, with 69', async () => {
    const proxy = await KafkaProxy.start(env().KAFKA_BROKERS);
    try {
      const on = new Operated(env(), 'silent');
      await send(on, scored(0, 1_000));
      const running = spawnRta(['run', '--json', '--shutdown-timeout', '3s'], {
        cwd: on.project.directory,
        env: { ...env(), KAFKA_BROKERS: proxy.address },
      });
      await running.printed(/"commits":[1-9]/);
      proxy.fate = () => 'swallowed';
      await send(on, scored(1_000, 1_000));
      await delay(1_000);
      const asked = performance.now();
      running.child.kill('SIGTERM');
      const { code, stderr, stdout } = await running.ended;
      expect(performance.now() - asked).toBeLessThan(10_000);
      expect({ code, stderr }).toMatchObject({
        code: 69,
        stderr: expect.stringContaining('error shutdown_timeout: not ended within 3000 ms'),
      });
      expect(ndjson(stdout).at(-1)).toMatchObject({ error: { code: 'shutdown_timeout' } });
      proxy.fate = () => 'pass';
      await on.drain();
      await expectTotals(on, scored(0, 2_000));
    } finally {
      await proxy.stop();
    }
  });
});
