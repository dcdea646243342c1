/**
 * Sends sealed batches: one per partition in a request, several partitions together, a partition's batches in order, and one request at a
 * time for each broker. With a sequence number for each batch a repetition is recognised by the broker and written once.
 */
import type { Compression } from '../batch/compression.js';
import { compressBatch, sealBatch } from '../batch/seal.js';
import { type OutputBatch, tpKey } from '../log.js';
import type { Brokers } from './brokers.js';
import { BrokerError, CODE, check } from './errors.js';
import { byTopic, toOffset } from './offsets.js';
import { produce } from './requests.js';
import { type Deadline, retry } from './retry.js';

/** Bytes of batches in a request; brokers take 100 MiB by default. */
const REQUEST_BYTES = 8 * 1024 * 1024;
const MAX_SEQUENCE = 0x7fff_ffff;

/** A producer as batches name it. */
export interface Writer {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Null: not transactional. */
  readonly transactionalId: string | null;
}

/** The next sequence number of each partition; they begin at 0 with each producer epoch and wrap at 2^31. */
export class Sequences {
  private readonly next = new Map<string, number>();

  /** The first number for `count` records. */
  take(key: string, count: number): number {
    const first = this.next.get(key) ?? 0;
    this.next.set(key, (first + count) % (MAX_SEQUENCE + 1));
    return first;
  }
}

interface Sealed {
  readonly index: number;
  readonly topic: string;
  readonly partition: number;
  readonly batch: Uint8Array;
  /** Before packing. */
  readonly bytes: number;
  readonly recordCount: number;
}

/** A batch is larger than its topic's `max.message.bytes`. */
export class TooLarge extends BrokerError {
  constructor(readonly output: Pick<OutputBatch, 'topic' | 'partition' | 'recordCount'> & { readonly bytes: number }) {
    super(CODE.MESSAGE_TOO_LARGE, `writing ${output.bytes} bytes to ${tpKey(output.topic, output.partition)}`);
  }
}

/**
 * Packs and seals `outputs` with their sequence numbers. Stamped in place where nothing is packed: the caller's bytes are ours now.
 */
export async function sealOutputs(
  outputs: readonly OutputBatch[],
  writer: Writer,
  sequences: Sequences,
  compression: Compression,
): Promise<Sealed[]> {
  const sealed: Sealed[] = [];
  for (const [index, { topic, partition, batch, recordCount }] of outputs.entries()) {
    const packed = compression === 'none' ? batch : await compressBatch(batch, compression);
    sealBatch(packed, {
      producerId: writer.producerId,
      producerEpoch: writer.producerEpoch,
      baseSequence: sequences.take(tpKey(topic, partition), recordCount),
      transactional: writer.transactionalId !== null,
    });
    sealed.push({ index, topic, partition, batch: packed, bytes: batch.length, recordCount });
  }
  return sealed;
}

/**
 * Writes all of them; the result has the offset that each one's first record got. Rejects with BrokerError or ConnectionError when not all
 * are certainly written within the deadline; those that could be are.
 */
export async function produceSealed(brokers: Brokers, sealed: readonly Sealed[], writer: Writer, deadline: Deadline): Promise<number[]> {
  const baseOffsets = new Array<number>(sealed.length).fill(-1);
  for (let rest = [...sealed]; rest.length > 0;) {
    const round = new Map<string, Sealed>();
    const later: Sealed[] = [];
    for (const output of rest) {
      const key = tpKey(output.topic, output.partition);
      if (round.has(key)) later.push(output);
      else round.set(key, output);
    }
    await produceRound(brokers, round, writer, deadline, baseOffsets);
    rest = later;
  }
  return baseOffsets;
}

/** One batch for each partition; what is answered leaves `round`, so that a repetition sends only the others. */
async function produceRound(
  brokers: Brokers,
  round: Map<string, Sealed>,
  writer: Writer,
  deadline: Deadline,
  baseOffsets: number[],
): Promise<void> {
  const topics = [...new Set([...round.values()].map(({ topic }) => topic))];
  await retry(
    deadline,
    async () => {
      const byLeader = new Map<number, Sealed[]>();
      for (const output of round.values()) {
        const leader = await brokers.leader(output.topic, output.partition);
        const batches = byLeader.get(leader);
        if (batches === undefined) byLeader.set(leader, [output]);
        else batches.push(output);
      }
      const results = await Promise.allSettled(
        [...byLeader].map(async ([leader, outputs]) => {
          for (const request of cut(outputs)) await produceRequest(brokers, leader, request, writer, round, baseOffsets);
        }),
      );
      const failed = results.filter((result): result is PromiseRejectedResult => result.status === 'rejected');
      // What cannot pass decides, whichever broker said it.
      const worst = failed.find(({ reason }) => !(reason as { retriable?: boolean }).retriable) ?? failed.at(0);
      if (worst !== undefined) throw worst.reason;
    },
    (error) => brokers.forget(error, ...topics),
  );
}

function* cut(outputs: readonly Sealed[]): Generator<Sealed[], void, undefined> {
  let request: Sealed[] = [];
  let bytes = 0;
  for (const output of outputs) {
    if (request.length > 0 && bytes + output.batch.length > REQUEST_BYTES) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(output);
    bytes += output.batch.length;
  }
  if (request.length > 0) yield request;
}

async function produceRequest(
  brokers: Brokers,
  leader: number,
  outputs: readonly Sealed[],
  writer: Writer,
  round: Map<string, Sealed>,
  baseOffsets: number[],
): Promise<void> {
  const { topics } = await brokers.send(
    leader,
    produce({
      acks: -1,
      timeout: brokers.settings.requestTimeoutMs,
      transactionalId: writer.transactionalId,
      topicData: byTopic(outputs, ({ partition, batch }) => ({ partition, batch })),
    }),
  );
  let failure: BrokerError | undefined;
  for (const { topicName, partitions } of topics)
    for (const { partition, errorCode, baseOffset } of partitions) {
      const key = tpKey(topicName, partition);
      const output = round.get(key);
      if (output === undefined) continue;
      if (errorCode === CODE.NONE && toOffset(baseOffset) >= 0) {
        baseOffsets[output.index] = toOffset(baseOffset);
        round.delete(key);
      } else {
        // A repetition that the broker remembers has succeeded already, but older than its last five batches it no longer knows where.
        const error = errorCode === CODE.MESSAGE_TOO_LARGE ? new TooLarge(output) : new BrokerError(errorCode, `writing to ${key}`);
        if (failure === undefined || !error.retriable) failure = error;
      }
    }
  if (failure !== undefined) throw failure;
  // KafkaJS #22: an answer may leave partitions out.
  for (const { topic, partition } of outputs)
    if (round.has(tpKey(topic, partition))) check(-1, `writing to ${tpKey(topic, partition)}`, 'the answer does not name the partition');
}
