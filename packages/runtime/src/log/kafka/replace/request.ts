/**
 * Replaces `protocol/request`: the frame is made in one buffer of the right size; stock zeroes and copies the body through three.
 *
 * ```
 * frame := size:int32 apiKey:int16 apiVersion:int16 correlationId:int32 clientId:STRING body
 * ```
 */
import type { ProtocolRequest } from '../kafkajs-internals.js';
import { WireWriter } from '../wire.js';
import type { Replacement } from './replacement.js';

/** The bytes to send, as `buffer`. */
export async function createRequest({
  correlationId,
  clientId,
  request,
}: {
  correlationId: number;
  clientId: string;
  request: Pick<ProtocolRequest, 'apiKey' | 'apiVersion' | 'encode'>;
}): Promise<WireWriter> {
  const body = (await request.encode()).buffer;
  const size = 10 + Buffer.byteLength(clientId) + body.length;
  return new WireWriter(4 + size)
    .int32(size)
    .int16(request.apiKey)
    .int16(request.apiVersion)
    .int32(correlationId)
    .string(clientId)
    .bytes(body);
}

export const requestReplacement: Replacement = {
  path: 'src/protocol/request.js',
  sha256: '2270900ca6474026c11957fe71ac586881985460ed2554db22ad8870dcaff634',
  create: () => createRequest,
};
