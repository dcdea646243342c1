/**
 * `rta topics`, `rta tail` and `rta doctor` on Kafka and a registry server: those that KAFKA_BROKERS and SCHEMA_REGISTRY_URL name, else
 * servers of their own, where Java is there; without, they are left out, and say so.
 */
import { available, startCluster } from '@rta/tools';
import { confluentRegistry } from '@rta/registry';
import { inspectKafka, openKafkaLog, type Log } from '@rta/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory } from './support/cli.js';
import { temporaryProject } from './support/inspect-project.js';
import { topicsAndTail } from './support/topics-and-tail.js';

const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry } = process.env;
const named = brokers !== undefined && registry !== undefined;
const reasons = brokers === '' ? ['KAFKA_BROKERS is set to nothing'] : named ? [] : [...available().kafka, ...available().registry];
if (reasons.length > 0) console.warn(`LEFT OUT, tests that need Kafka: ${reasons.join('; ')}`);

describe.skipIf(reasons.length > 0)('on Kafka', () => {
  let env: Readonly<Record<'KAFKA_BROKERS' | 'SCHEMA_REGISTRY_URL', string>>;
  let stop: (() => Promise<void>) | undefined;
  let log: Log | undefined;
  beforeAll(async () => {
    if (named) {
      env = { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry };
      return;
    }
    const cluster = await startCluster();
    env = cluster.env;
    stop = () => cluster.stop();
  });
  afterAll(async () => {
    await log?.close();
    await stop?.();
  });

  topicsAndTail(async () => {
    log = await openKafkaLog({ brokers: [env.KAFKA_BROKERS] });
    const topic = `tail-${process.pid}-${Date.now().toString(36)}`;
    return { cwd: temporaryDirectory(), env, log, registry: confluentRegistry({ url: env.SCHEMA_REGISTRY_URL }), topic };
  });

  it('inspectKafka reads the settings of the brokers', async () => {
    const cluster = await inspectKafka({ brokers: [env.KAFKA_BROKERS] });
    expect(cluster.brokers).toBeGreaterThan(0);
    expect(Number(cluster.settings?.get('transaction.state.log.replication.factor'))).toBeGreaterThan(0);
  });

  it('doctor finds brokers, transactions and the registry', async () => {
    const lines = ndjson((await rta(['doctor', '--json'], { env, cwd: temporaryProject() })).stdout);
    expect(lines).toContainEqual(expect.objectContaining({ check: 'brokers', status: 'ok' }));
    expect(lines).toContainEqual(expect.objectContaining({ check: 'transactions', status: 'ok' }));
    expect(lines.find(({ check }) => check === 'registry')?.['status']).not.toBe('failed');
  });
});
