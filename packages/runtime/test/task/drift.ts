/** `maxDrift`, watched from outside: partitions that are unevenly full, and how far apart they are when their records are handed out. */
import { Buffer } from 'node:buffer';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { tpKey, type Log, type Member, type MemberEvent } from '../../src/log/log.js';
import { overlay } from '../overlay.js';
import { encodeScore } from './project.js';

export const START = Date.UTC(2026, 0, 1);

/** A draw of [0, n) from a seed. */
export function drawing(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

export interface UnevenPartition {
  /** Event time of each record, ms, by offset. */
  readonly times: readonly number[];
}

/** Writes records of about 1 KB, some in a batch, so that a partition takes many fetches. */
export async function writeUneven(log: Log, topic: string, partitions: readonly UnevenPartition[], schemaId: number): Promise<void> {
  const filler = 'x'.repeat(1000);
  for (const [partition, { times }] of partitions.entries()) {
    const builder = new BatchBuilder(topic, partition, 8_000);
    for (const [offset, time] of times.entries()) {
      const user = `u${String(offset % 7)}`;
      const value = encodeScore(
        Object.assign(
          { user_id: user, team_id: `t${String(partition)}`, team_name: 'T', score: offset % 13, event_time_millis: time },
          { readable_time: filler },
        ),
        schemaId,
      );
      builder.append(time, Buffer.from(user), 0, user.length, value, 0, value.length, null);
    }
    const outputs = builder.take();
    if (outputs.length > 0) await log.append(outputs);
  }
}

/**
 * A log that notes what its members are given. `greatest` is how far a partition that records were handed out of was ahead of the slowest
 * partition that was not read to its end, ms, before those records: at most `maxDrift`, whatever a fetch brings.
 */
export class DriftWatch {
  greatest = -Infinity;
  /** Records handed out again after restarts, too. */
  handedOut = 0;
  private readonly positions = new Map<string, number>();
  /** Greatest time of the records below each offset. */
  private readonly maxima = new Map<string, Float64Array>();

  constructor(
    private readonly topic: string,
    private readonly partitions: readonly UnevenPartition[],
  ) {
    for (const [partition, { times }] of partitions.entries()) {
      const maxima = new Float64Array(times.length + 1).fill(-Infinity);
      for (const [i, time] of times.entries()) maxima[i + 1] = Math.max(maxima[i], time);
      this.maxima.set(tpKey(topic, partition), maxima);
      this.positions.set(tpKey(topic, partition), 0);
    }
  }

  watch(log: Log): Log {
    return overlay(log, {
      join: async (options: Parameters<Log['join']>[0]): Promise<Member> => {
        const member = await log.join(options);
        return overlay(member, {
          start: (topic: string, partition: number, offset: number): void => {
            if (topic === this.topic) this.positions.set(tpKey(topic, partition), offset);
            member.start(topic, partition, offset);
          },
          next: async (timeoutMs: number): Promise<MemberEvent | null> => {
            const event = await member.next(timeoutMs);
            if (event?.type === 'records' && event.topic === this.topic) this.given(event.partition, event.nextOffset);
            return event;
          },
        });
      },
    });
  }

  private given(partition: number, nextOffset: number): void {
    const key = tpKey(this.topic, partition);
    const from = this.positions.get(key) ?? 0;
    const to = Math.min(nextOffset, this.partitions[partition].times.length);
    if (to > from) {
      const ahead = this.time(key) - this.slowest();
      // Before the first record it is not ahead of anything.
      if (Number.isFinite(ahead)) this.greatest = Math.max(this.greatest, ahead);
      else if (ahead > 0) this.greatest = Infinity;
      this.handedOut += to - from;
    }
    this.positions.set(key, to);
  }

  private time(key: string): number {
    return this.maxima.get(key)?.[this.positions.get(key) ?? 0] ?? -Infinity;
  }

  private slowest(): number {
    let slowest = Infinity;
    for (const [key, position] of this.positions)
      if (position + 1 < (this.maxima.get(key)?.length ?? 0)) slowest = Math.min(slowest, this.time(key));
    return slowest;
  }
}
