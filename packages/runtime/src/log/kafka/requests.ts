/**
 * The requests that we send, typed. KafkaJS (or the replacement) encodes and decodes them; its `parse`, which throws the first error of a
 * response whatever the other partitions say, is left out: callers check each part.
 */
import type { ProtocolCall } from './kafkajs-internals.js';
import { loadKafkaJs } from './load-kafkajs.js';
import type { BatchMessage } from './replace/decode-messages.js';
import type { AbortedTransaction } from './replace/filter-aborted-messages.js';
import type { OffsetFetchParameters, OffsetFetchResult } from './replace/offset-fetch.js';
import type { ProduceParameters } from './replace/produce-request.js';
import type { TxnOffsetCommitParameters, TxnOffsetCommitResult } from './replace/txn-offset-commit.js';
import { WireWriter } from './wire.js';

/** A call whose response comes as it is. */
function call<T>(api: string, version: number, parameters: object): ProtocolCall<T> {
  const made = loadKafkaJs().requests[api].protocol({ version })(parameters as Record<string, unknown>) as ProtocolCall<T>;
  return { ...made, response: { decode: (raw) => made.response.decode(raw), parse: (decoded) => decoded }, logResponseError: false };
}

interface PartitionMetadata {
  readonly partitionId: number;
  /** -1: none at the moment. */
  readonly leader: number;
  readonly replicas: readonly number[];
}

export interface TopicMetadata {
  readonly topicErrorCode: number;
  readonly topic: string;
  readonly isInternal: boolean;
  readonly partitionMetadata: readonly PartitionMetadata[];
}

interface MetadataResponse {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number; readonly rack: string | null }[];
  readonly controllerId: number;
  readonly topicMetadata: readonly TopicMetadata[];
}

/** @param topics null: all; KafkaJS takes an empty list for all, so this one is encoded here */
export function metadata(topics: readonly string[] | null): ProtocolCall<MetadataResponse> {
  const made = call<MetadataResponse>('Metadata', 6, { topics: [], allowAutoTopicCreation: false });
  const encode = async (): Promise<WireWriter> => {
    const writer = new WireWriter();
    if (topics === null) writer.int32(-1);
    else writer.array(topics, (topic) => writer.string(topic));
    return writer.boolean(false);
  };
  return { ...made, request: { ...made.request, encode } };
}

export type CoordinatorType = 'group' | 'transaction';

interface FindCoordinatorResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly coordinator: { readonly nodeId: number };
}

export function findCoordinator(type: CoordinatorType, key: string): ProtocolCall<FindCoordinatorResponse> {
  return call('GroupCoordinator', 2, { groupId: key, coordinatorType: type === 'group' ? 0 : 1 });
}

export interface FetchPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly abortedTransactions: readonly AbortedTransaction[];
  readonly messages: readonly BatchMessage[];
}

interface FetchResponse {
  readonly errorCode: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchPartition[] }[];
}

interface FetchParameters {
  /** ms that the broker may wait for `minBytes`. */
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: number; readonly maxBytes: number }[];
  }[];
}

/** A consumer, not a replica; no epoch, no start offset, no session. */
const [NONE, READ_COMMITTED] = [-1, 1];

/** Read_committed, without a fetch session. Encoded here: KafkaJS takes a buffer for each partition, and there are many, often. */
export function fetch(parameters: FetchParameters): ProtocolCall<FetchResponse> {
  const made = call<FetchResponse>('Fetch', 11, parameters);
  const { maxWaitTime, minBytes, maxBytes, topics } = parameters;
  const encode = async (): Promise<WireWriter> => {
    const body = new WireWriter().int32(NONE).int32(maxWaitTime).int32(minBytes).int32(maxBytes).int8(READ_COMMITTED);
    body.int32(0).int32(NONE);
    body.array(topics, (each) => {
      body.string(each.topic).array(each.partitions, (asked) => {
        body.int32(asked.partition).int32(NONE).int64(BigInt(asked.fetchOffset)).int64(-1n).int32(asked.maxBytes);
      });
    });
    return body.int32(0).string('');
  };
  return { ...made, request: { ...made.request, encode } };
}

interface ProduceResponse {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly baseOffset: string }[];
  }[];
}

export function produce(parameters: ProduceParameters): ProtocolCall<ProduceResponse> {
  return call('Produce', 7, parameters);
}

interface ListOffsetsResponse {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly offset: string }[];
  }[];
}

/** Where a partition begins and ends; `stable`: where read_committed readers are held up, `high`: open transactions included. */
export function listOffsets(
  topic: string,
  partitions: readonly number[],
  which: 'low' | 'stable' | 'high',
): ProtocolCall<ListOffsetsResponse> {
  const timestamp = which === 'low' ? -2 : -1;
  const topics = [{ topic, partitions: partitions.map((partition) => ({ partition, timestamp })) }];
  return call('ListOffsets', 3, { isolationLevel: which === 'stable' ? 1 : 0, topics });
}

interface CreateTopicsResponse {
  readonly topicErrors: readonly { readonly topic: string; readonly errorCode: number; readonly errorMessage: string | null }[];
}

export function createTopics(
  topics: readonly {
    readonly topic: string;
    readonly numPartitions: number;
    readonly replicationFactor: number;
    readonly configEntries: readonly { readonly name: string; readonly value: string }[];
  }[],
  timeout: number,
): ProtocolCall<CreateTopicsResponse> {
  return call('CreateTopics', 3, { topics, timeout });
}

