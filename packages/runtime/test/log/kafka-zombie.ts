/** A member in a process of its own, for a test to stop and let go on: brokers, group, input and output topic are its arguments. */
import { LogError } from '../../src/log/log.js';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import { batchesOf, nextOf } from './kafka-texts.js';

const [brokers, group, input, output] = process.argv.slice(2);
const log = await openKafkaLog({ brokers: [brokers] });
const member = await log.join({ group, topics: [input], transactionalId: `${group}-zombie`, sessionTimeoutMs: 2_000 });
const { epoch } = await nextOf(member, 'assigned');
const commit = (value: string, offset: number): Promise<unknown> =>
  member.commit({ epoch, outputs: batchesOf(output, 0, [value]), offsets: [{ topic: input, partition: 0, offset, metadata: '' }] });
await commit('before', 1);
process.stdout.write('committed\n');
// Long enough for the test to stop this process first.
await new Promise((resolve) => setTimeout(resolve, 500));
try {
  await commit('zombie', 5);
  process.stdout.write('done\n');
} catch (error) {
  process.stdout.write(`${error instanceof LogError ? error.code : String(error)}\n`);
}
await log.close();
await new Promise((resolve) => setTimeout(resolve, 50));
// Sockets and timers of ours must be gone by now; standard output is a pipe.
process.stdout.write(`${JSON.stringify(process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind)))}\n`);
