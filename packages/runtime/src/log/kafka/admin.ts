/** Topics, their offsets, and the offsets of groups. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CommittedOffset,
  LogError,
  type PartitionOffsets,
  type TopicChange,
  type TopicDescription,
  type TopicPartition,
  type TopicSpec,
} from '../log.js';
import type { Brokers } from './brokers.js';
import { BrokerError, CODE, check } from './errors.js';
import { byTopic, toOffset } from './offsets.js';
import {
  alterTopicConfig,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeTopicConfigs,
  listOffsets,
  metadata,
  offsetFetch,
} from './requests.js';
import type { Deadline } from './retry.js';

/** Of DescribeConfigs: set for the topic itself. The others are the broker's, static or default. */
const TOPIC_CONFIG = 1;
/** ms that the controller may take. */
const CONTROLLER_TIMEOUT_MS = 30_000;
const DEFAULT_REPLICATION = 3;

export async function describeTopics(brokers: Brokers): Promise<TopicDescription[]> {
  return brokers.retrying([], async () => {
    const { topicMetadata } = await brokers.sendAny(metadata(null));
    const topics = topicMetadata.filter((topic) => !topic.isInternal && topic.topicErrorCode === CODE.NONE);
    if (topics.length === 0) return [];
    const { resources } = await brokers.sendAny(describeTopicConfigs(topics.map(({ topic }) => topic)));
    const configs = new Map<string, Record<string, string>>();
    const limits = new Map<string, number>();
    for (const { errorCode, resourceName, configEntries } of resources) {
      if (errorCode === CODE.UNKNOWN_TOPIC_OR_PARTITION) continue; // deleted meanwhile
      check(errorCode, `the configuration of ${resourceName}`);
      const set = configEntries.filter((entry) => entry.configSource === TOPIC_CONFIG);
      const limit = Number(configEntries.find((entry) => entry.configName === 'max.message.bytes')?.configValue ?? NaN);
      // What is packed before it is sent may become small enough.
      if (Number.isInteger(limit) && brokers.settings.compression === 'none') limits.set(resourceName, limit);
      configs.set(resourceName, Object.fromEntries(set.map((entry) => [entry.configName, entry.configValue ?? ''])));
    }
    return topics
      .filter(({ topic }) => configs.has(topic))
      .map(({ topic, partitionMetadata }) => ({
        name: topic,
        partitions: partitionMetadata.length,
        config: configs.get(topic)!,
        maxBatchBytes: limits.get(topic) ?? null,
        replication: partitionMetadata[0]?.replicas.length ?? null,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

export async function ensureTopics(brokers: Brokers, specs: readonly TopicSpec[]): Promise<void> {
  if (specs.length === 0) return;
  const names = specs.map(({ name }) => name);
  const missing = await brokers.retrying(names, async () => {
    const existing = new Map((await brokers.refresh(names)).map((topic) => [topic.topic, topic.partitionMetadata.length]));
    requireCounts(specs, existing);
    return specs.filter(({ name }) => !existing.has(name));
  });
  if (missing.length > 0) {
    await brokers.retrying([], async () => {
      const replication = Math.min(DEFAULT_REPLICATION, Math.max(1, brokers.nodeCount));
      const topics = missing.map((spec) => ({
        topic: spec.name,
        numPartitions: spec.partitions,
        replicationFactor: spec.replication ?? replication,
        configEntries: Object.entries(spec.config ?? {}).map(([name, value]) => ({ name, value })),
      }));
      const { topicErrors } = await brokers.send(await brokers.controller(), createTopics(topics, CONTROLLER_TIMEOUT_MS));
      for (const { topic, errorCode, errorMessage } of topicErrors)
        if (errorCode !== CODE.TOPIC_ALREADY_EXISTS) check(errorCode, `creating topic ${topic}`, errorMessage);
    });
  }
  await untilLed(brokers, specs, brokers.deadline());
}

function requireCounts(specs: readonly TopicSpec[], existing: ReadonlyMap<string, number>): void {
  for (const { name, partitions } of specs) {
    const found = existing.get(name);
    if (found !== undefined && found !== partitions)
      throw new LogError('partition_count', `topic ${name} has ${found} partitions, and ${partitions} are wanted`, false);
  }
}

/** A created topic is known to the brokers, and led, a moment later. */
async function untilLed(brokers: Brokers, specs: readonly TopicSpec[], deadline: Deadline): Promise<void> {
  const names = specs.map(({ name }) => name);
  for (;;) {
    const found = await brokers.retrying([], () => brokers.refresh(names));
    requireCounts(specs, new Map(found.map((topic) => [topic.topic, topic.partitionMetadata.length])));
    const led = found.filter((topic) => topic.partitionMetadata.every(({ leader }) => leader >= 0));
    if (led.length === new Set(names).size) return;
    if (deadline.remainingMs === 0) {
      const waiting = names.filter((name) => !led.some(({ topic }) => topic === name));
      throw new LogError('unreachable', `no leader yet for topics ${waiting.join(', ')}`, true);
    }
    await sleep(20);
  }
}

export async function configureTopics(brokers: Brokers, changes: readonly TopicChange[]): Promise<void> {
  const described = new Map((await describeTopics(brokers)).map((topic) => [topic.name, topic]));
  for (const { name, config } of changes) {
    const before = described.get(name);
    if (before === undefined) throw new LogError('unknown_topic', `topic ${name} does not exist`, false);
    const merged = Object.entries({ ...before.config, ...config }).flatMap(([key, value]) =>
      value === null ? [] : [[key, value] as const],
    );
    await brokers.retrying([], async () => {
      const { resources } = await brokers.send(await brokers.controller(), alterTopicConfig(name, Object.fromEntries(merged)));
      for (const { errorCode, errorMessage } of resources) check(errorCode, `the configuration of ${name}`, errorMessage);
    });
    await untilSet(brokers, name, config);
  }
}

/** Brokers hear of it a moment later. */
async function untilSet(brokers: Brokers, name: string, wanted: TopicChange['config']): Promise<void> {
  const deadline = brokers.deadline();
  for (;;) {
    const config = (await describeTopics(brokers)).find((topic) => topic.name === name)?.config ?? {};
    if (Object.entries(wanted).every(([key, value]) => (config[key] ?? null) === value) || deadline.remainingMs === 0) return;
    await sleep(20);
  }
}

/** Those that do not exist are as good as deleted. */
export async function removeTopics(brokers: Brokers, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await brokers.retrying([...names], async () => {
    const { topicErrors } = await brokers.send(await brokers.controller(), deleteTopics(names, CONTROLLER_TIMEOUT_MS));
    for (const { topic, errorCode } of topicErrors)
      if (errorCode !== CODE.UNKNOWN_TOPIC_OR_PARTITION) check(errorCode, `deleting topic ${topic}`);
  });
  const deadline = brokers.deadline();
  while ((await brokers.retrying([], () => brokers.refresh(names))).length > 0 && deadline.remainingMs > 0) await sleep(20);
}

export async function partitionOffsets(brokers: Brokers, topic: string): Promise<PartitionOffsets[]> {
  return brokers.retrying([topic], async () => {
    const count = await brokers.partitionCount(topic);
    const byLeader = new Map<number, number[]>();
    for (let partition = 0; partition < count; partition++) {
      const leader = await brokers.leader(topic, partition);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    const offsets = Array.from({ length: count }, (_, partition) => ({ partition, low: 0, stable: 0, high: 0 }));
    await Promise.all(
      [...byLeader].map(async ([leader, partitions]) => {
        // One after another: `stable` is never above `high`.
        for (const which of ['low', 'stable', 'high'] as const) {
          const { responses } = await brokers.send(leader, listOffsets(topic, partitions, which));
          for (const { partition, errorCode, offset } of responses.flatMap((response) => response.partitions)) {
            check(errorCode, `the offsets of ${topic}-${partition}`);
            offsets[partition][which] = toOffset(offset);
          }
        }
      }),
    );
    return offsets;
  });
}

export async function removeRecords(brokers: Brokers, topic: string, partition: number, offset: number): Promise<void> {
  await brokers.retrying([topic], async () => {
    const leader = await brokers.leader(topic, partition);
    const { topics } = await brokers.send(leader, deleteRecords(topic, partition, offset, CONTROLLER_TIMEOUT_MS));
    for (const { errorCode } of topics.flatMap((answer) => answer.partitions))
      check(errorCode, `deleting records of ${topic}-${partition} below ${offset}`);
  });
}

/** Waits until no transaction is pending that would move one of them (require_stable). */
export async function committedOffsets(
  brokers: Brokers,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<CommittedOffset[]> {
  if (partitions.length === 0) return [];
  const topics = byTopic(partitions, ({ partition }) => ({ partition }));
  const found = await brokers.retrying([], async () => {
    const coordinator = await brokers.coordinator('group', groupId);
    const { errorCode, responses } = await brokers.send(coordinator, offsetFetch({ groupId, topics, requireStable: true }));
    check(errorCode, `the offsets of group ${groupId}`);
    const offsets = new Map<string, CommittedOffset>();
    for (const { topic, partitions: answers } of responses)
      for (const answer of answers) {
        if (answer.errorCode !== CODE.UNKNOWN_TOPIC_OR_PARTITION)
          check(answer.errorCode, `the offset of group ${groupId} in ${topic}-${answer.partition}`);
        const offset = toOffset(answer.offset);
        offsets.set(`${topic}-${answer.partition}`, {
          topic,
          partition: answer.partition,
          offset: offset < 0 ? null : offset,
          metadata: offset < 0 ? '' : (answer.metadata ?? ''),
        });
      }
    return offsets;
  });
  return partitions.map(({ topic, partition }) => {
    const offset = found.get(`${topic}-${partition}`);
    if (offset === undefined)
      throw new BrokerError(-1, `the offset of group ${groupId} in ${topic}-${partition}`, 'it is missing in the answer');
    return offset;
  });
}
