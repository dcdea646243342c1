/** Writing without a group and without transactions: generators, tests. Idempotent, so that a repetition is not written twice. */
import type { Compression } from '../batch/compression.js';
import type { CommitResult, OutputBatch } from '../log.js';
import type { Brokers } from './brokers.js';
import { check } from './errors.js';
import { produceSealed, sealOutputs, Sequences, type Writer } from './produce.js';
import { initProducerId } from './requests.js';

export class Appender {
  private writer: { readonly identity: Writer; readonly sequences: Sequences } | undefined;
  /** Calls take turns: sequence numbers must arrive in order. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly brokers: Brokers,
    private readonly compression: Compression,
  ) {}

  append(outputs: readonly OutputBatch[]): Promise<CommitResult> {
    const turn = this.last.then(() => this.write(outputs));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async write(outputs: readonly OutputBatch[]): Promise<CommitResult> {
    if (outputs.length === 0) return { baseOffsets: [] };
    const { identity, sequences } = (this.writer ??= { identity: await this.init(), sequences: new Sequences() });
    try {
      const sealed = await sealOutputs(outputs, identity, sequences, this.compression);
      return { baseOffsets: await produceSealed(this.brokers, sealed, identity, this.brokers.deadline()) };
    } catch (error) {
      // Sequence numbers may have gaps now: begin anew as another producer.
      this.writer = undefined;
      throw error;
    }
  }

  private async init(): Promise<Writer> {
    return this.brokers.retrying([], async () => {
      const { errorCode, producerId, producerEpoch } = await this.brokers.sendAny(initProducerId(null, 60_000));
      check(errorCode, 'asking for a producer id');
      return { producerId: BigInt(producerId), producerEpoch, transactionalId: null };
    });
  }
}
