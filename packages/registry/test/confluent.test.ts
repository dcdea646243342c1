import { startRegistry, available, type RegistryServer } from '@rta/tools';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { confluentRegistry } from '../src/confluent.js';
import { registryContract } from './contract.js';

/** The registry of the environment, or one started here. */
const given = process.env.SCHEMA_REGISTRY_URL;
const missing = given === undefined ? available().registry : [];
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

describe.skipIf(missing.length > 0)('a registry that goes away', () => {
  test.skipIf(given !== undefined)('known ids go on, others are unavailable, never unknown', { timeout: 60_000 }, async () => {
    const registry = confluentRegistry({ url, retries: 1, retryMs: 20, timeoutMs: 2_000 });
    const id = await registry.register('going-value', { type: 'record', name: 'Going', fields: [] });
    expect(await registry.byId(id)).toMatchObject({ id });
    await server!.stop();
    expect(await registry.byId(id)).toMatchObject({ id });
    await expect(registry.byId(id + 1)).rejects.toMatchObject({ name: 'RegistryUnavailable', code: 'unavailable', retriable: true });
    await expect(registry.latest('going-value')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(registry.register('going-value', 'int')).rejects.toMatchObject({ code: 'unavailable' });
  });
});
