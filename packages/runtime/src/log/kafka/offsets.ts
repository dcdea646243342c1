import { LogError } from '../log.js';

/** An offset as KafkaJS decodes it (text). Throws LogError `unsupported` beyond 2^53, where a number would not be exact. */
export function toOffset(text: string): number {
  const offset = Number(text);
  if (!Number.isSafeInteger(offset)) throw new LogError('unsupported', `offset ${text} is beyond 2^53`, false);
  return offset;
}

/** By topic, as requests want partitions. */
export function byTopic<T extends { readonly topic: string }, P>(
  items: readonly T[],
  part: (item: T) => P,
): { readonly topic: string; readonly partitions: P[] }[] {
  const topics = new Map<string, P[]>();
  for (const item of items) {
    const partitions = topics.get(item.topic);
    if (partitions === undefined) topics.set(item.topic, [part(item)]);
    else partitions.push(part(item));
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
