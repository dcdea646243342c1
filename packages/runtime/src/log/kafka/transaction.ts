/**
 * The transactional producer of one member.
 *
 * ```
 *   AddPartitionsToTxn ┐                Produce (each leader)      ┐
 *   AddOffsetsToTxn    ┴ coordinator ─▶ TxnOffsetCommit v3 (group) ┴─▶ EndTxn
 * ```
 * Until EndTxn is sent a failure aborts. After that only an answer tells: while one may still be on its way EndTxn is repeated, which the
 * coordinator takes as the same request, since nothing new begins under this producer epoch. And once one was in doubt, or any request to a
 * coordinator stayed without an answer, the epoch is given up: a delayed EndTxn cannot end a later transaction, and delayed offsets, which
 * would win over those of a later one, are refused.
 */
import { messageOf } from '@rta/dsl/message-of';
import type { Compression } from '../batch/compression.js';
import { BatchTooLargeError, type CommitRequest, type IdleOutputs, LogError, type OutputBatch } from '../log.js';
import type { Brokers } from './brokers.js';
import { BrokerError, CODE, ConnectionError, check, isCode, isRetriable, toLogError } from './errors.js';
import type { Generation } from './group.js';
import { byTopic } from './offsets.js';
import { produceSealed, sealOutputs, Sequences, TooLarge, type Writer } from './produce.js';
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  describeBrokerConfig,
  endTxn,
  initProducerId,
  type ProducerIdentity,
  txnOffsetCommit,
} from './requests.js';
import { backoffMs, type Deadline, retry } from './retry.js';
import { setTimeout as sleep } from 'node:timers/promises';

/** The coordinator did not try this partition, since another one failed. */
const OPERATION_NOT_ATTEMPTED = 55;
/** Definite: the coordinator has not looked at the transaction. Any other error of EndTxn may follow a write that takes effect later. */
const UNTOUCHED: readonly number[] = [CODE.CONCURRENT_TRANSACTIONS, 14];
/** ms for an abort that is only good manners: the next InitProducerId, or the timeout, ends the transaction too. */
const ABORT_MS = 3_000;

export interface TransactionOptions {
  readonly transactionalId: string;
  readonly group: string;
  /** ms after which the coordinator aborts a transaction by itself. */
  readonly timeoutMs: number;
  readonly compression: Compression;
}

export type Offsets = CommitRequest['offsets'];

export class TransactionalProducer {
  private identity: ProducerIdentity | undefined;
  private sequences = new Sequences();
  /** A request under this epoch was not answered: it may be done at any time. */
  private unanswered = false;

  constructor(
    private readonly brokers: Brokers,
    private readonly options: TransactionOptions,
  ) {}

  /** A new producer epoch: whoever has this transactional id so far is fenced, and its open transaction aborted. */
  async init(deadline: Deadline): Promise<void> {
    const { transactionalId, timeoutMs } = this.options;
    this.identity = await this.atCoordinator('transaction', deadline, async (coordinator) => {
      const { errorCode, producerId, producerEpoch } = await this.brokers.send(coordinator, initProducerId(transactionalId, timeoutMs));
      if (errorCode === INVALID_TRANSACTION_TIMEOUT) throw await this.timeoutRefused(coordinator);
      check(errorCode, `becoming producer ${transactionalId}`);
      return { transactionalId, producerId, producerEpoch };
    });
    this.sequences = new Sequences();
    this.unanswered = false;
  }

  /** The error that names both timeouts, where the broker lets its own be read. */
  private async timeoutRefused(coordinator: number): Promise<LogError> {
    const { resources } = await this.brokers.send(coordinator, describeBrokerConfig(coordinator));
    const max = resources.flatMap((r) => r.configEntries).find((entry) => entry.configName === 'transaction.max.timeout.ms')?.configValue;
    const than = `the brokers' transaction.max.timeout.ms${max === undefined || max === null ? '' : ` (${max} ms)`}`;
    return new LogError(
      'configuration',
      `a transaction timeout of ${this.options.timeoutMs} ms is above ${than}: choose a shorter one, or raise theirs`,
      false,
    );
  }

