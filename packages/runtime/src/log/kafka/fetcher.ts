/**
 * Fetches the started partitions of a member ahead of the worker: one request for each broker at a time, over all partitions that it leads
 * and that are not paused, into a bounded buffer. The next request goes out as soon as there is room. What other members of the process
 * have fetched, or are fetching, is not asked for again.
 */
import { messageOf } from '@rta/dsl/message-of';
import { LogError, type TopicPartition, tpKey } from '../log.js';
import type { RecordBatch } from '../batch/record-batch.js';
import type { Brokers } from './brokers.js';
import { BrokerError, CODE, check, isCode, isMoved, isRetriable } from './errors.js';
import { byTopic } from './offsets.js';
import { type Fetched, readFetched } from './reader.js';
import { fetch, type FetchPartition } from './requests.js';
import { backoffMs } from './retry.js';
import { holdMemory, type SharedPartition, type SharedReads } from './shared-reads.js';

/** Bytes asked for of each partition: small enough that a commit is not late by what is left of a chunk. */
const PARTITION_BYTES = 1024 * 1024;
/** Of an answer: KafkaJS joins its parts, which costs twice as much where the whole is larger than the processor's cache. */
const REQUEST_BYTES = 2 * 1024 * 1024;
/** Every so many requests, what has waited longest comes first, whatever time it is of. */
const WAITING_FIRST = 4;
/** ms that the broker waits for data. A partition that is started or resumed meanwhile waits as long. */
const WAIT_MS = 100;

/** Records of one partition. */
export interface Chunk {
  readonly topic: string;
  readonly partition: number;
  readonly batches: readonly RecordBatch[];
  readonly nextOffset: number;
  readonly stable: number;
  readonly bytes: number;
  /** Says that the batches have been processed: their memory is then used for others. */
  readonly release: () => void;
}

interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** Where the next fetch begins. */
  offset: number;
  paused: boolean;
  /** Bytes in the buffer. */
  buffered: number;
  /** Nothing has been handed over since `start`: the worker is told even if there is nothing. */
  fresh: boolean;
  /** A last stable offset that the worker has not been told of would be news; this one it has. */
  toldStable: number;
  /** The number of the request that last brought records of it. */
  broughtBy: number;
  readonly shared: SharedPartition;
  /** For what another member is fetching. */
  waiting: boolean;
  /** It has waited since something came of it: next it asks itself. */
  waited: boolean;
}

interface Buffered {
  readonly state: PartitionState;
  /** Where it was fetched from. */
  readonly from: number;
  readonly chunk: Chunk;
}

export interface FetcherEvents {
  /** There is something to take. */
  readonly available: () => void;
  readonly failed: (error: unknown) => void;
}

export class Fetcher {
  private readonly partitions = new Map<string, PartitionState>();
  private readonly underWay = new Set<number>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private chunks: Buffered[] = [];
  private requests = 0;
  private failures = 0;
  private failingSince = 0;
  private lookingUp = false;
  private closed = false;

  constructor(
    private readonly brokers: Brokers,
    private readonly reads: SharedReads,
    private readonly bufferBytes: number,
    private readonly events: FetcherEvents,
    private readonly timeReached: (topic: string, partition: number) => number = () => 0,
  ) {}

  /** Begins at `offset`, or goes on there; what was fetched before is dropped. */
  start(topic: string, partition: number, offset: number): void {
    const key = tpKey(topic, partition);
    const previous = this.partitions.get(key);
    if (previous !== undefined) this.drop(previous);
    this.partitions.set(key, {
      ...{ topic, partition, offset, paused: previous?.paused ?? false, buffered: 0, fresh: true, toldStable: -1, broughtBy: 0 },
      ...{ shared: this.reads.join({ topic, partition }, this), waiting: false, waited: false },
    });
    this.pump();
  }

  /** What is buffered stays, unless paused partitions would keep more than half of the buffer: then it is fetched again later. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const state = this.partitions.get(tpKey(topic, partition));
      if (state === undefined || state.paused) continue;
      state.paused = true;
      if (this.buffered(true) > this.bufferBytes / 2) this.drop(state);
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const state = this.partitions.get(tpKey(topic, partition));
      if (state !== undefined) state.paused = false;
    }
    if (this.chunks.some(({ state }) => !state.paused)) this.events.available();
    this.pump();
  }

  /** Forgets all partitions and what is buffered. */
  clear(): void {
    for (const state of this.partitions.values()) this.reads.leave(state, this);
    this.partitions.clear();
    this.chunks = [];
  }

