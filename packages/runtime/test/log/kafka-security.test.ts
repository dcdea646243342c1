/** TLS and SASL, against a broker that insists on both. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findJava, freePort, type KafkaBroker, startKafka } from '@rta/tools';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import type { KafkaLogOptions } from '../../src/log/kafka/options.js';
import { uniqueName, withoutKafka } from './kafka-broker.js';
import { batchesOf, nextOf, valuesOf } from './kafka-texts.js';

describe.skipIf(withoutKafka)('Kafka with TLS and SASL', { timeout: 60_000 }, () => {
  let dir: string;
  let broker: KafkaBroker | undefined;
  let options: KafkaLogOptions;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'rta-tls-'));
    const keystore = join(dir, 'broker.p12');
    const keytool = join(dirname(findJava(17)!.command), 'keytool');
    const store = ['-keystore', keystore, '-storepass', 'changeit', '-storetype', 'PKCS12', '-alias', 'broker'];
    const names = ['-dname', 'CN=localhost', '-ext', 'SAN=IP:127.0.0.1', '-validity', '2'];
    execFileSync(keytool, ['-genkeypair', '-keyalg', 'EC', ...names, ...store], { stdio: 'ignore' });
    execFileSync(keytool, ['-exportcert', '-rfc', '-file', join(dir, 'broker.pem'), ...store], { stdio: 'ignore' });
    const [plain, secure, controller] = [await freePort(), await freePort(), await freePort()];
    broker = await startKafka({
      port: plain,
      heap: '512m',
      properties: {
        listeners: `PLAINTEXT://127.0.0.1:${plain},SECURE://127.0.0.1:${secure},CONTROLLER://127.0.0.1:${controller}`,
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${plain},SECURE://127.0.0.1:${secure}`,
        'controller.quorum.voters': `1@127.0.0.1:${controller}`,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT',
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.secure.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="wonderland";',
        'ssl.keystore.type': 'PKCS12',
        'ssl.keystore.location': keystore,
        'ssl.keystore.password': 'changeit',
      },
    });
    options = {
      brokers: [`127.0.0.1:${secure}`],
      ssl: { ca: readFileSync(join(dir, 'broker.pem'), 'utf8') },
      sasl: { mechanism: 'plain', username: 'alice', password: 'wonderland' },
      retryMs: 5_000,
    };
  }, 60_000);

  afterAll(async () => {
    await broker?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('everything goes through it', async () => {
    const log = await openKafkaLog(options);
    const topic = uniqueName('t');
    await log.ensureTopics([{ name: topic, partitions: 1 }]);
    await log.append(batchesOf(topic, 0, ['a']));
    const member = await log.join({ group: uniqueName('g'), topics: [topic], transactionalId: uniqueName('tx') });
    const { epoch } = await nextOf(member, 'assigned');
    await member.commit({ epoch, outputs: batchesOf(topic, 0, ['b']), offsets: [{ topic, partition: 0, offset: 1, metadata: '' }] });
    expect(await valuesOf(log, topic, 0)).toEqual(['a', 'b']);
    await log.close();
  });

  test('a wrong password is named as the reason, at once, and is not repeated in it', async () => {
    const begun = performance.now();
    const opening = openKafkaLog({ ...options, sasl: { mechanism: 'plain', username: 'alice', password: 'looking-glass' } });
    const error = await opening.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining('refuses the credentials') });
    expect(error?.message).not.toContain('looking-glass');
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  test('a certificate that nobody vouches for is refused', async () => {
    await expect(openKafkaLog({ ...options, ssl: true, retryMs: 500 })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/certificate/i),
    });
  });
});
