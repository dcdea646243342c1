/**
 * `rta topics`, `rta tail` and `rta doctor` on Kafka and a registry server: those that KAFKA_BROKERS and SCHEMA_REGISTRY_URL name, else
 * servers of their own, where Java is there; without, they are left out, and say so.
 */
import { confluentRegistry } from '@rta/registry';
import { inspectKafka, openKafkaLog, type Log } from '@rta/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory } from './support/cli.js';
import { temporaryProject } from './support/inspect-project.js';
import { topicsAndTail } from './support/topics-and-tail.js';
import { leavesOut, useKafka } from './support/use-kafka.js';

describe.skipIf(leavesOut('tests that need Kafka'))('on Kafka', () => {
  const env = useKafka();
  let log: Log | undefined;
  afterAll(() => log?.close());

  topicsAndTail(async () => {
    log = await openKafkaLog({ brokers: [env().KAFKA_BROKERS] });
    const topic = `tail-${process.pid}-${Date.now().toString(36)}`;
    return { cwd: temporaryDirectory(), env: env(), log, registry: confluentRegistry({ url: env().SCHEMA_REGISTRY_URL }), topic };
  });

  it('inspectKafka reads the settings of the brokers', async () => {
    const cluster = await inspectKafka({ brokers: [env().KAFKA_BROKERS] });
    expect(cluster.brokers).toBeGreaterThan(0);
    expect(Number(cluster.settings?.get('transaction.state.log.replication.factor'))).toBeGreaterThan(0);
  });

  it('doctor finds brokers, transactions and the registry', async () => {
    const lines = ndjson((await rta(['doctor', '--json'], { env: env(), cwd: temporaryProject() })).stdout);
    expect(lines).toContainEqual(expect.objectContaining({ check: 'brokers', status: 'ok' }));
    expect(lines).toContainEqual(expect.objectContaining({ check: 'transactions', status: 'ok' }));
    expect(lines.find(({ check }) => check === 'registry')?.['status']).not.toBe('failed');
  });
});
