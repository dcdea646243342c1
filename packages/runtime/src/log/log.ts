/**
 * The Log port: partitioned topics of record batches, a consumer group with assignment, and an atomic commit of
 * {outputs, changelog, input offsets}. Two adapters, `kafka/` and `embedded/`, pass one contract suite (`test/log/contract.ts`).
 *
 * Offsets are numbers: Kafka's 63 bits never get past 2^53 in practice, and an adapter refuses an offset that does.
 */
import type { RecordBatch } from './batch/record-batch.js';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** `topic-partition`, Kafka's own way to write it; the key of maps by partition. */
export function tpKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replication?: number;
  /** Broker settings: `cleanup.policy`, `retention.ms`, … The embedded log keeps them and honours `cleanup.policy=compact` lazily. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface TopicDescription {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
  /** Bytes that a batch of records may have at most; null: there is no limit, or it cannot be told before it is tried. */
  readonly maxBatchBytes: number | null;
  /** Copies of each partition; null: where there is one log only. */
  readonly replication: number | null;
}

/** Settings of a topic that are to be other ones; null: as the broker has it for all. Those that are not named stay. */
export interface TopicChange {
  readonly name: string;
  readonly config: Readonly<Record<string, string | null>>;
}

/** What a partition holds: `low` is the first offset kept; `stable` the last stable offset (end of what read_committed sees). */
export interface PartitionOffsets {
  readonly partition: number;
  readonly low: number;
  readonly stable: number;
  /** End of the log, open transactions included. */
  readonly high: number;
}

export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to read; null where the group has none. */
  readonly offset: number | null;
  /** What the committing task wrote beside it (watermarks); empty string where none. */
  readonly metadata: string;
}

/** Record batches of one partition, encoded by `BatchBuilder`: whole v2 batches, not yet stamped with a producer. */
export interface OutputBatch {
  readonly topic: string;
  readonly partition: number;
  /** One v2 batch (see `log/batch`); the adapter seals it (producer id, epoch, sequence, CRC, compression). */
  readonly batch: Uint8Array;
  readonly recordCount: number;
}

export interface CommitRequest {
  /** How long it took to put together, ms; for those who watch. */
  readonly flushMs?: number;
  /** The assignment under which the work was done; a commit of an older epoch is refused (`fenced`). */
  readonly epoch: number;
  readonly outputs: readonly OutputBatch[];
  readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number; readonly metadata: string }[];
}

export interface CommitResult {
  /** For each output, in order: the offset that its first record got. */
  readonly baseOffsets: readonly number[];
}

/**
 * What is written with an idle commit. In parts it need not be in memory as a whole: on Kafka each part is asked for when the one before is
 * written, and none before it is certain that nobody else commits; the embedded log takes them together, as one write. A commit
 * whose parts fail fails with `aborted`, or with their error.
 */
export type IdleOutputs = readonly OutputBatch[] | AsyncIterable<readonly OutputBatch[]>;

/** What is committed for a group by none of its members: by commands, while the pipeline stands still. */
export interface IdleCommit {
  readonly group: string;
  /** Who commits; whoever else has it is fenced. */
  readonly transactionalId: string;
  /** What the group has now: somebody else may have committed since it was read. */
  readonly expected: readonly CommittedOffset[];
  readonly outputs: IdleOutputs;
  /** At least one. */
  readonly offsets: CommitRequest['offsets'];
}

export interface GroupMemberDescription {
  readonly id: string;
  /** Where it runs; empty where that is not known. */
  readonly host: string;
  /** What it joined with as its address; null: none. On the embedded log always null: all members are in one process. */
  readonly address: string | null;
  /** What it has been given, where it has an address. */
  readonly partitions: readonly TopicPartition[];
}

/** Events of a group member, in the order in which they must be handled. */
export type MemberEvent =
  /**
   * These partitions are this member's now; nothing is fetched from one until `start`. Earlier assignments are void. `standbys` are another's:
   * of the tasks that read them this member keeps a copy of the state.
   */
  | {
      readonly type: 'assigned';
      readonly epoch: number;
      readonly partitions: readonly TopicPartition[];
      readonly standbys: readonly TopicPartition[];
    }
  /** Everything assigned before is lost; work not yet committed must be dropped. */
  | { readonly type: 'revoked'; readonly epoch: number }
  /** Committed batches (no aborted data, no control batches), in order. `nextOffset` is where the partition goes on. */
  | {
      readonly type: 'records';
      readonly epoch: number;
      readonly topic: string;
      readonly partition: number;
      readonly batches: readonly RecordBatch[];
      readonly nextOffset: number;
      /** Last stable offset when fetched: `nextOffset >= stable` means read to the end. */
      readonly stable: number;
      /** Says that nothing reads the batches any more: their memory is used again. Who does not say it may keep them. */
      readonly release?: () => void;
    }
  /** The member cannot go on (fenced, crashed); the worker starts a new one or stops. */
  | { readonly type: 'failed'; readonly error: LogError };

