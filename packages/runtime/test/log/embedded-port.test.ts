/** An embedded log as the worker threads of its process have it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { ownEmbeddedLog } from '../../src/log/embedded/open.js';
import { PortLog } from '../../src/log/embedded/port-log.js';
import { serveLogPort } from '../../src/log/embedded/port-server.js';
import { logContract } from './contract.js';
import { codeOf, outputs } from './outputs.js';
import { TestWorker } from './test-worker.js';

async function open(dir: string): Promise<{ readonly log: PortLog; readonly close: () => Promise<void> }> {
  const owner = await ownEmbeddedLog(dir);
  const { port1, port2 } = new MessageChannel();
  serveLogPort(owner, port1);
  const log = new PortLog(port2);
  const close = async (): Promise<void> => {
    await log.close();
    await owner.close();
  };
  return { log, close };
}

logContract('embedded, through a port', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rta-log-'));
  let opened = await open(dir);
  return {
    log: opened.log,
    cleanup: async () => {
      await opened.close();
      rmSync(dir, { recursive: true, force: true });
    },
    reopen: async () => {
      await opened.close();
      opened = await open(dir);
      return opened.log;
    },
  };
});

it('takes a thread that is gone out of its groups', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rta-log-'));
  const owner = await ownEmbeddedLog(dir);
  await owner.ensureTopics([{ name: 't', partitions: 2 }]);
  const { port1, port2 } = new MessageChannel();
  serveLogPort(owner, port1);
  const log = new PortLog(port2);
  const thread = new TestWorker(log, await log.join({ group: 'g', topics: ['t'], transactionalId: 'thread' }), 10_000);
  await thread.until(() => thread.assigned.length === 2);
  const other = new TestWorker(owner, await owner.join({ group: 'g', topics: ['t'], transactionalId: 'other' }), 10_000);
  await TestWorker.all([thread, other], () => thread.assigned.length === 1 && other.assigned.length === 1);
  await log.close();
  expect(await codeOf(thread.member.commit({ epoch: thread.epoch, outputs: outputs('t', 0, ['late']), offsets: [] }))).toBe('closed');
  await other.until(() => other.assigned.length === 2);
  await owner.close();
  rmSync(dir, { recursive: true, force: true });
});
