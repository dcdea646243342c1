/** One member of a group: what is assigned to it, the batches fetched ahead for it, and its commits. */
import { messageOf } from '@rta/dsl/message-of';
import type { RecordBatch } from '../batch/record-batch.js';
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
import type { Group } from './group.js';
import type { Partition } from './partition.js';
import { type Database, PartitionReader } from './partition-reader.js';

const DEFAULT_BUFFER_BYTES = 8 * 1024 * 1024;
const MIN_CHUNK_BYTES = 64 * 1024;
const MAX_CHUNK_BYTES = 1024 * 1024;
/** Every so many chunks, the next partition is handed over, whatever time it is of. */
const WAITING_FIRST = 4;

/** What the log does for its members. */
export interface MemberHost {
  readonly db: Database;
  readonly group: Group;
  partition(topic: string, partition: number): Partition | undefined;
  committed(group: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]>;
  commit(group: string, request: CommitRequest, guard: () => void): Promise<CommitResult>;
}

interface Chunk {
  readonly batches: readonly RecordBatch[];
  readonly nextOffset: number;
}

/** The fetching of one started partition. */
interface Fetch {
  readonly partition: Partition;
  readonly reader: PartitionReader;
  readonly unlisten: () => void;
  paused: boolean;
  loading: boolean;
  /** Loaded and not yet handed out; one at a time, with another being loaded. */
  chunk: Chunk | null;
}

export class EmbeddedMember implements Member {
  readonly topics: readonly string[];
  readonly transactionalId: string;
  /** What it was assigned last, for the next assignment to stick to. */
  lastAssigned: readonly TopicPartition[] = [];
  readonly standby: number;
  held: readonly HeldState[];
  private readonly groupName: string;
  private readonly bufferBytes: number;
  private readonly sessionTimeoutMs: number;
  private readonly control: MemberEvent[] = [];
  /** Epoch of the assignment that the worker has been told of; -1 when it has none. */
  private epoch = -1;
  private assigned = new Set<string>();
  private readonly pausedKeys = new Set<string>();
  private fetches: Fetch[] = [];
  /** Where the search for the next chunk begins, so that all partitions get their turn. */
  private turn = 0;
  private chosen = 0;
  private readonly timeReached: MemberOptions['timeReached'];
  private wake: (() => void) | null = null;
  private failure: LogError | null = null;
  private left = false;
  private committing = false;
  /** Told that it has nothing any more while a commit was under way: the others wait for that. */
  private lettingGo = false;
  private lastHeard: number;

  constructor(
    readonly id: string,
    options: MemberOptions,
    private readonly host: MemberHost,
  ) {
    this.groupName = options.group;
    this.topics = [...new Set(options.topics)];
    this.transactionalId = options.transactionalId;
    this.standby = options.standby ?? 0;
    this.held = options.held ?? [];
    this.timeReached = options.timeReached;
    this.bufferBytes = options.bufferBytes ?? DEFAULT_BUFFER_BYTES;
    this.sessionTimeoutMs = options.sessionTimeoutMs ?? Infinity;
    this.lastHeard = performance.now();
  }

  async next(timeoutMs: number): Promise<MemberEvent | null> {
    this.lastHeard = performance.now();
    const deadline = this.lastHeard + timeoutMs;
    for (let rested = false; ;) {
      if (this.left) throw new LogError('closed', `member ${this.id} has left its group`, false);
      const event = this.control.shift();
      if (event !== undefined) return this.handled(event);
      if (!rested) {
        // Whoever reads on and on must let timers, sockets and the disk have their turn.
        await new Promise(setImmediate);
        rested = true;
        continue;
      }
      const records = this.nextRecords();
      if (records !== null) return records;
      if (this.control.length > 0) continue;
      const wait = deadline - performance.now();
      if (wait <= 0) return null;
      await this.sleep(wait);
    }
  }

