/**
 * A durable partitioned log inside the process, in LevelDB: record batches as they are, groups with their offsets, and commits of outputs
 * and offsets that are one atomic, synced write. Read_committed by nature: nothing is seen before it is durable.
 *
 * Not done: `retention.*` (records go by `deleteRecords` and by compaction only) and `compression.type` (batches are kept as they come).
 */
import {
  type CommitRequest,
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
  type TopicChange,
  type TopicDescription,
  type TopicPartition,
  type TopicSpec,
  tpKey,
} from '../log.js';
import type { BatchView } from '../batch/batch-reader.js';
import { Compactor } from './compactor.js';
import { batchKey, groupKey, partitionKey, topicKey } from './format.js';
import { Group } from './group.js';
import { EmbeddedMember } from './member.js';
import { type Database, PartitionReader } from './partition-reader.js';
import { Partition, RecentBatches } from './partition.js';
import { type CommittedRow, type RecoveredState, type Topic, groupTopicKey } from './recover.js';
import { type Transaction, Writer, checkOutput } from './writer.js';
import type { Served } from './server.js';
import { wholeOutputs } from './whole-outputs.js';
import type { Witness } from './witness.js';

export interface EmbeddedLogOptions {
  /** Sync each commit to the disk. Default true; false is for tests: a power cut may then take the last commits. */
  readonly sync?: boolean;
  /** Wall clock, ms, for the age of tombstones in compacted topics. Default Date.now. */
  readonly now?: () => number;
  /** Bytes of just appended batches kept in memory for those who follow. Default 32 MiB. */
  readonly recentBytes?: number;
  /** How often to look whether a compacted topic is worth compacting, ms. Default 5000; Infinity: only by `compact`. */
  readonly compactEveryMs?: number;
  /** Read every batch and check its CRCs when opening, instead of when it is read. Default false. */
  readonly checkEverything?: boolean;
  /** Another process asks for it, to run pipelines; what resolves is that it will be closed. Default: none gets it. */
  readonly cede?: () => Promise<void>;
}

const READ_CHUNK_BYTES = 1024 * 1024;
const TICK_MS = 250;
const DEFAULT_RECENT_BYTES = 32 * 1024 * 1024;

export class EmbeddedLog implements Log {
  readonly kind = 'embedded';
  private readonly topicsByName: Map<string, Topic>;
  private readonly committedRows: Map<string, Map<string, CommittedRow>>;
  private readonly groups = new Map<string, Group>();
  private readonly writer: Writer;
  private readonly compactor: Compactor;
  private readonly background = new Set<Promise<unknown>>();
  private readonly ticker: NodeJS.Timeout;
  private lastTick = performance.now();
  private memberCount = 0;
  private closing: Promise<void> | null = null;

  constructor(
    readonly dir: string,
    private readonly db: Database,
    private readonly witness: Witness,
    state: RecoveredState,
    options: EmbeddedLogOptions,
    /** The socket for other processes; closed with the log. */
    private readonly served: Served,
  ) {
    this.topicsByName = state.topics;
    this.committedRows = state.groups;
    const recent = new RecentBatches(options.recentBytes ?? DEFAULT_RECENT_BYTES);
    this.writer = new Writer(db, witness, state.ledger, recent, options.sync !== false, state.commit, state.nextId);
    this.compactor = new Compactor(
      db,
      this.writer,
      () => this.topicsByName.values(),
      options.now ?? Date.now,
      options.compactEveryMs ?? 5000,
    );
    for (const id of state.orphans) this.purge(id, 0, Infinity);
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    this.ticker.unref();
  }