interface DeleteTopicsResponse {
  readonly topicErrors: readonly { readonly topic: string; readonly errorCode: number }[];
}

export function deleteTopics(topics: readonly string[], timeout: number): ProtocolCall<DeleteTopicsResponse> {
  return call('DeleteTopics', 1, { topics, timeout });
}

interface DescribeConfigsResponse {
  readonly resources: readonly {
    readonly errorCode: number;
    readonly resourceName: string;
    readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null; readonly configSource: number }[];
  }[];
}

const TOPIC_RESOURCE = 2;

export function describeTopicConfigs(topics: readonly string[]): ProtocolCall<DescribeConfigsResponse> {
  return call('DescribeConfigs', 2, { resources: topics.map((name) => ({ type: TOPIC_RESOURCE, name })) });
}

interface AlterConfigsResponse {
  readonly resources: readonly { readonly errorCode: number; readonly errorMessage: string | null }[];
}

/** All that is set for the topic itself is replaced. */
export function alterTopicConfig(topic: string, config: Readonly<Record<string, string>>): ProtocolCall<AlterConfigsResponse> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  return call('AlterConfigs', 1, { resources: [{ type: TOPIC_RESOURCE, name: topic, configEntries }] });
}

const BROKER_RESOURCE = 4;

/** Must be sent to that broker. */
export function describeBrokerConfig(nodeId: number): ProtocolCall<DescribeConfigsResponse> {
  return call('DescribeConfigs', 2, { resources: [{ type: BROKER_RESOURCE, name: String(nodeId) }] });
}

interface DeleteRecordsResponse {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}

export function deleteRecords(topic: string, partition: number, offset: number, timeout: number): ProtocolCall<DeleteRecordsResponse> {
  return call('DeleteRecords', 1, { topics: [{ topic, partitions: [{ partition, offset }] }], timeout });
}

export function offsetFetch(parameters: OffsetFetchParameters): ProtocolCall<OffsetFetchResult> {
  return call('OffsetFetch', 7, parameters);
}

interface InitProducerIdResponse {
  readonly errorCode: number;
  readonly producerId: string;
  readonly producerEpoch: number;
}

export function initProducerId(transactionalId: string | null, transactionTimeout: number): ProtocolCall<InitProducerIdResponse> {
  return call('InitProducerId', 1, { transactionalId, transactionTimeout });
}

/** Who writes: a producer id and epoch, given by the transaction coordinator. */
export interface ProducerIdentity {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

interface AddPartitionsResponse {
  readonly errors: readonly {
    readonly topic: string;
    readonly partitionErrors: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}

export function addPartitionsToTxn(
  producer: ProducerIdentity,
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): ProtocolCall<AddPartitionsResponse> {
  return call('AddPartitionsToTxn', 1, { ...producer, topics });
}

interface ErrorResponse {
  readonly errorCode: number;
}

export function addOffsetsToTxn(producer: ProducerIdentity, groupId: string): ProtocolCall<ErrorResponse> {
  return call('AddOffsetsToTxn', 1, { ...producer, groupId });
}

export function txnOffsetCommit(parameters: TxnOffsetCommitParameters): ProtocolCall<TxnOffsetCommitResult> {
  return call('TxnOffsetCommit', 3, parameters);
}

export function endTxn(producer: ProducerIdentity, commit: boolean): ProtocolCall<ErrorResponse> {
  return call('EndTxn', 1, { ...producer, transactionResult: commit });
}

export interface JoinGroupResponse {
  readonly errorCode: number;
  readonly generationId: number;
  readonly groupProtocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  /** Only the leader is told. */
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

export function joinGroup(parameters: {
  readonly groupId: string;
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly memberId: string;
  readonly groupInstanceId: string;
  readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
}): ProtocolCall<JoinGroupResponse> {
  return call('JoinGroup', 5, { ...parameters, protocolType: 'consumer' });
}

interface DescribeGroupsResponse {
  readonly groups: readonly {
    readonly errorCode: number;
    readonly members: readonly {
      readonly memberId: string;
      readonly clientHost: string;
      readonly memberMetadata: Buffer;
      readonly memberAssignment: Buffer;
    }[];
  }[];
}

/** Must be sent to the group's coordinator. */
export function describeGroup(groupId: string): ProtocolCall<DescribeGroupsResponse> {
  return call('DescribeGroups', 2, { groupIds: [groupId] });
}

interface SyncGroupResponse {
  readonly errorCode: number;
  readonly memberAssignment: Buffer;
}

export function syncGroup(parameters: {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string;
  readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
  /** ms; the leader may take its time. */
  readonly requestTimeout: number;
}): ProtocolCall<SyncGroupResponse> {
  return { ...call<SyncGroupResponse>('SyncGroup', 3, parameters), requestTimeout: parameters.requestTimeout };
}

export function heartbeat(parameters: {
  readonly groupId: string;
  readonly groupGenerationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string;
}): ProtocolCall<ErrorResponse> {
  return call('Heartbeat', 3, parameters);
}

export function leaveGroup(groupId: string, memberId: string, groupInstanceId: string): ProtocolCall<ErrorResponse> {
  return call('LeaveGroup', 3, { groupId, memberId, groupInstanceId });
}
