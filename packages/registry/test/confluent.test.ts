import { startRegistry, available, type RegistryServer } from '@rta/tools';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { confluentRegistry } from '../src/confluent.js';
import { registryContract } from './contract.js';

/** The registry of the environment, or one started here. */
const given = process.env.SCHEMA_REGISTRY_URL;
const missing = given === undefined ? available().registry : given === '' ? ['it is set to nothing'] : [];
if (missing.length > 0)
  console.error(`NOT RUN: the contract of the Confluent registry. Set SCHEMA_REGISTRY_URL, or: ${missing.join('; ')}`);

let server: RegistryServer | null = null;
let url = given ?? '';
beforeAll(async () => {
  if (given !== undefined || missing.length > 0) return;
  server = await startRegistry();
  url = server.url;
}, 120_000);
afterAll(async () => {
  await server?.stop();
});

registryContract('Confluent API', async () => confluentRegistry({ url }), { skip: missing.length > 0 });

// One of its own, whatever the environment names: it is stopped.
const cannotStart = given === '' ? ['SCHEMA_REGISTRY_URL is set to nothing'] : available().registry;
if (cannotStart.length > 0) console.error(`NOT RUN: a registry that goes away. ${cannotStart.join('; ')}`);

describe.skipIf(cannotStart.length > 0)('a registry that goes away', () => {
  test('known ids go on, others are unavailable, never unknown', { timeout: 120_000 }, async () => {
    const leaving = await startRegistry();
    try {
      const registry = confluentRegistry({ url: leaving.url, retries: 1, retryMs: 20, timeoutMs: 2_000 });
      const id = await registry.register('going-value', { type: 'record', name: 'Going', fields: [] });
      expect(await registry.byId(id)).toMatchObject({ id });
      await leaving.stop();
      expect(await registry.byId(id)).toMatchObject({ id });
      await expect(registry.byId(id + 1)).rejects.toMatchObject({ name: 'RegistryUnavailable', code: 'unavailable', retriable: true });
      await expect(registry.latest('going-value')).rejects.toMatchObject({ code: 'unavailable' });
      await expect(registry.register('going-value', 'int')).rejects.toMatchObject({ code: 'unavailable' });
    } finally {
      await leaving.stop();
    }
  });
});