  /**
   * Commits all or nothing; the result has the offset of each output's first record. Parts must all be there before the transaction times
   * out. Rejects with `fenced`, `aborted` or `unknown`.
   */
  async commit(outputs: IdleOutputs, offsets: Offsets, generation: Generation): Promise<number[]> {
    let deadline = this.brokers.deadline(this.options.timeoutMs);
    let baseOffsets: number[] = [];
    try {
      if (this.identity === undefined) await this.init(deadline);
      const identity = this.identity!;
      if (Symbol.asyncIterator in outputs) {
        for await (const part of outputs)
          if (part.length > 0) baseOffsets = baseOffsets.concat(await this.write(identity, part, [], generation, this.brokers.deadline()));
        deadline = this.brokers.deadline();
        await this.write(identity, [], offsets, generation, deadline);
      } else baseOffsets = await this.write(identity, outputs, offsets, generation, deadline);
    } catch (error) {
      await this.abort(error);
      throw notCommitted(error);
    }
    await this.end(this.identity!, deadline);
    return baseOffsets;
  }

  private async write(
    identity: ProducerIdentity,
    outputs: readonly OutputBatch[],
    offsets: Offsets,
    generation: Generation,
    deadline: Deadline,
  ): Promise<number[]> {
    const writer: Writer = {
      producerId: BigInt(identity.producerId),
      producerEpoch: identity.producerEpoch,
      transactionalId: identity.transactionalId,
    };
    // Sealing comes first: the coordinator hears of a transaction only when it is ready to be written. It is synchronous unless packing.
    const sealed = await sealOutputs(outputs, writer, this.sequences, this.options.compression);
    const added: Promise<unknown>[] = [];
    if (outputs.length > 0) added.push(this.addPartitions(identity, outputs, deadline));
    if (offsets.length > 0) added.push(this.addOffsets(identity, deadline));
    await allOf(added);
    const written = produceSealed(this.brokers, sealed, writer, deadline);
    const committed = offsets.length > 0 ? this.commitOffsets(identity, offsets, generation, deadline) : Promise.resolve();
    await allOf([written, committed]);
    return written;
  }

  private async addPartitions(identity: ProducerIdentity, outputs: readonly OutputBatch[], deadline: Deadline): Promise<void> {
    const topics = byTopic(outputs, ({ partition }) => partition).map(({ topic, partitions }) => ({
      topic,
      partitions: [...new Set(partitions)],
    }));
    await this.atCoordinator('transaction', deadline, async (coordinator) => {
      const { errors } = await this.brokers.send(coordinator, addPartitionsToTxn(identity, topics));
      const failed = errors
        .flatMap(({ topic, partitionErrors }) => partitionErrors.map((error) => ({ topic, ...error })))
        .filter(({ errorCode }) => errorCode !== CODE.NONE);
      const decisive = failed.find(({ errorCode }) => errorCode !== OPERATION_NOT_ATTEMPTED) ?? failed.at(0);
      if (decisive !== undefined) check(decisive.errorCode, `adding ${decisive.topic}-${decisive.partition} to the transaction`);
    });
  }

  private async addOffsets(identity: ProducerIdentity, deadline: Deadline): Promise<void> {
    await this.atCoordinator('transaction', deadline, async (coordinator) => {
      const { errorCode } = await this.brokers.send(coordinator, addOffsetsToTxn(identity, this.options.group));
      check(errorCode, `adding the offsets of group ${this.options.group} to the transaction`);
    });
  }

  private async commitOffsets(identity: ProducerIdentity, offsets: Offsets, generation: Generation, deadline: Deadline): Promise<void> {
    const groupId = this.options.group;
    const topics = byTopic(offsets, ({ partition, offset, metadata }) => ({ partition, offset, metadata }));
    await this.atCoordinator('group', deadline, async (coordinator) => {
      // Beside the outputs, not behind them: on the other connection.
      const answer = await this.brokers.send(coordinator, txnOffsetCommit({ ...identity, ...generation, groupId, topics }), 'group');
      for (const { topic, partitions } of answer.topics)
        for (const { partition, errorCode } of partitions)
          check(errorCode, `committing the offset of group ${groupId} in ${topic}-${partition}`);
    });
  }

