/** A signal while nothing has been begun: no command waits for brokers that are not there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rta, spawnRta } from '../support/cli.js';

describe('a signal while no broker answers', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rta-signals-'));
  let brokers = '';
  beforeAll(async () => {
    // A port that was free a moment ago: nobody listens there.
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    brokers = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    await new Promise((resolve) => server.close(resolve));
    await rta(['init', '.'], { cwd: directory });
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(['run', 'worker', 'lag', 'tail top-players'])('rta %s ends at once, with 130', { timeout: 60_000 }, async (command) => {
    const args = [...command.split(' '), '--brokers', brokers, '--registry', 'http://127.0.0.1:9'];
    const running = spawnRta(args, { cwd: directory, env: { KAFKA_BROKERS: '', SCHEMA_REGISTRY_URL: '' } });
    // It says so when it has asked for the first time.
    await new Promise<void>((resolve) => {
      running.child.stderr!.on('data', (text) => {
        if (String(text).includes('does not answer')) resolve();
      });
    });
    const asked = performance.now();
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringContaining('error interrupted: no broker had answered yet') });
  });
});
