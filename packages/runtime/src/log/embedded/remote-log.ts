/** An embedded log that another process owns: everything but joining a group goes over its socket. */
import { type Socket, connect } from 'node:net';
import { parseBatches } from '../batch/batch-reader.js';
import type { RecordBatch } from '../batch/record-batch.js';
import {
  type CommitResult,
  type CommittedOffset,
  type GroupMemberDescription,
  type IdleCommit,
  type Log,
  LogError,
  type Member,
  type MemberOptions,
  type OutputBatch,
  type PartitionOffsets,
  type TopicDescription,
  type TopicPartition,
  type TopicSpec,
} from '../log.js';
import { type Frame, FrameReader, PROTOCOL, type WireError, encodeFrame } from './frames.js';
import type { WireOutput } from './server.js';

interface Pending {
  readonly op: string;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: LogError) => void;
}

/** Connects to the owner at `path`. Rejects with LogError `unreachable` when nobody answers within `timeoutMs`. */
export async function connectLog(dir: string, path: string, timeoutMs: number): Promise<RemoteLog> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opening = connect(path);
    const timer = setTimeout(() => opening.destroy(new Error('no answer')), timeoutMs);
    opening.once('error', (cause) => {
      clearTimeout(timer);
      reject(new LogError('unreachable', `the owner of the embedded log ${dir} does not answer: ${cause.message}`, true, { cause }));
    });
    opening.once('connect', () => {
      clearTimeout(timer);
      opening.removeAllListeners('error');
      resolve(opening);
    });
  });
  const log = new RemoteLog(dir, socket);
  await log.greet(timeoutMs);
  return log;
}

export class RemoteLog implements Log {
  readonly kind = 'embedded';
  /** Process id of the owner. */
  ownerPid = 0;
  private readonly reader = new FrameReader();
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private gone: LogError | null = null;

  constructor(
    private readonly dir: string,
    private readonly socket: Socket,
  ) {
    socket.on('data', (data: Buffer) => this.received(data));
    socket.on('error', (error) => this.lost(error.message));
    socket.on('close', () => this.lost('it has closed the connection'));
    // Waiting for an answer keeps the process alive, an idle connection does not.
    socket.unref();
  }

  /** @internal */
  async greet(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.lost('no answer'), timeoutMs);
    try {
      const { protocol, pid } = (await this.call('hello', [])) as { protocol: number; pid: number };
      this.ownerPid = pid;
      if (protocol !== PROTOCOL)
        throw new LogError('unsupported', `the embedded log ${this.dir} is run by process ${pid}, another version of rta`, false);
    } catch (error) {
      this.socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async topics(): Promise<readonly TopicDescription[]> {
    return (await this.call('topics', [])) as TopicDescription[];
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    await this.call('ensureTopics', [specs]);
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

  /** Always rejects with LogError `unsupported`. */
  async join(options: MemberOptions): Promise<Member> {
    throw new LogError(
      'unsupported',
      `group ${options.group} cannot be joined from here: the embedded log ${this.dir} is run by process ${this.ownerPid}, and only that ` +
        'process can run pipelines on it; stop it first, or use another directory',
      false,
    );
  }

  async groupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    return (await this.call('groupOffsets', [group, partitions])) as CommittedOffset[];
  }

  async groupMembers(group: string): Promise<readonly GroupMemberDescription[]> {
    return (await this.call('groupMembers', [group])) as GroupMemberDescription[];
  }

  async commitIdle({ outputs, ...request }: IdleCommit): Promise<CommitResult> {
    return this.write('commitIdle', [request, wireOutputs(outputs)], outputs);
  }

  async close(): Promise<void> {
    this.gone ??= new LogError('closed', 'the connection to the embedded log has been closed', false);
    this.fail();
    this.socket.destroy();
  }

  private async call(op: string, args: readonly unknown[]): Promise<unknown> {
    return ((await this.request(op, args, [])).head as { result?: unknown }).result;
  }

  private async write(op: string, args: readonly unknown[], outputs: readonly OutputBatch[]): Promise<CommitResult> {
    const frame = await this.request(
      op,
      args,
      outputs.map((output) => output.batch),
    );
    return (frame.head as { result: CommitResult }).result;
  }

  private request(op: string, args: readonly unknown[], body: readonly Uint8Array[]): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (this.gone !== null) {
        reject(this.gone);
        return;
      }
      const id = ++this.lastId;
      this.pending.set(id, { op, resolve, reject });
      this.socket.ref();
      for (const part of encodeFrame(id, { op, args }, body)) this.socket.write(part);
    });
  }

  private received(data: Buffer): void {
    let frames: Frame[];
    try {
      frames = this.reader.push(data);
    } catch (error) {
      this.lost((error as LogError).message);
      return;
    }
    for (const frame of frames) {
      const pending = this.pending.get(frame.id);
      this.pending.delete(frame.id);
      const failure = (frame.head as { error?: WireError }).error;
      if (failure === undefined) pending?.resolve(frame);
      else pending?.reject(new LogError(failure.code, failure.message, failure.retriable));
    }
    if (this.pending.size === 0) this.socket.unref();
  }

  private lost(why: string): void {
    this.gone ??= new LogError('unreachable', `the owner of the embedded log ${this.dir} (process ${this.ownerPid}) is gone: ${why}`, true);
    this.fail();
    this.socket.destroy();
  }

  private fail(): void {
    const error = this.gone!;
    for (const { op, reject } of this.pending.values()) {
      // Appended, or not: nobody can say.
      if (op === 'append' || op === 'commitIdle')
        reject(new LogError('unknown', `whether the records were written is not known: ${error.message}`, false, { cause: error }));
      else reject(error);
    }
    this.pending.clear();
  }
}

/** Of outputs, all but the bytes. */
function wireOutputs(outputs: readonly OutputBatch[]): WireOutput[] {
  return outputs.map(({ topic, partition, recordCount, batch }) => ({ topic, partition, recordCount, bytes: batch.length }));
}