export interface MemberOptions {
  /** Consumer group; offsets are kept under it. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Of the transactional producer; one per worker, stable across restarts of that worker. */
  readonly transactionalId: string;
  /** Bytes of fetched batches kept ahead of the worker (backpressure). */
  readonly bufferBytes?: number;
  readonly sessionTimeoutMs?: number;
  readonly transactionTimeoutMs?: number;
  /** How many members besides the owner keep a copy of each partition's state. Default 0; where members differ, the most counts. */
  readonly standby?: number;
  /** See `Member.holds`. */
  readonly held?: readonly HeldState[];
  /** A URL at which the process of this member answers for what it has, for `Log.groupMembers`. */
  readonly address?: string;
  /**
   * Event time that the worker has reached in a partition. What is furthest behind is read first: a join would otherwise keep what it has of
   * one side until the other has followed. Asked whenever there is a choice. Default: they take turns.
   */
  readonly timeReached?: (topic: string, partition: number) => number;
  /** Ends the joining, where that waits for brokers: it rejects then. */
  readonly signal?: AbortSignal;
}

/** State that a member has of the tasks that read a partition: the sum of their changelog offsets tells how far it goes. */
export interface HeldState extends TopicPartition {
  readonly offset: number;
}

export interface Member {
  /** The next event; null when nothing came within `timeoutMs`. Must be called often enough to see revocations. */
  next(timeoutMs: number): Promise<MemberEvent | null>;
  /** Begins (or moves) fetching of an assigned partition at `offset`. */
  start(topic: string, partition: number, offset: number): void;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** The group's offsets, waiting for pending transactions to end (require_stable). */
  committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]>;
  /**
   * All or nothing. One at a time. Rejects with LogError `fenced` (another owner), `aborted` (certainly not done), `unknown` (outcome in
   * doubt: drop the state, restore). After any rejection the member is unusable: leave and join again.
   */
  commit(request: CommitRequest): Promise<CommitResult>;
  /** Of which partitions this member has state: the next assignment gives those that nobody has to whoever has most. */
  holds(held: readonly HeldState[]): void;
  leave(): Promise<void>;
}

export interface Log {
  readonly kind: 'kafka' | 'embedded';
  topics(): Promise<readonly TopicDescription[]>;
  /** Creates those that are missing; does not change existing ones. Rejects when the partition count of an existing one differs. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** Rejects with LogError `configuration` for a setting that the broker refuses; what came before it in the list is changed. */
  configureTopics(changes: readonly TopicChange[]): Promise<void>;
  deleteTopics(names: readonly string[]): Promise<void>;
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
  /**
   * Committed batches of one partition from `from` (inclusive) until `to` (exclusive), at most; ends there. Batches may begin before `from`.
   * Where it waits, for brokers or for pending transactions, `signal` ends that: it rejects then.
   */
  read(topic: string, partition: number, from: number, to: number, signal?: AbortSignal): AsyncIterable<RecordBatch>;
  /** Appends without a group (generators, tests): batches of one call may go to many partitions; durable when resolved. */
  append(outputs: readonly OutputBatch[]): Promise<CommitResult>;
  /** Deletes records below `offset` (repartition topics, after the commit that read them). */
  deleteRecords(topic: string, partition: number, offset: number): Promise<void>;
  join(options: MemberOptions): Promise<Member>;
  /** Of a group that has no running member: committed offsets, for `rta` commands. */
  groupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]>;
  /** Those that run, or whose session has not timed out yet. */
  groupMembers(group: string): Promise<readonly GroupMemberDescription[]>;
  /**
   * Commits outputs and offsets of a group without members, all or nothing. Whoever was a member before cannot commit any more; whoever
   * joins from then on finds these offsets. Rejects with LogError `in_use` where the group has members, `fenced` where its offsets are not
   * those expected; nothing is done then; else as `Member.commit`. Of two calls at once one commits at most; on Kafka each may be refused
   * with `in_use` for the other, so who tries again waits for a random time first.
   */
  commitIdle(request: IdleCommit): Promise<CommitResult>;
  close(): Promise<void>;
}

/** Closed list of what can go wrong in a log. */
export type LogErrorCode =
  | 'unreachable'
  | 'fenced'
  | 'aborted'
  | 'unknown'
  | 'offset_out_of_range'
  | 'unknown_topic'
  | 'partition_count'
  | 'corrupt'
  | 'closed'
  | 'in_use'
  | 'unsupported'
  | 'too_large'
  | 'configuration';

export class LogError extends Error {
  override readonly name = 'LogError';
  constructor(
    readonly code: LogErrorCode,
    message: string,
    /** Whether the same call may succeed later. */
    readonly retriable: boolean,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** `too_large`: a topic does not take a batch of this size; what it was written with has been aborted. Smaller ones may pass. */
export class BatchTooLargeError extends LogError {
  constructor(
    message: string,
    readonly topic: string,
    /** Before it was packed. */
    readonly bytes: number,
    readonly recordCount: number,
    options?: { cause?: unknown },
  ) {
    super('too_large', message, true, options);
  }
}
