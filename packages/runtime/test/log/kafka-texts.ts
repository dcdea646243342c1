/** Records whose key and value are texts, and waiting for what a member says. */
import type { Log, Member, MemberEvent, OutputBatch } from '../../src/log/log.js';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { records } from '../../src/log/batch/records.js';

/** Batches of records whose key and value are the given texts; null is a null value. */
export function batchesOf(topic: string, partition: number, values: readonly (string | null)[], maxBatchBytes?: number): OutputBatch[] {
  const builder = new BatchBuilder(topic, partition, maxBatchBytes);
  for (const text of values) {
    const value = text === null ? null : Buffer.from(text);
    const key = Buffer.from(text ?? 'null');
    builder.append(Date.now(), key, 0, key.length, value, 0, value?.length ?? 0, null);
  }
  return builder.take();
}

/** Values of the committed records of a partition, from `from` on. */
export async function valuesOf(log: Log, topic: string, partition: number, from = 0, to = Infinity): Promise<string[]> {
  const values: string[] = [];
  for await (const batch of log.read(topic, partition, from, to))
    for (const record of records(batch, from)) if (record.offset < to) values.push(Buffer.from(record.value ?? []).toString());
  return values;
}

/** The next event of that type; others before it are dropped. Fails after `timeoutMs`. */
export async function nextOf<T extends MemberEvent['type']>(
  member: Member,
  type: T,
  timeoutMs = 20_000,
): Promise<Extract<MemberEvent, { type: T }>> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const event = await member.next(200);
    if (event === null) continue;
    if (event.type === type) return event as Extract<MemberEvent, { type: T }>;
    if (event.type === 'failed') throw event.error;
  }
  throw new Error(`no ${type} within ${timeoutMs} ms`);
}

/** Reads until `count` records have come, from the partitions already started. */
export async function take(member: Member, count: number, timeoutMs = 20_000): Promise<string[]> {
  const values: string[] = [];
  const end = performance.now() + timeoutMs;
  while (values.length < count) {
    if (performance.now() > end) throw new Error(`only ${values.length} of ${count} records within ${timeoutMs} ms`);
    const event = await member.next(200);
    if (event?.type === 'failed') throw event.error;
    if (event?.type === 'records')
      for (const batch of event.batches) for (const record of records(batch)) values.push(Buffer.from(record.value ?? []).toString());
  }
  return values;
}
