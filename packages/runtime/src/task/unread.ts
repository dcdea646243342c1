/** What is known to be in the inputs of a worker and not read yet. */
import type { HeldPartitions } from './held-partitions.js';
import type { Task } from './task.js';

/** Records in an input partition from which commits are made rarely. */
const LAGGING = 50_000;

/** @param key `topic-partition` */
export function topicOf(key: string): string {
  return key.slice(0, key.lastIndexOf('-'));
}

/** Whether some input is so far behind that latency does not count. @param stable last stable offsets as fetched, by partition */
export function isLagging(byInput: ReadonlyMap<string, Task>, stable: ReadonlyMap<string, number>): boolean {
  for (const [key, task] of byInput) if ((stable.get(key) ?? 0) - task.positionOf(topicOf(key)) > LAGGING) return true;
  return false;
}

/** Whether some input has records that nothing holds back. */
export function hasUnread(byInput: ReadonlyMap<string, Task>, stable: ReadonlyMap<string, number>, held: HeldPartitions): boolean {
  for (const [key, task] of byInput) if ((stable.get(key) ?? 0) > task.positionOf(topicOf(key)) && !held.has(key)) return true;
  return false;
}