  /** Ignored when the partition is not assigned (any more): the `revoked` event is on its way then. */
  start(topic: string, partition: number, offset: number): void {
    const key = tpKey(topic, partition);
    if (!this.assigned.has(key)) return;
    this.stop(key);
    const found = this.host.partition(topic, partition);
    if (found === undefined) {
      this.fail(new LogError('unknown_topic', `topic ${topic} has no partition ${partition}`, false));
      return;
    }
    const share = Math.floor(this.bufferBytes / (2 * Math.max(1, this.assigned.size)));
    const chunkBytes = Math.min(MAX_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, share));
    const fetch: Fetch = {
      partition: found,
      reader: new PartitionReader(this.host.db, found, offset, chunkBytes),
      unlisten: found.listen(() => this.awake()),
      paused: this.pausedKeys.has(key),
      loading: false,
      chunk: null,
    };
    this.fetches.push(fetch);
    this.load(fetch);
    this.awake();
  }

  /** What has been fetched of a paused partition is kept for later. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.setPaused(tpKey(topic, partition), true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.setPaused(tpKey(topic, partition), false);
    this.awake();
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    this.lastHeard = performance.now();
    return this.host.committed(this.groupName, partitions);
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    this.lastHeard = performance.now();
    if (this.failure !== null) throw this.failure;
    if (this.committing) throw new LogError('configuration', `member ${this.id} has a commit under way: one at a time`, false);
    this.committing = true;
    try {
      return await this.host.commit(this.groupName, request, () => this.guard(request));
    } catch (error) {
      const known = error instanceof LogError ? error : new LogError('unknown', messageOf(error), false, { cause: error });
      this.fail(known);
      throw known;
    } finally {
      this.committing = false;
      this.lastHeard = performance.now();
      if (this.lettingGo) this.letGo();
    }
  }

  holds(held: readonly HeldState[]): void {
    this.held = held;
  }

  async leave(): Promise<void> {
    if (this.left) return;
    this.left = true;
    this.stopAll();
    this.host.group.leave(this);
    this.awake();
  }

  /** Asks for the partitions back; whether the worker has any to let go. */
  revoke(): boolean {
    // An assignment that it has not heard of need not be taken back.
    for (let i = this.control.length - 1; i >= 0; i--) if (this.control[i].type === 'assigned') this.control.splice(i, 1);
    if (this.epoch < 0) return false;
    if (!this.control.some((event) => event.type === 'revoked')) this.control.push({ type: 'revoked', epoch: this.epoch });
    this.stopAll();
    this.awake();
    return true;
  }

  assign(epoch: number, partitions: readonly TopicPartition[], standbys: readonly TopicPartition[]): void {
    // Whoever has not let go by now is told of both, one after the other, and cannot commit in between.
    if (this.lettingGo || this.control.some((event) => event.type === 'revoked')) this.epoch = -1;
    this.lettingGo = false;
    this.lastAssigned = partitions;
    this.control.push({ type: 'assigned', epoch, partitions, standbys });
    this.awake();
  }

  fail(error: LogError): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.stopAll();
    this.control.length = 0;
    this.control.push({ type: 'failed', error });
    this.awake();
  }

  /** Whether nothing has been heard for the session timeout (`performance.now()`); who waits in `next` or for a commit is there. */
  isSilent(now: number): boolean {
    return !this.committing && this.wake === null && now - this.lastHeard > this.sessionTimeoutMs;
  }

  /** The whole process stood still for this long (ms): nobody could be heard. */
  excuse(ms: number): void {
    this.lastHeard += ms;
  }

  private guard(request: CommitRequest): void {
    if (this.failure !== null) throw this.failure;
    if (this.left || request.epoch !== this.epoch)
      throw new LogError('fenced', `a commit under epoch ${request.epoch} came too late: ${this.id} has lost its partitions`, false);
    for (const { topic, partition } of request.offsets) {
      if (!this.assigned.has(tpKey(topic, partition)))
        throw new LogError('fenced', `${this.id} is not the owner of ${tpKey(topic, partition)}`, false);
    }
  }

  private handled(event: MemberEvent): MemberEvent {
    if (event.type === 'assigned') {
      // What was started while the assignment before was being taken back.
      this.stopAll();
      this.epoch = event.epoch;
      this.assigned = new Set(event.partitions.map((p) => tpKey(p.topic, p.partition)));
      this.pausedKeys.clear();
    } else if (event.type === 'revoked') {
      // What the worker has given to be committed before it heard of this is still its own.
      if (this.committing) this.lettingGo = true;
      else this.letGo();
    }
    return event;
  }

  private letGo(): void {
    this.lettingGo = false;
    this.epoch = -1;
    this.assigned = new Set();
    this.host.group.released(this);
  }

  private nextRecords(): MemberEvent | null {
    const fetch = this.nextFetch();
    if (fetch === null) return null;
    let { chunk } = fetch;
    fetch.chunk = null;
    try {
      if (chunk === null) {
        const batches = fetch.reader.take();
        chunk = { batches, nextOffset: fetch.reader.position };
      }
    } catch (error) {
      this.fail(error as LogError);
      return null;
    }
    this.load(fetch);
    const { topic, partition, high } = fetch.partition;
    const batches = chunk.batches.filter((batch) => batch.recordCount > 0);
    return { type: 'records', epoch: this.epoch, topic, partition, batches, nextOffset: chunk.nextOffset, stable: high };
  }

  /**
   * The one that is furthest behind; every fourth time, whichever is next of those that have something. Null where there is none, or while the
   * one that is due still comes from the disk: what is in memory would else overtake it, as far as it goes.
   */
  private nextFetch(): Fetch | null {
    const count = this.fetches.length;
    const anyTime = this.timeReached === undefined || (this.chosen + 1) % WAITING_FIRST === 0;
    let [best, least, bestIsHere] = [-1, Infinity, false];
    for (let i = 0; i < count; i++) {
      const index = (this.turn + i) % count;
      const fetch = this.fetches[index];
      if (fetch.paused) continue;
      const isHere = fetch.chunk !== null || (!fetch.loading && fetch.reader.inMemory);
      if (!isHere) {
        this.load(fetch);
        if (this.failure !== null) return null;
        if (anyTime || !fetch.loading) continue;
      }
      const time = anyTime ? -Infinity : this.timeReached(fetch.partition.topic, fetch.partition.partition);
      if (best < 0 || time < least || (time === least && isHere && !bestIsHere)) [best, least, bestIsHere] = [index, time, isHere];
      if (least === -Infinity && bestIsHere) break;
    }
    if (!bestIsHere) return null;
    this.chosen++;
    this.turn = best + 1;
    return this.fetches[best];
  }

  /** Reads ahead from the disk where there is something and room for it. */
  private load(fetch: Fetch): void {
    const { reader } = fetch;
    try {
      fetch.partition.check(reader.position);
    } catch (error) {
      this.fail(error as LogError);
      return;
    }
    if (fetch.loading || fetch.chunk !== null || fetch.paused || reader.atEnd || reader.inMemory) return;
    fetch.loading = true;
    reader.load().then(
      (batches) => {
        fetch.loading = false;
        if (!this.fetches.includes(fetch)) return;
        if (batches.length > 0) fetch.chunk = { batches, nextOffset: reader.position };
        this.awake();
      },
      (error: unknown) => {
        fetch.loading = false;
        if (!this.fetches.includes(fetch)) return;
        this.fail(error instanceof LogError ? error : new LogError('unreachable', messageOf(error), false, { cause: error }));
      },
    );
  }

  private setPaused(key: string, paused: boolean): void {
    if (paused) this.pausedKeys.add(key);
    else this.pausedKeys.delete(key);
    const fetch = this.fetches.find((f) => f.partition.name === key);
    if (fetch !== undefined) fetch.paused = paused;
  }

  private stop(key: string): void {
    const fetch = this.fetches.find((f) => f.partition.name === key);
    if (fetch === undefined) return;
    this.fetches = this.fetches.filter((f) => f !== fetch);
    fetch.unlisten();
    fetch.reader.close();
  }

  private stopAll(): void {
    for (const fetch of this.fetches) {
      fetch.unlisten();
      fetch.reader.close();
    }
    this.fetches = [];
  }

  private awake(): void {
    this.wake?.();
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
      const timer = setTimeout(done, Math.min(ms, 0x7fffffff));
      this.wake = done;
    });
  }
}
