/** `rta run --until-end`, compiled: exactly once, changelog and output on, default settings. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNode } from '../child.js';
import { SCHEMA_FILE } from '../scores-input.js';
import type { Peer } from './peer.js';

export const RTA_MAIN = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));

export const rta: Peer = {
  name: 'rta',
  description:
    '`rta run --until-end`, exactly once (transactions, changelog and output on), default settings, one process on one core, on all where its state is larger than memory',
  takes: () => true,
  targets: () => null,
  group: (id) => `rta.${id}`,
  async run({ workload, input, id, directory, env, check, live, signal }) {
    mkdirSync(join(directory, 'schemas'));
    copyFileSync(SCHEMA_FILE, join(directory, 'schemas/user_score.avsc'));
    const sources = input.topics.map(
      (topic, i) =>
        `  ${i === 0 ? 'scores' : 'others'}: { topic: ${topic}, key: user_id, schema: user_score, time: event_time_millis, lateness: 5s }\n`,
    );
    // The event times are past, and what is older than a broker's retention would be deleted.
    const topics = workload.result === 'stream' ? `topics:\n  ${id}: { partitions: ${input.partitions}, retention: 3650d }\n` : '';
    writeFileSync(join(directory, 'rta.yaml'), `sources:\n${sources.join('')}${topics}`);
    writeFileSync(join(directory, 'pipeline.yaml'), `pipeline: ${id}\nsource: scores\n${workload.steps}sink: { topic: ${id} }\n`);
    const end = live !== undefined ? [] : workload.closes === true ? ['--until-end', '--close'] : ['--until-end'];
    const { stdout, ...usage } = await runNode([RTA_MAIN, 'run', 'pipeline.yaml', ...end, '--json'], {
      cwd: directory,
      env,
      signal,
      until: live,
      allCores: workload.beyondMemory === true,
    });
    await check(id);
    return { ...usage, insideSeconds: durationMs(stdout) / 1000 };
  },
};

/** Of the summary, the last line. */
function durationMs(stdout: string): number {
  const { summary } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { summary?: { durationMs: number } };
  if (summary === undefined) throw new Error(`rta run has ended without a summary:\n${stdout}`);
  return summary.durationMs;
}
