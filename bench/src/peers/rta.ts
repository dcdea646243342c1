/** `rta run --until-end`, compiled: exactly once, changelog and output on, default settings. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNode } from '../child.js';
import type { Peer } from './peer.js';

const MAIN = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));
const SCHEMA = fileURLToPath(new URL('../../../schemas/user_score.avsc', import.meta.url));

export const rta: Peer = {
  name: 'rta',
  description: '`rta run --until-end`, exactly once (transactions, changelog and output on), default settings, one process on one core',
  takes: () => true,
  async run({ workload, input, id, directory, env, check }) {
    mkdirSync(join(directory, 'schemas'));
    copyFileSync(SCHEMA, join(directory, 'schemas/user_score.avsc'));
    writeFileSync(
      join(directory, 'rta.yaml'),
      `sources:\n  scores: { topic: ${input.topic}, key: user_id, schema: user_score, time: event_time_millis, lateness: 5s }\n`,
    );
    writeFileSync(join(directory, 'pipeline.yaml'), `pipeline: ${id}\nsource: scores\n${workload.steps}sink: { topic: ${id} }\n`);
    const { stdout, ...usage } = await runNode([MAIN, 'run', 'pipeline.yaml', '--until-end', '--json'], { cwd: directory, env });
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
