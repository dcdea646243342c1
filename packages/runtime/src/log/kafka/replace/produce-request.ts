/**
 * Replaces `protocol/requests/produce/v3/request` (v4-v7 use it too): a partition may come as one sealed v2 batch (`batch`) instead of
 * messages. It goes out as it is, where stock would make an object and a 512-byte buffer for each record.
 *
 * ```
 * ProduceRequest v3..v7 := transactionalId:STRING acks:int16 timeoutMs:int32 [topic]
 * topic                 := name:STRING [partition:int32 size:int32 batch]
 * ```
 */
import type { EncodedBody, ProtocolRequest } from '../kafkajs-internals.js';
import { WireWriter } from '../wire.js';
import type { Replacement } from './replacement.js';

export interface ProduceParameters {
  readonly acks: number;
  /** ms */
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly batch?: Uint8Array; readonly messages?: readonly unknown[] }[];
  }[];
}

type RequestMaker = (parameters: ProduceParameters) => ProtocolRequest;

/** The request, by `stock` where there are messages to encode. */
function produceRequest(stock: () => RequestMaker, parameters: ProduceParameters): ProtocolRequest {
  const sealed = parameters.topicData.every(({ partitions }) => partitions.every(({ batch }) => batch !== undefined));
  if (!sealed) return stock()(parameters);
  return {
    apiKey: 0,
    apiVersion: 3,
    apiName: 'Produce',
    expectResponse: () => parameters.acks !== 0,
    encode: async () => encodeSealed(parameters),
  };
}

function encodeSealed({ acks, timeout, transactionalId, topicData }: ProduceParameters): EncodedBody {
  let capacity = 64 + (transactionalId?.length ?? 0) * 3;
  for (const { topic, partitions } of topicData) {
    capacity += 6 + topic.length * 3;
    for (const { batch } of partitions) capacity += 8 + batch!.length;
  }
  const writer = new WireWriter(capacity);
  writer
    .string(transactionalId ?? null)
    .int16(acks)
    .int32(timeout);
  return writer.array(topicData, ({ topic, partitions }) =>
    writer.string(topic).array(partitions, ({ partition, batch }) => writer.int32(partition).int32(batch!.length).bytes(batch!)),
  );
}

export const produceRequestReplacement: Replacement = {
  path: 'src/protocol/requests/produce/v3/request.js',
  sha256: '993a3db997827088f5acb08cacf3c67a99ec2886303ff465d244329b8a1c7f99',
  create:
    ({ stock }) =>
    (parameters: ProduceParameters) =>
      produceRequest(stock as () => RequestMaker, parameters),
};