  /** The oldest chunk of a partition that is not paused. */
  take(): Chunk | undefined {
    const index = this.chunks.findIndex(({ state }) => !state.paused);
    if (index < 0) return undefined;
    const [{ state, chunk }] = this.chunks.splice(index, 1);
    state.buffered -= chunk.bytes;
    this.pump();
    return chunk;
  }

  close(): void {
    this.closed = true;
    this.clear();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** Starts what requests there is room for. What paused partitions hold does not count: it could keep the others waiting for ever. */
  private pump(): void {
    if (this.closed || this.buffered(false) >= this.bufferBytes) return;
    const byLeader = new Map<number, PartitionState[]>();
    const unknown = new Set<string>();
    // Each partition may fill its share: one that is paused or slow must not keep the others from being read.
    const share = Math.max(PARTITION_BYTES, this.bufferBytes / Math.max(1, this.partitions.size));
    const wanted = [...this.partitions.values()].filter((state) => !state.paused && state.buffered < share);
    for (const state of this.withoutShared(wanted)) {
      const leader = this.brokers.knownLeader(state.topic, state.partition);
      if (leader === undefined) unknown.add(state.topic);
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), state]);
    }
    for (const [leader, states] of byLeader) if (!this.underWay.has(leader)) void this.fetchFrom(leader, states);
    if (unknown.size > 0) void this.lookUp([...unknown]);
  }

  /** Takes what other members have fetched; gives those that have to be asked for. */
  private withoutShared(wanted: readonly PartitionState[]): PartitionState[] {
    const found = new Map<PartitionState, Fetched>();
    const others: PartitionState[] = [];
    for (const state of wanted) {
      const fetched = state.shared.find(state.offset);
      if (fetched !== undefined) found.set(state, fetched);
      else if (!state.waiting && !this.waitForOther(state)) others.push(state);
    }
    if (found.size === 0) return others;
    const request = ++this.requests;
    for (const state of found.size === 1 ? found.keys() : this.inTurn([...found.keys()], request))
      if (this.buffered(false) < this.bufferBytes) this.deliver(state, found.get(state)!, request);
    return others;
  }

  private waitForOther(state: PartitionState): boolean {
    if (state.fresh || state.waited) return false;
    const goOn = (): void => {
      state.waiting = false;
      this.pump();
    };
    state.waiting = state.waited = state.shared.waitFor(state.offset, this, goOn);
    return state.waiting;
  }

  private async fetchFrom(leader: number, states: readonly PartitionState[]): Promise<void> {
    this.underWay.add(leader);
    const request = ++this.requests;
    const asked = new Map(this.inTurn(states, request).map((state) => [state, state.offset]));
    const ends = states.map(({ shared, offset }) => shared.ask(offset, this));
    let failure: unknown;
    try {
      const { errorCode, responses } = await this.brokers.send(
        leader,
        fetch({
          maxWaitTime: WAIT_MS,
          minBytes: 1,
          maxBytes: Math.min(REQUEST_BYTES, Math.max(PARTITION_BYTES, this.bufferBytes - this.buffered(false))),
          topics: byTopic([...asked.keys()], ({ partition, offset }) => ({ partition, fetchOffset: offset, maxBytes: PARTITION_BYTES })),
        }),
      );
      check(errorCode, 'fetching');
      for (const { topicName, partitions } of responses)
        for (const answer of partitions) failure = this.accept(topicName, answer, asked, request) ?? failure;
    } catch (error) {
      failure = error;
    }
    this.underWay.delete(leader);
    for (const end of ends) end();
    if (this.closed) return;
    if (failure === undefined) {
      this.failures = 0;
      this.pump();
    } else this.failed(failure, [...asked.keys()]);
  }

  /** Brokers fill an answer in the order of the request. Some requests go by the waiting alone, so that everything has its turn in any case. */
  private inTurn(states: readonly PartitionState[], request: number): PartitionState[] {
    const longest = [...states].sort((a, b) => a.broughtBy - b.broughtBy);
    if (request % WAITING_FIRST === 0) return longest;
    const times = new Map(longest.map((state) => [state, this.timeReached(state.topic, state.partition)]));
    return longest.sort((a, b) => compare(times.get(a)!, times.get(b)!));
  }

  /** Puts an answer into the buffer; gives the error that it holds. */
  private accept(topic: string, answer: FetchPartition, asked: ReadonlyMap<PartitionState, number>, request: number): unknown {
    const state = this.partitions.get(tpKey(topic, answer.partition));
    // Moved, or taken away, while the request was under way.
    if (state === undefined || asked.get(state) !== state.offset) return undefined;
    if (answer.errorCode !== CODE.NONE) {
      state.shared.drop();
      return new BrokerError(answer.errorCode, `reading ${tpKey(topic, answer.partition)} at offset ${state.offset}`);
    }
    const fetched = readFetched(answer, state.offset);
    state.shared.put(state.offset, fetched);
    this.deliver(state, fetched, request);
    return undefined;
  }

  private deliver(state: PartitionState, fetched: Fetched, request: number): void {
    const { topic, partition, offset: from, fresh, toldStable } = state;
    const { batches, nextOffset, stable, bytes } = fetched;
    state.waiting = state.waited = false;
    const news = batches.length > 0 || nextOffset !== from || fresh || (nextOffset >= stable && stable > toldStable);
    if (!news) return;
    state.fresh = false;
    state.toldStable = stable;
    state.offset = nextOffset;
    state.buffered += bytes;
    if (batches.length > 0) state.broughtBy = request;
    const release = holdMemory(fetched);
    this.chunks.push({ state, from, chunk: { topic, partition, batches, nextOffset, stable, bytes, release } });
    if (!state.paused) this.events.available();
  }

  private failed(error: unknown, states: readonly PartitionState[]): void {
    const current = states.filter((state) => this.partitions.get(tpKey(state.topic, state.partition)) === state);
    if (current.length === 0) {
      this.pump();
      return;
    }
    if (this.failures === 0) this.failingSince = performance.now();
    this.failures++;
    const tooLong = performance.now() - this.failingSince > this.brokers.settings.retryMs;
    if (!isRetriable(error) || tooLong) {
      this.events.failed(error);
      return;
    }
    this.brokers.forget(error, ...(isMoved(error) ? new Set(current.map(({ topic }) => topic)) : []));
    this.later(backoffMs(this.failures), () => this.pump());
  }

  private async lookUp(topics: readonly string[]): Promise<void> {
    if (this.lookingUp) return;
    this.lookingUp = true;
    let failure: unknown;
    try {
      const found = await this.brokers.refresh(topics);
      const missing = topics.filter((topic) => !found.some((metadata) => metadata.topic === topic));
      if (missing.length > 0) failure = new BrokerError(CODE.UNKNOWN_TOPIC_OR_PARTITION, `topic ${missing.join(', ')}`);
      else if (topics.some((topic) => this.leaderless(topic))) failure = new BrokerError(5, `partitions of ${topics.join(', ')}`);
    } catch (error) {
      failure = error;
    }
    this.lookingUp = false;
    if (this.closed) return;
    if (failure === undefined) this.pump();
    else {
      if (isCode(failure, CODE.UNKNOWN_TOPIC_OR_PARTITION) && this.failures > 5) {
        this.events.failed(new LogError('unknown_topic', messageOf(failure), false, { cause: failure }));
        return;
      }
      this.failed(
        failure,
        [...this.partitions.values()].filter(({ topic }) => topics.includes(topic)),
      );
    }
  }

  private leaderless(topic: string): boolean {
    for (const state of this.partitions.values())
      if (state.topic === topic && this.brokers.knownLeader(topic, state.partition) === undefined) return true;
    return false;
  }

  /** Bytes held by the partitions that are paused, or by the others. */
  private buffered(paused: boolean): number {
    let bytes = 0;
    for (const state of this.partitions.values()) if (state.paused === paused) bytes += state.buffered;
    return bytes;
  }

  /** Goes back to before what is buffered of a partition. */
  private drop(unwanted: PartitionState): void {
    const first = this.chunks.find(({ state }) => state === unwanted);
    if (first === undefined) return;
    this.chunks = this.chunks.filter(({ state }) => state !== unwanted);
    unwanted.offset = first.from;
    unwanted.buffered = 0;
    unwanted.fresh = true;
  }

  private later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
  }
}

/** Of times, that may both be infinite. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
