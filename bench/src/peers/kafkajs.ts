/** Plain KafkaJS that does nothing with what it reads: the ceiling of everything that is built on its consumer. */
import { fileURLToPath } from 'node:url';
import { runNode } from '../child.js';
import type { Peer } from './peer.js';

const PROCESS = fileURLToPath(new URL('../../dist/peers/kafkajs-process.js', import.meta.url));

export const kafkajs: Peer = {
  name: 'KafkaJS, doing nothing',
  description: 'KafkaJS 2.2.4 `eachBatch` with an empty body: at least once, no state, no output; fetches of up to 8 MiB a partition',
  // The same for all: once is enough.
  takes: (workload) => workload.name === 'top',
  targets: () => null,
  group: (id) => id,
  async run({ input, id, env, signal }) {
    const { stdout, ...usage } = await runNode([PROCESS, env.KAFKA_BROKERS, input.topics[0], id, String(input.records)], { signal });
    const { seconds } = JSON.parse(stdout) as { seconds: number };
    return { ...usage, insideSeconds: seconds };
  },
};
