import { describe, expect, test } from 'vitest';
import { kafkaTool } from '../src/index.js';
import { kafkaAnswers } from '../src/kafka-probe.js';

const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL } = process.env;

describe.skipIf(!KAFKA_BROKERS || !SCHEMA_REGISTRY_URL)('the cluster of a test run', () => {
  test('the broker answers', async () => {
    expect(await kafkaAnswers(Number(KAFKA_BROKERS!.split(':')[1]))).toBe(true);
  });

  test('nothing answers on a port where nothing is', async () => {
    expect(await kafkaAnswers(1)).toBe(false);
  });

  test('the registry answers, and keeps a schema', async () => {
    expect(await (await fetch(`${SCHEMA_REGISTRY_URL}/subjects`)).json()).toBeInstanceOf(Array);
    const subject = `tools-test-${process.pid}-value`;
    const registered = await fetch(`${SCHEMA_REGISTRY_URL}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: JSON.stringify({ type: 'record', name: 'Probe', fields: [{ name: 'id', type: 'long' }] }) }),
    });
    const { id } = (await registered.json()) as { id: number };
    const read = (await (await fetch(`${SCHEMA_REGISTRY_URL}/schemas/ids/${id}`)).json()) as { schema: string };
    expect(JSON.parse(read.schema)).toMatchObject({ name: 'Probe' });
    await fetch(`${SCHEMA_REGISTRY_URL}/subjects/${subject}`, { method: 'DELETE' });
  });

  test('Kafka’s own console clients work on it', async () => {
    const topic = `tools-test-${process.pid}`;
    const server = ['--bootstrap-server', KAFKA_BROKERS!];
    await kafkaTool('org.apache.kafka.tools.TopicCommand', [...server, '--create', '--topic', topic]);
    await kafkaTool('org.apache.kafka.tools.ConsoleProducer', [...server, '--topic', topic], { input: 'one\ntwo\n' });
    const read = await kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...server,
      ...['--topic', topic, '--from-beginning', '--max-messages', '2', '--timeout-ms', '20000', '--isolation-level', 'read_committed'],
    ]);
    expect(read).toBe('one\ntwo\n');
    await kafkaTool('org.apache.kafka.tools.TopicCommand', [...server, '--delete', '--topic', topic]);
  }, 90_000);

  test('a tool that fails says why', async () => {
    await expect(kafkaTool('org.apache.kafka.tools.TopicCommand', ['--nonsense'])).rejects.toThrow(/nonsense/);
  });
});
