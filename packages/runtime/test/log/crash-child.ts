/**
 * Commits in a loop until it is killed: `node … crash-child.ts <dir>`. Commit i writes i to a-0 and b-0, i's digits times "i" to a-1, and
 * the group's offset i; at the same time numbers are appended to c-0. Each is printed once it is acknowledged.
 */
import { writeSync } from 'node:fs';
import { ownEmbeddedLog } from '../../src/log/embedded/open.js';
import { collect } from './test-worker.js';
import { outputs } from './outputs.js';

const log = await ownEmbeddedLog(process.argv[2]);
await log.ensureTopics([
  { name: 'a', partitions: 2 },
  { name: 'b', partitions: 1 },
  { name: 'c', partitions: 1, config: { 'cleanup.policy': 'compact' } },
  { name: 'source', partitions: 1 },
]);
const member = await log.join({ group: 'g', topics: ['source'], transactionalId: 'tx' });
const event = await member.next(10_000);
if (event?.type !== 'assigned') throw new Error('not assigned');
const { epoch } = event;
const [committed] = await member.committed([{ topic: 'source', partition: 0 }]);
const appended = Number((await collect(log, 'c', 0)).at(-1)?.value ?? 0);
writeSync(1, 'ready\n');

async function commits(): Promise<void> {
  for (let i = (committed.offset ?? 0) + 1; ; i++) {
    const repeated = Array.from({ length: `${i}`.length }, () => `${i}`);
    await member.commit({
      epoch,
      outputs: [
        ...outputs('a', 0, [`${i}`]),
        ...outputs('a', 1, repeated),
        ...outputs('b', 0, [{ value: `${i}`, key: 'x'.repeat(i % 3000) }]),
      ],
      offsets: [{ topic: 'source', partition: 0, offset: i, metadata: `m${i}` }],
    });
    writeSync(1, `commit ${i}\n`);
  }
}

async function appends(): Promise<void> {
  for (let i = appended + 1; ; i++) {
    await log.append(outputs('c', 0, [{ key: `${i % 7}`, value: `${i}` }]));
    writeSync(1, `append ${i}\n`);
  }
}

await Promise.all([commits(), appends()]);
