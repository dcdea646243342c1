/** The owner's side of `port-messages.ts`: an embedded log served to one worker thread, groups included. */
import type { MessagePort } from 'node:worker_threads';
import {
  type CommitRequest,
  type HeldState,
  type Log,
  LogError,
  type Member,
  type MemberEvent,
  type MemberOptions,
  type TopicPartition,
  tpKey,
} from '../log.js';
import { bytesOf, joined, type PortAnswer, type PortRequest, type ReachedTime, type WireEvent } from './port-messages.js';
import { type ServedLog, type WireOutput, outputsOf, perform, wireError } from './requests.js';

/** Serves until the port is closed by either side; the thread's members leave then. @param log an embedded one, of which this process is the owner */
export function serveLogPort(log: Log, port: MessagePort): void {
  const thread = new ServedThread(log);
  port.on('message', (request: PortRequest) => {
    void thread.answer(request).then((answer) => {
      if (answer !== null) port.postMessage(answer, [answer.body.buffer]);
    });
  });
  port.on('close', () => void thread.leaveAll());
}

interface Answer {
  readonly result: unknown;
  readonly body?: readonly Uint8Array[];
}

const NOTHING: Answer = { result: null };

class ServedThread {
  private readonly members = new Map<number, Member>();
  /** Event times that they have reached, by partition. */
  private readonly times = new Map<number, Map<string, number>>();
  private lastMember = 0;

  constructor(private readonly log: Log) {}

  /** Null where none is expected. */
  async answer({ id, op, args, body }: PortRequest): Promise<PortAnswer | null> {
    try {
      const answer = await this.perform(op, args, body);
      return id === 0 ? null : { id, result: answer.result, body: joined(answer.body ?? []) };
    } catch (error) {
      return id === 0 ? null : { id, error: wireError(error), body: joined([]) };
    }
  }

  async leaveAll(): Promise<void> {
    const members = [...this.members.values()];
    this.members.clear();
    for (const member of members) await member.leave().catch(() => undefined);
  }

  private async perform(op: string, args: readonly unknown[], body: Uint8Array): Promise<Answer> {
    switch (op) {
      case 'join': {
        const [options, tellsTimes] = args as [MemberOptions, boolean];
        const times = new Map<string, number>();
        const timeReached = (topic: string, partition: number): number => times.get(tpKey(topic, partition)) ?? -Infinity;
        const member = await this.log.join({ ...options, ...(tellsTimes ? { timeReached } : {}) });
        this.members.set(++this.lastMember, member);
        this.times.set(this.lastMember, times);
        return { result: this.lastMember };
      }
      case 'next': {
        const [id, timeoutMs, news] = args as [number, number, readonly ReachedTime[]];
        for (const { topic, partition, time } of news) this.times.get(id)?.set(tpKey(topic, partition), time);
        return eventAnswer(await this.member(args).next(timeoutMs));
      }
      case 'start':
        this.member(args).start(args[1] as string, args[2] as number, args[3] as number);
        return NOTHING;
      case 'pause':
        this.member(args).pause(args[1] as TopicPartition[]);
        return NOTHING;
      case 'resume':
        this.member(args).resume(args[1] as TopicPartition[]);
        return NOTHING;
      case 'holds':
        this.member(args).holds(args[1] as HeldState[]);
        return NOTHING;
      case 'committed':
        return { result: await this.member(args).committed(args[1] as TopicPartition[]) };
      case 'commit': {
        const [, epoch, outputs, offsets] = args as [number, number, WireOutput[], CommitRequest['offsets']];
        return { result: await this.member(args).commit({ epoch, outputs: outputsOf(outputs, body), offsets }) };
      }
      case 'leave': {
        const member = this.member(args);
        this.members.delete(args[0] as number);
        this.times.delete(args[0] as number);
        await member.leave();
        return NOTHING;
      }
      default:
        // Batches of an embedded log are whole, as they were appended.
        return perform(this.log as ServedLog, op, [...args], body);
    }
  }

  private member([id]: readonly unknown[]): Member {
    const member = this.members.get(id as number);
    if (member === undefined) throw new LogError('closed', 'the member has left its group', false);
    return member;
  }
}

function eventAnswer(event: MemberEvent | null): Answer {
  if (event?.type === 'failed') return { result: { type: 'failed', error: wireError(event.error) } satisfies WireEvent };
  if (event?.type !== 'records') return { result: event };
  const { batches, ...rest } = event;
  return { result: rest satisfies WireEvent, body: bytesOf(batches as readonly unknown[] as Parameters<typeof bytesOf>[0]) };
}