  private async end(identity: ProducerIdentity, deadline: Deadline): Promise<void> {
    const what = `committing transaction of ${identity.transactionalId}`;
    let doubt = false;
    for (let attempt = 1; ; attempt++) {
      let asked = false;
      try {
        const coordinator = await this.brokers.coordinator('transaction', identity.transactionalId);
        asked = true;
        const { errorCode } = await this.brokers.send(coordinator, endTxn(identity, true));
        check(errorCode, what);
        if (doubt || this.unanswered) this.identity = undefined;
        return;
      } catch (error) {
        // Once in doubt, only success tells: a refusal may be due to what came after our transaction was committed.
        if (asked && mayTakeEffect(error)) doubt = true;
        const pause = isCode(error, CODE.CONCURRENT_TRANSACTIONS) ? 3 : backoffMs(attempt);
        if (!isRetriable(error) || deadline.remainingMs <= pause) {
          this.identity = undefined;
          if (doubt) throw new LogError('unknown', `${what}: ${messageOf(error)}`, true, { cause: error });
          throw notCommitted(error);
        }
        this.brokers.forget(error);
        await sleep(pause);
      }
    }
  }

  /** Ends what has been begun, so that readers are not held up until the timeout; a failure to do so only costs that time. */
  private async abort(cause: unknown): Promise<void> {
    const identity = this.identity;
    this.identity = undefined;
    if (identity === undefined || isCode(cause, CODE.INVALID_PRODUCER_EPOCH, 90)) return;
    try {
      await this.atCoordinator('transaction', this.brokers.deadline(ABORT_MS), async (coordinator) => {
        const { errorCode } = await this.brokers.send(coordinator, endTxn(identity, false));
        // Nothing had been begun.
        if (errorCode !== INVALID_TXN_STATE) check(errorCode, `aborting the transaction of ${identity.transactionalId}`);
      });
    } catch (error) {
      this.brokers.warn(messageOf(error));
    }
  }

  private atCoordinator<T>(type: 'group' | 'transaction', deadline: Deadline, work: (coordinator: number) => Promise<T>): Promise<T> {
    const key = type === 'group' ? this.options.group : this.options.transactionalId;
    return retry(
      deadline,
      async () => work(await this.brokers.coordinator(type, key)),
      (error) => {
        if (error instanceof ConnectionError && error.sent) this.unanswered = true;
        this.brokers.forget(error);
      },
    );
  }
}

const INVALID_TXN_STATE = 48;
const INVALID_TRANSACTION_TIMEOUT = 50;

/** Whether EndTxn, having failed so, may still be done, now or later. */
function mayTakeEffect(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.sent;
  return error instanceof BrokerError && ((error.retriable && !UNTOUCHED.includes(error.code)) || error.code === -1);
}

function notCommitted(error: unknown): LogError {
  if (error instanceof BrokerError && error.fenced) return toLogError(error) as LogError;
  if (error instanceof TooLarge) {
    const { topic, bytes, recordCount } = error.output;
    return new BatchTooLargeError(error.message, topic, bytes, recordCount, { cause: error });
  }
  const retriable = isRetriable(error) || (error instanceof LogError && error.retriable);
  return new LogError('aborted', messageOf(error), retriable, { cause: error });
}

/** Waits for all of them, so that nothing is under way any more, then throws what cannot pass, or else the first failure. */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  const failures: unknown[] = (await Promise.allSettled(work))
    .filter((result): result is PromiseRejectedResult => result.status === 'rejected')
    .map(({ reason }) => reason as unknown);
  if (failures.length > 0) throw failures.find((failure) => failure instanceof BrokerError && failure.fenced) ?? failures[0];
}
