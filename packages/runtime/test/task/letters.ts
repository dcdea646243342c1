/** What stands in a topic of dead letters. */
import { Buffer } from 'node:buffer';
import { records } from '../../src/log/batch/records.js';
import type { Log } from '../../src/log/log.js';

export interface Letter {
  readonly key: string;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Partition by partition. */
export async function lettersOf(log: Log, topic: string): Promise<Letter[]> {
  const letters: Letter[] = [];
  for (const { partition, low, high } of await log.offsets(topic))
    for await (const batch of log.read(topic, partition, low, high))
      for (const { key, value, headers } of records(batch, low))
        letters.push({
          key: Buffer.from(key ?? []).toString(),
          value: value === null ? null : Buffer.from(value),
          headers: Object.fromEntries(headers.map((h) => [h.key, Buffer.from(h.value ?? []).toString()])),
        });
  return letters;
}
