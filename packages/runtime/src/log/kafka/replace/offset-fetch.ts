/**
 * Replaces `protocol/requests/offsetFetch`: adds v7, which can require stable offsets (KIP-447). With v4, stock's last, a new owner reads
 * an offset while the transaction of the previous one, which would move it, is still pending.
 *
 * ```
 * OffsetFetchRequest v7  := groupId:COMPACT_STRING [topic] requireStable:boolean TAGGED_FIELDS
 * topic                  := name:COMPACT_STRING [partition:int32] TAGGED_FIELDS
 * OffsetFetchResponse v7 := throttleMs:int32 [name:COMPACT_STRING [partition] TAGGED_FIELDS] errorCode:int16 TAGGED_FIELDS
 * partition              := partition:int32 offset:int64 leaderEpoch:int32 metadata:COMPACT_STRING errorCode:int16 TAGGED_FIELDS
 * ```
 */
import type { ProtocolCall, ProtocolResponse, RequestDefinition } from '../kafkajs-internals.js';
import { WireReader, WireWriter } from '../wire.js';
import type { Replacement } from './replacement.js';

export interface OffsetFetchParameters {
  readonly groupId: string;
  /** Empty: all of the group's, as in stock. */
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number }[] }[];
  /** Default true. */
  readonly requireStable?: boolean;
}

export interface OffsetFetchResult {
  readonly throttleTime: number;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly responses: readonly {
    readonly topic: string;
    /** An offset of -1: the group has none. */
    readonly partitions: readonly {
      readonly partition: number;
      readonly offset: string;
      readonly metadata: string | null;
      readonly errorCode: number;
    }[];
  }[];
}

/** @param parse stock's, which throws the first error that the response holds */
function offsetFetchV7(
  parse: ProtocolResponse<OffsetFetchResult>['parse'],
  parameters: OffsetFetchParameters,
): ProtocolCall<OffsetFetchResult> {
  return {
    request: { apiKey: 9, apiVersion: 7, apiName: 'OffsetFetch', encode: async () => encode(parameters) },
    response: { decode: async (raw) => decode(raw), parse },
  };
}

function encode({ groupId, topics, requireStable = true }: OffsetFetchParameters): WireWriter {
  const w = new WireWriter();
  w.noTags(); // of the header
  w.compactString(groupId);
  if (topics.length === 0) w.uvarint(0);
  else
    w.compactArray(topics, ({ topic, partitions }) =>
      w
        .compactString(topic)
        .compactArray(partitions, ({ partition }) => w.int32(partition))
        .noTags(),
    );
  return w.boolean(requireStable).noTags();
}

function decode(raw: Buffer): OffsetFetchResult {
  const r = new WireReader(raw);
  r.skipTags(); // of the header
  const clientSideThrottleTime = r.int32();
  const responses = r.compactArray(() => {
    const topic = r.compactString() ?? '';
    const partitions = r.compactArray(() => {
      const partition = r.int32();
      const offset = r.int64().toString();
      r.int32(); // leader epoch
      const metadata = r.compactString();
      const errorCode = r.int16();
      r.skipTags();
      return { partition, offset, metadata, errorCode };
    });
    r.skipTags();
    return { topic, partitions };
  });
  return { throttleTime: 0, clientSideThrottleTime, responses, errorCode: r.int16() };
}

export const offsetFetchReplacement: Replacement = {
  path: 'src/protocol/requests/offsetFetch/index.js',
  sha256: '518af17259c0ff4e7581e0384a478551dde847e25ed55f45b661d2cf50e8b5a4',
  create: ({ stock, load }) => {
    const definition = stock() as RequestDefinition;
    const { parse } = load('src/protocol/requests/offsetFetch/v4/response.js') as ProtocolResponse<OffsetFetchResult>;
    return {
      versions: [...definition.versions, '7'],
      protocol: ({ version }: { version: number }) =>
        version === 7 ? (parameters: OffsetFetchParameters) => offsetFetchV7(parse, parameters) : definition.protocol({ version }),
    };
  },
};
