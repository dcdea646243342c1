/** Events of the shop for tests. */
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { BatchBuilder, openEmbeddedLog } from '@rta/runtime';

export interface RawEvent {
  /** ms since the epoch */
  readonly time: number;
  readonly event: Readonly<Record<string, unknown>>;
}

/** Writes them to the source topic of the embedded log in `dir` (as `--dir` names it), made with one partition where there is none. */
export async function appendRawEvents(dir: string, events: readonly RawEvent[]): Promise<void> {
  const log = await openEmbeddedLog(join(dir, 'log'));
  try {
    await log.ensureTopics([{ name: 'raw-events', partitions: 1 }]);
    const builder = new BatchBuilder('raw-events', 0, 100_000);
    for (const { time, event } of events) {
      const value = Buffer.from(JSON.stringify(event));
      builder.append(time, null, 0, 0, value, 0, value.length, null);
    }
    await log.append(builder.take());
  } finally {
    await log.close();
  }
}
