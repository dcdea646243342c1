/** Source partitions that are read up to a limit, which may move: beside another version of the pipeline, and never past it. */
import { tpKey, type Member, type MemberEvent } from '../log/log.js';
import type { HeldPartitions } from './held-partitions.js';
import type { Task } from './task.js';
import { topicOf } from './unread.js';

/** Offset of a source partition from which nothing is read; Infinity: there is no limit. Moves forward only. */
export type SourceLimit = (topic: string, partition: number) => number;

type Records = Extract<MemberEvent, { readonly type: 'records' }>;

export class SourceLimits {
  /** Partitions that wait at their limit. */
  private readonly waiting = new Map<string, { readonly topic: string; readonly partition: number }>();

  constructor(
    private readonly limit: SourceLimit | undefined,
    private readonly held: HeldPartitions,
  ) {}

  /**
   * What of fetched records is below the limit: whole batches, so that the position stays one of the other version's. The rest is fetched
   * again when the limit has moved; until then the partition counts as read to its end.
   */
  below(member: Member, event: Records, task: Task): Records | null {
    if (this.limit === undefined || !isSource(task, event.topic)) return event;
    const key = tpKey(event.topic, event.partition);
    if (this.waiting.has(key)) return null;
    const limit = this.limit(event.topic, event.partition);
    const cut = event.batches.findIndex(({ lastOffset }) => lastOffset >= limit);
    if (cut < 0) return { ...event, nextOffset: Math.min(event.nextOffset, limit), stable: Math.min(event.stable, limit) };
    const { topic, partition } = event;
    this.waiting.set(key, { topic, partition });
    this.held.hold(member, { topic, partition }, 'limit');
    const end = Math.min(limit, event.batches[cut].baseOffset);
    return { ...event, batches: event.batches.slice(0, cut), nextOffset: end, stable: 0 };
  }

  /** Goes on reading where a limit has moved. Call after each event. */
  advance(member: Member, byInput: ReadonlyMap<string, Task>): void {
    for (const [key, { topic, partition }] of this.waiting) {
      const position = byInput.get(key)?.positionOf(topicOf(key));
      if (position === undefined || this.limit === undefined || this.limit(topic, partition) <= position) continue;
      this.waiting.delete(key);
      member.start(topic, partition, position);
      this.held.release(member, { topic, partition }, 'limit');
    }
  }

  /** The assignment is over. */
  clear(): void {
    this.waiting.clear();
  }
}

function isSource({ stage }: Task, topic: string): boolean {
  return stage.inputs.some((input) => input.kind === 'source' && input.topic === topic);
}
