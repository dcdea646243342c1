/** A worker thread's side of `port-messages.ts`: the embedded log that the main thread owns, groups included. */
import type { MessagePort } from 'node:worker_threads';
import { parseBatches } from '../batch/batch-reader.js';
import {
  type CommitRequest,
  type CommitResult,
  type CommittedOffset,
  type HeldState,
  LogError,
  type Member,
  type MemberEvent,
  type MemberOptions,
  type TopicPartition,
  tpKey,
} from '../log.js';
import { type AnswerParts, LogClient, wireOutputs } from './log-client.js';
import { joined, type PortAnswer, type PortRequest, type ReachedTime, type WireEvent } from './port-messages.js';

interface Pending {
  readonly op: string;
  readonly resolve: (parts: AnswerParts) => void;
  readonly reject: (error: LogError) => void;
}

/** The log behind a port that `serveLogPort` serves. Closing it closes the port. */
export class PortLog extends LogClient {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private gone: LogError | null = null;

  constructor(private readonly port: MessagePort) {
    super();
    port.on('message', (answer: PortAnswer) => this.received(answer));
    port.on('close', () => this.lost(new LogError('unreachable', 'the thread that owns the embedded log is gone', false)));
  }

  /** Functions do not go to another thread: the times that are asked of one go along with each `next`. */
  async join({ timeReached, ...options }: MemberOptions): Promise<Member> {
    return new PortMember(this, (await this.call('join', [options, timeReached !== undefined])) as number, timeReached);
  }

  async close(): Promise<void> {
    this.lost(new LogError('closed', 'the connection to the embedded log has been closed', false));
    this.port.close();
  }

  /** @internal */
  request(op: string, args: readonly unknown[], body: readonly Uint8Array[]): Promise<AnswerParts> {
    return new Promise((resolve, reject) => {
      if (this.gone !== null) {
        reject(this.gone);
        return;
      }
      const id = ++this.lastId;
      this.pending.set(id, { op, resolve, reject });
      this.post({ id, op, args, body: joined(body) });
    });
  }

  /** Sends what has no answer. @internal */
  tell(op: string, args: readonly unknown[]): void {
    if (this.gone === null) this.post({ id: 0, op, args, body: joined([]) });
  }

  private post(request: PortRequest): void {
    this.port.postMessage(request, [request.body.buffer]);
  }

  private received({ id, result, error, body }: PortAnswer): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    if (error === undefined) pending?.resolve({ head: { result }, body });
    else pending?.reject(new LogError(error.code, error.message, error.retriable));
  }

  private lost(error: LogError): void {
    this.gone ??= error;
    for (const { op, reject } of this.pending.values())
      reject(
        op === 'append' || op === 'commit' || op === 'commitIdle'
          ? new LogError('unknown', `whether the records were written is not known: ${error.message}`, false)
          : error,
      );
    this.pending.clear();
  }
}

class PortMember implements Member {
  /** Of what was started, as the owner knows it. */
  private readonly times = new Map<string, ReachedTime>();

  constructor(
    private readonly log: PortLog,
    private readonly id: number,
    private readonly timeReached: MemberOptions['timeReached'],
  ) {}

  async next(timeoutMs: number): Promise<MemberEvent | null> {
    const { head, body } = await this.log.request('next', [this.id, timeoutMs, this.news()], []);
    const event = (head as { result: WireEvent | null }).result;
    if (event?.type === 'failed')
      return { type: 'failed', error: new LogError(event.error.code, event.error.message, event.error.retriable) };
    if (event?.type === 'assigned') this.times.clear();
    if (event?.type !== 'records') return event;
    // Their CRCs were checked when they were read.
    const batches = [...parseBatches(body, { exact: true, verifyCrc: false, where: `${event.topic}-${event.partition}` })];
    return { ...event, batches };
  }

  /** Times that are others than the owner knows. */
  private news(): ReachedTime[] {
    const { timeReached } = this;
    if (timeReached === undefined) return [];
    const news: ReachedTime[] = [];
    for (const [key, { topic, partition, time }] of this.times) {
      const now = timeReached(topic, partition);
      if (now === time) continue;
      this.times.set(key, { topic, partition, time: now });
      news.push({ topic, partition, time: now });
    }
    return news;
  }

  start(topic: string, partition: number, offset: number): void {
    this.times.set(tpKey(topic, partition), { topic, partition, time: -Infinity });
    this.log.tell('start', [this.id, topic, partition, offset]);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.log.tell('pause', [this.id, partitions]);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.log.tell('resume', [this.id, partitions]);
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    return (await this.ask('committed', [this.id, partitions], [])) as CommittedOffset[];
  }

  async commit({ epoch, outputs, offsets }: CommitRequest): Promise<CommitResult> {
    const batches = outputs.map((output) => output.batch);
    return (await this.ask('commit', [this.id, epoch, wireOutputs(outputs), offsets], batches)) as CommitResult;
  }

  holds(held: readonly HeldState[]): void {
    this.log.tell('holds', [this.id, held]);
  }

  async leave(): Promise<void> {
    await this.ask('leave', [this.id], []).catch(() => undefined);
  }

  private async ask(op: string, args: readonly unknown[], body: readonly Uint8Array[]): Promise<unknown> {
    return ((await this.log.request(op, args, body)).head as { result: unknown }).result;
  }
}
