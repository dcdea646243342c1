/**
 * Replaces `protocol/requests/txnOffsetCommit`: adds v3, which says on whose behalf offsets are committed (KIP-447). With v1, stock's last,
 * a worker that has lost its partitions still commits their offsets; with v3 it gets UNKNOWN_MEMBER_ID or ILLEGAL_GENERATION.
 *
 * ```
 * TxnOffsetCommitRequest v3  := transactionalId:COMPACT_STRING groupId:COMPACT_STRING producerId:int64 producerEpoch:int16
 *                               generationId:int32 memberId:COMPACT_STRING groupInstanceId:COMPACT_STRING [topic] TAGGED_FIELDS
 * topic                      := name:COMPACT_STRING [partition] TAGGED_FIELDS
 * partition                  := partition:int32 offset:int64 leaderEpoch:int32 metadata:COMPACT_STRING TAGGED_FIELDS
 * TxnOffsetCommitResponse v3 := throttleMs:int32 [name:COMPACT_STRING [partition:int32 errorCode:int16 TAGGED_FIELDS] TAGGED_FIELDS]
 *                               TAGGED_FIELDS
 * ```
 */
import type { ProtocolCall, ProtocolResponse, RequestDefinition } from '../kafkajs-internals.js';
import { WireReader, WireWriter } from '../wire.js';
import type { Replacement } from './replacement.js';

export interface TxnOffsetCommitParameters {
  readonly transactionalId: string;
  readonly groupId: string;
  readonly producerId: bigint | number | string;
  readonly producerEpoch: number;
  /** Default -1, no group member: nobody is fenced. */
  readonly generationId?: number;
  readonly memberId?: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly offset: number | string; readonly metadata?: string | null }[];
  }[];
}

export interface TxnOffsetCommitResult {
  readonly throttleTime: number;
  readonly clientSideThrottleTime: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}

/** @param parse stock's, which throws the first error that the response holds */
function txnOffsetCommitV3(
  parse: ProtocolResponse<TxnOffsetCommitResult>['parse'],
  parameters: TxnOffsetCommitParameters,
): ProtocolCall<TxnOffsetCommitResult> {
  return {
    request: { apiKey: 28, apiVersion: 3, apiName: 'TxnOffsetCommit', encode: async () => encode(parameters) },
    response: { decode: async (raw) => decode(raw), parse },
  };
}

function encode(p: TxnOffsetCommitParameters): WireWriter {
  const w = new WireWriter();
  w.noTags(); // of the header
  w.compactString(p.transactionalId).compactString(p.groupId).int64(BigInt(p.producerId)).int16(p.producerEpoch);
  w.int32(p.generationId ?? -1)
    .compactString(p.memberId ?? '')
    .compactString(null);
  w.compactArray(p.topics, ({ topic, partitions }) => {
    w.compactString(topic).compactArray(partitions, ({ partition, offset, metadata }) =>
      w
        .int32(partition)
        .int64(BigInt(offset))
        .int32(-1)
        .compactString(metadata ?? null)
        .noTags(),
    );
    w.noTags();
  });
  return w.noTags();
}

function decode(raw: Buffer): TxnOffsetCommitResult {
  const r = new WireReader(raw);
  r.skipTags(); // of the header
  const clientSideThrottleTime = r.int32();
  const topics = r.compactArray(() => {
    const topic = r.compactString() ?? '';
    const partitions = r.compactArray(() => {
      const partition = { partition: r.int32(), errorCode: r.int16() };
      r.skipTags();
      return partition;
    });
    r.skipTags();
    return { topic, partitions };
  });
  return { throttleTime: 0, clientSideThrottleTime, topics };
}

export const txnOffsetCommitReplacement: Replacement = {
  path: 'src/protocol/requests/txnOffsetCommit/index.js',
  sha256: 'de987fd8224548533d44ff0779a3e71146932d27ab18979bc02592f347c85634',
  create: ({ stock, load }) => {
    const definition = stock() as RequestDefinition;
    const { parse } = load('src/protocol/requests/txnOffsetCommit/v1/response.js') as ProtocolResponse<TxnOffsetCommitResult>;
    return {
      versions: [...definition.versions, '3'],
      protocol: ({ version }: { version: number }) =>
        version === 3 ? (parameters: TxnOffsetCommitParameters) => txnOffsetCommitV3(parse, parameters) : definition.protocol({ version }),
    };
  },
};