  async topics(): Promise<readonly TopicDescription[]> {
    this.checkOpen();
    return [...this.topicsByName.values()]
      .map((topic) => ({
        name: topic.name,
        partitions: topic.partitions.length,
        config: topic.config,
        maxBatchBytes: null,
        replication: null,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    this.checkOpen();
    for (const spec of specs) checkSpec(spec);
    const changed = await this.writer.write(0, true, (transaction) => {
      const missing: TopicSpec[] = [];
      for (const spec of specs) {
        const known = this.topicsByName.get(spec.name) ?? missing.find((other) => other.name === spec.name);
        const count =
          known === undefined ? spec.partitions : typeof known.partitions === 'number' ? known.partitions : known.partitions.length;
        if (count !== spec.partitions)
          throw new LogError('partition_count', `topic ${spec.name} has ${count} partitions, not ${spec.partitions}`, false);
        if (known === undefined) missing.push(spec);
      }
      for (const spec of missing) this.create(transaction, spec);
      return missing;
    });
    for (const spec of changed) this.topicChanged(spec.name);
  }

  async configureTopics(changes: readonly TopicChange[]): Promise<void> {
    this.checkOpen();
    await this.writer.write(0, true, (transaction) => {
      const changed = changes.map(({ name, config }) => ({ topic: this.topic(name), config }));
      for (const { topic, config } of changed) {
        const merged = Object.entries({ ...topic.config, ...config }).filter((entry): entry is [string, string] => entry[1] !== null);
        const next = { ...topic, config: Object.fromEntries(merged) };
        transaction.put(topicKey(topic.name), {
          firstId: topic.partitions[0].id,
          partitions: topic.partitions.length,
          config: next.config,
        });
        this.topicsByName.set(topic.name, next);
      }
    });
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    this.checkOpen();
    const gone = await this.writer.write(0, true, (transaction) => {
      const topics = names.map((name) => this.topic(name));
      for (const topic of topics) {
        transaction.del(topicKey(topic.name));
        this.topicsByName.delete(topic.name);
        for (const partition of topic.partitions) {
          partition.deleted = true;
          transaction.del(partitionKey(partition.id));
          for (const [group, rows] of this.committedRows)
            if (rows.delete(groupTopicKey(topic.name, partition.partition)))
              transaction.del(groupKey(group, topic.name, partition.partition));
        }
      }
      return topics;
    });
    for (const topic of gone) {
      for (const partition of topic.partitions) {
        partition.changed();
        this.purge(partition.id, 0, Infinity);
      }
      this.topicChanged(topic.name);
    }
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    this.checkOpen();
    return this.topic(topic).partitions.map(({ partition, low, high }) => ({ partition, low, stable: high, high }));
  }

  async *read(topic: string, partition: number, from: number, to: number): AsyncGenerator<BatchView, void, undefined> {
    this.checkOpen();
    const found = this.partition(topic, partition);
    const end = Math.min(to, found.high);
    found.check(from);
    const reader = new PartitionReader(this.db, found, from, READ_CHUNK_BYTES);
    try {
      while (reader.position < end) {
        this.checkOpen();
        for (const batch of await reader.load()) {
          if (batch.baseOffset >= end) return;
          if (batch.recordCount > 0) yield batch;
        }
      }
    } finally {
      reader.close();
    }
  }

  async append(outputs: readonly OutputBatch[]): Promise<CommitResult> {
    this.checkOpen();
    return this.writeOutputs(outputs, () => undefined);
  }

  async deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    this.checkOpen();
    const found = this.partition(topic, partition);
    const before = await this.writer.write(0, false, (transaction) => {
      if (offset > found.high)
        throw new LogError(
          'offset_out_of_range',
          `records below ${offset} of ${found.name} cannot be deleted: it ends at ${found.high}`,
          false,
        );
      const purged = found.purged;
      if (offset > found.low) {
        found.low = offset;
        found.purged = offset;
        transaction.touch(found);
      }
      return purged;
    });
    if (found.purged > before) this.purge(found.id, before, found.purged);
  }

  async join(options: MemberOptions): Promise<Member> {
    this.checkOpen();
    for (const topic of options.topics) this.topic(topic);
    let group = this.groups.get(options.group);
    if (group === undefined) {
      group = new Group(options.group, (topic) => this.topicsByName.get(topic)?.partitions.length);
      this.groups.set(options.group, group);
    }
    const member = new EmbeddedMember(`${options.transactionalId}#${++this.memberCount}`, options, {
      db: this.db,
      group,
      partition: (topic, partition) => this.topicsByName.get(topic)?.partitions[partition],
      committed: (name, partitions) => this.committedSettled(name, partitions),
      commit: (name, request, guard) => this.commit(name, request, guard),
    });
    for (const other of this.groups.values()) other.fence(options.transactionalId);
    group.join(member);
    return member;
  }

  async groupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    this.checkOpen();
    const rows = this.committedRows.get(group);
    return partitions.map(({ topic, partition }) => {
      const row = rows?.get(groupTopicKey(topic, partition));
      return { topic, partition, offset: row?.offset ?? null, metadata: row?.metadata ?? '' };
    });
  }

  async groupMembers(group: string): Promise<readonly GroupMemberDescription[]> {
    this.checkOpen();
    return (this.groups.get(group)?.memberIds ?? []).map((id) => ({ id, host: '', address: null, partitions: [] }));
  }

  async commitIdle({ group, transactionalId, expected, outputs, offsets }: IdleCommit): Promise<CommitResult> {
    this.checkOpen();
    for (const other of this.groups.values()) other.fence(transactionalId);
    return this.writeOutputs(await wholeOutputs(outputs), (transaction) => {
      const members = this.groups.get(group)?.memberIds ?? [];
      if (members.length > 0) throw new LogError('in_use', `group ${group} has running members: ${members.join(', ')}`, true);
      const rows = this.committedRows.get(group);
      const stale = expected.find(({ topic, partition, offset, metadata }) => {
        const row = rows?.get(groupTopicKey(topic, partition));
        return (row?.offset ?? null) !== offset || (row?.metadata ?? '') !== metadata;
      });
      // Another one may be in the same write, and not yet to be seen.
      if (stale !== undefined || transaction.groups.some(([name]) => name === group))
        throw new LogError('fenced', `group ${group} is at other offsets than expected: somebody has committed`, true);
      return this.offsetRows(transaction, group, offsets);
    });
  }

  /** Compacts the topics with `cleanup.policy=compact` now, as far as that changes anything. */
  async compact(): Promise<void> {
    this.checkOpen();
    await this.compactor.runNow();
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    clearInterval(this.ticker);
    const closed = new LogError('closed', 'the embedded log has been closed', false);
    for (const group of this.groups.values()) group.close(closed);
    await this.served.close();
    await this.compactor.close();
    await this.writer.close();
    await Promise.allSettled(this.background);
    this.witness.close();
    await this.db.close();
  }

  private async commit(group: string, request: CommitRequest, guard: () => void): Promise<CommitResult> {
    this.checkOpen();
    return this.writeOutputs(request.outputs, (transaction) => {
      guard();
      return this.offsetRows(transaction, group, request.offsets);
    });
  }

  /** Checks offsets; what it returns adds them to the write. */
  private offsetRows(transaction: Transaction, group: string, offsets: CommitRequest['offsets']): () => void {
    for (const { topic, partition } of offsets) this.partition(topic, partition);
    return () => {
      for (const { topic, partition, offset, metadata } of offsets) {
        transaction.put(groupKey(group, topic, partition), { offset, metadata, commit: transaction.commit });
        transaction.groups.push([group, topic, partition, offset]);
        transaction.applied.push(() => this.committedOf(group).set(groupTopicKey(topic, partition), { offset, metadata }));
      }
    };
  }

  /** @param prepare checks first, then returns what adds to the write (nothing may throw from there on) */
  private async writeOutputs(
    outputs: readonly OutputBatch[],
    prepare: (transaction: Transaction) => (() => void) | undefined,
  ): Promise<CommitResult> {
    for (const output of outputs) checkOutput(output);
    const bytes = outputs.reduce((sum, output) => sum + output.batch.length, 0);
    return this.writer.write(bytes, true, (transaction) => {
      const add = prepare(transaction);
      const partitions = outputs.map((output) => this.partition(output.topic, output.partition));
      add?.();
      return { baseOffsets: outputs.map((output, i) => transaction.append(partitions[i], output)) };
    });
  }

  /** Commits that were sent before are done by then: none of them can come after what this says. */
  private async committedSettled(group: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    await this.writer.settled();
    return this.groupOffsets(group, partitions);
  }

  private committedOf(group: string): Map<string, CommittedRow> {
    let rows = this.committedRows.get(group);
    if (rows === undefined) this.committedRows.set(group, (rows = new Map<string, CommittedRow>()));
    return rows;
  }

  private create(transaction: Transaction, spec: TopicSpec): void {
    const firstId = transaction.nextId;
    transaction.nextId += spec.partitions;
    const config = { ...spec.config };
    transaction.put(topicKey(spec.name), { firstId, partitions: spec.partitions, config });
    const partitions = Array.from({ length: spec.partitions }, (_, i) => new Partition(spec.name, i, firstId + i, 0, 0, 0, 0));
    for (const partition of partitions) transaction.touch(partition);
    // Known at once, for those who append in the same write.
    this.topicsByName.set(spec.name, { name: spec.name, config, partitions });
  }

  private topicChanged(name: string): void {
    for (const group of this.groups.values()) group.topicsChanged(name);
  }

  /** Removes batches that end in [from, to) from the disk, off the main thread; what is left by a crash goes after the next start. */
  private purge(id: number, from: number, to: number): void {
    const lt = to === Infinity ? batchKey(id + 1, 0, 0) : batchKey(id, to, 0);
    const clear = this.db.clear({ gte: batchKey(id, from, 0), lt }).catch(() => undefined);
    this.background.add(clear);
    void clear.finally(() => this.background.delete(clear));
  }

  private tick(): void {
    const now = performance.now();
    const late = now - this.lastTick - TICK_MS;
    this.lastTick = now;
    for (const group of this.groups.values()) group.expire(now, late > TICK_MS ? late : 0);
  }

  private topic(name: string): Topic {
    const topic = this.topicsByName.get(name);
    if (topic === undefined) throw new LogError('unknown_topic', `there is no topic ${name} in the embedded log`, false);
    return topic;
  }

  private partition(topic: string, partition: number): Partition {
    const found = this.topic(topic).partitions[partition] as Partition | undefined;
    if (found === undefined)
      throw new LogError('unknown_topic', `topic ${tpKey(topic, partition)} does not exist: no such partition`, false);
    return found;
  }

  private checkOpen(): void {
    if (this.closing !== null) throw new LogError('closed', 'the embedded log has been closed', false);
  }
}

function checkSpec(spec: TopicSpec): void {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(spec.name) || spec.name === '.' || spec.name === '..')
    throw new LogError(
      'configuration',
      `${JSON.stringify(spec.name)} is no topic name: letters, digits, '.', '_' and '-', at most 249`,
      false,
    );
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1)
    throw new LogError('configuration', `topic ${spec.name} cannot have ${spec.partitions} partitions`, false);
}
