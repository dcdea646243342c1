import type { Log } from './log.js';

/** Whether there are records in offsets `[from, end)` of a partition, and not markers of transactions alone, for which nobody commits. */
export async function holdsRecords(log: Log, topic: string, partition: number, from: number, end: number): Promise<boolean> {
  if (from >= end) return false;
  for await (const batch of log.read(topic, partition, from, end)) if (batch.recordCount > 0 && batch.lastOffset >= from) return true;
  return false;
}
