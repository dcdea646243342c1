/** Things for commands to look at. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BatchBuilder, type Log } from '@rta/runtime';
import { ROOT, temporaryDirectory } from './cli.js';

/** A directory with one pipeline of this repository as a project. */
export function temporaryProject(): string {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'pipelines'));
  mkdirSync(join(directory, 'schemas'));
  for (const [from, to] of [
    ['pipelines/leaderboards/top-teams.yaml', 'pipelines/top-teams.yaml'],
    ['pipelines/rta.yaml', 'rta.yaml'],
    ['schemas/user_score.avsc', 'schemas/user_score.avsc'],
  ])
    copyFileSync(join(ROOT, from), join(directory, to));
  return directory;
}

export interface Written {
  readonly partition: number;
  readonly time: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Appends records one by one, each in a batch of its own. */
export async function write(log: Log, topic: string, written: readonly Written[]): Promise<void> {
  for (const { partition, time, key, value } of written) {
    const builder = new BatchBuilder(topic, partition);
    builder.append(time, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, null);
    await log.append(builder.take());
  }
}
