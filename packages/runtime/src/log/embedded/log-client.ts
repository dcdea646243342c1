/** The asking side of `requests.ts`: a log that another thread or process owns. Joining a group is not in it. */
import { parseBatches } from '../batch/batch-reader.js';
import type { RecordBatch } from '../batch/record-batch.js';
import type {
  CommitResult,
  CommittedOffset,
  GroupMemberDescription,
  IdleCommit,
  Log,
  Member,
  MemberOptions,
  OutputBatch,
  PartitionOffsets,
  TopicChange,
  TopicDescription,
  TopicPartition,
  TopicSpec,
} from '../log.js';
import type { WireOutput } from './requests.js';
import { wholeOutputs } from './whole-outputs.js';

/** What an answer consists of. */
export interface AnswerParts {
  readonly head: unknown;
  /** The batches of a read, one after another. */
  readonly body: Uint8Array;
}

export abstract class LogClient implements Log {
  readonly kind = 'embedded';

  abstract join(options: MemberOptions): Promise<Member>;
  abstract close(): Promise<void>;
  /** Sends a request and resolves to its answer. Rejects with LogError. */
  protected abstract request(op: string, args: readonly unknown[], body: readonly Uint8Array[]): Promise<AnswerParts>;

  async topics(): Promise<readonly TopicDescription[]> {
    return (await this.call('topics', [])) as TopicDescription[];
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    await this.call('ensureTopics', [specs]);
  }

  async configureTopics(changes: readonly TopicChange[]): Promise<void> {
    await this.call('configureTopics', [changes]);
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.call('deleteTopics', [names]);
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return (await this.call('offsets', [topic])) as PartitionOffsets[];
  }

  async *read(topic: string, partition: number, from: number, to: number): AsyncGenerator<RecordBatch, void, undefined> {
    // Bounded at the start, as the owner bounds it: a topic that goes on growing must not be read for ever.
    const known = (await this.offsets(topic)).find((offsets) => offsets.partition === partition);
    const end = known === undefined ? to : Math.min(to, known.stable);
    for (let position = from; ;) {
      const frame = await this.request('read', [topic, partition, position, Math.max(end, position)], []);
      for (const batch of parseBatches(frame.body, { exact: true, where: `${topic}-${partition}` })) yield batch;
      const { next, done } = (frame.head as { result: { next: number; done: boolean } }).result;
      if (done || next >= end) return;
      position = next;
    }
  }

  async append(outputs: readonly OutputBatch[]): Promise<CommitResult> {
    return this.write('append', [wireOutputs(outputs)], outputs);
  }

  async deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    await this.call('deleteRecords', [topic, partition, offset]);
  }

  async groupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    return (await this.call('groupOffsets', [group, partitions])) as CommittedOffset[];
  }

  async groupMembers(group: string): Promise<readonly GroupMemberDescription[]> {
    return (await this.call('groupMembers', [group])) as GroupMemberDescription[];
  }

  async commitIdle({ outputs, ...request }: IdleCommit): Promise<CommitResult> {
    const whole = await wholeOutputs(outputs);
    return this.write('commitIdle', [request, wireOutputs(whole)], whole);
  }

  private async write(op: string, args: readonly unknown[], outputs: readonly OutputBatch[]): Promise<CommitResult> {
    const batches = outputs.map((output) => output.batch);
    return ((await this.request(op, args, batches)).head as { result: CommitResult }).result;
  }

  protected async call(op: string, args: readonly unknown[]): Promise<unknown> {
    return ((await this.request(op, args, [])).head as { result?: unknown }).result;
  }
}

/** Outputs without their batches, which go in the body. */
export function wireOutputs(outputs: readonly OutputBatch[]): WireOutput[] {
  return outputs.map(({ topic, partition, recordCount, batch }) => ({ topic, partition, recordCount, bytes: batch.length }));
}
