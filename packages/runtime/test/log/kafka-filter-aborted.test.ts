/** `consumer/filterAbortedMessages` beside stock, on logs of interleaved transactions. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { type BatchView, parseBatches } from '../../src/log/batch/batch-reader.js';
import { ATTRIBUTES, CONTROL, readInt16, writeInt16 } from '../../src/log/batch/layout.js';
import { sealBatch } from '../../src/log/batch/seal.js';
import { kafkaJsFolder } from '../../src/log/kafka/load-kafkajs.js';
import { BatchMessage } from '../../src/log/kafka/replace/decode-messages.js';
import { type AbortedTransaction, filterAbortedMessages } from '../../src/log/kafka/replace/filter-aborted-messages.js';

interface StockMessage {
  readonly offset: string;
  readonly key: Buffer;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

type StockFilter = (input: {
  messages: readonly StockMessage[];
  abortedTransactions: readonly AbortedTransaction[];
}) => readonly StockMessage[];

const stockFilter = createRequire(join(kafkaJsFolder(), 'package.json'))('./src/consumer/filterAbortedMessages.js') as StockFilter;

const ABORT_KEY = Buffer.from([0, 0, 0, 0]);
const COMMIT_KEY = Buffer.from([0, 0, 0, 1]);

function batch(baseOffset: number, producerId: number, key: Buffer, records: number, transactional: boolean, control = false): BatchView {
  const builder = new BatchBuilder('t', 0);
  for (let i = 0; i < records; i++) builder.append(1, key, 0, key.length, key, 0, key.length, null);
  const bytes = builder.take()[0].batch;
  if (control) writeInt16(bytes, ATTRIBUTES, readInt16(bytes, ATTRIBUTES) | CONTROL);
  return parseBatches(
    sealBatch(bytes, { baseOffset, producerId: BigInt(producerId), producerEpoch: 0, baseSequence: 0, transactional }),
  )[0];
}

interface Log {
  readonly batches: readonly BatchView[];
  /** First offsets of aborted batches. */
  readonly aborted: ReadonlySet<number>;
  readonly transactions: readonly (AbortedTransaction & { readonly end: number })[];
}

type Step = readonly ['write' | 'plain' | 'commit' | 'abort', producer: number, records: number, zeroKey: boolean];

/** Plays the steps as a broker would write them. */
function play(steps: readonly Step[]): Log {
  const batches: BatchView[] = [];
  const aborted = new Set<number>();
  const transactions: (AbortedTransaction & { end: number })[] = [];
  const open = new Map<number, number[]>();
  let offset = 0;
  const append = (...parameters: [number, Buffer, number, boolean, boolean?]): void => {
    batches.push(batch(offset, ...parameters));
    offset += parameters[2];
  };
  for (const [what, producer, records, zeroKey] of steps) {
    const key = zeroKey ? ABORT_KEY : Buffer.from(`key ${producer}`);
    if (what === 'plain') append(100 + producer, key, records, false);
    else if (what === 'write') {
      open.set(producer, [...(open.get(producer) ?? []), offset]);
      append(producer, key, records, true);
    } else if (open.has(producer)) {
      const written = open.get(producer)!;
      open.delete(producer);
      if (what === 'abort') {
        for (const base of written) aborted.add(base);
        transactions.push({ producerId: String(producer), firstOffset: String(written[0]), end: offset });
      }
      append(producer, what === 'abort' ? ABORT_KEY : COMMIT_KEY, 1, true, true);
    }
  }
  // Transactions that are still open are beyond the last stable offset.
  const stable = Math.min(offset, ...[...open.values()].map((written) => written[0]));
  return { batches: batches.filter((view) => view.baseOffset < stable), aborted, transactions };
}

/** What a fetch from `from` has, and what of it should be left. */
function fetched(log: Log, from: number): { messages: BatchMessage[]; abortedTransactions: AbortedTransaction[]; expected: number[] } {
  const batches = log.batches.filter((view) => view.lastOffset >= from);
  return {
    messages: batches.map((view) => new BatchMessage(view)),
    // The broker lists those that end at or after the offset, by where they end.
    abortedTransactions: log.transactions.filter(({ end }) => end >= from),
    expected: batches.filter((view) => view.isControl || !log.aborted.has(view.baseOffset)).map((view) => view.baseOffset),
  };
}

const bases = (messages: readonly BatchMessage[]): number[] => messages.map(({ batch: view }) => view.baseOffset);

function stockBases(messages: readonly BatchMessage[], abortedTransactions: readonly AbortedTransaction[]): number[] {
  const flat = messages.flatMap(({ batch: view, batchContext }) => {
    const keyLength = view.bytes[view.start + 4] >> 1; // length, attributes, two deltas of one byte each here
    const key = Buffer.from(view.bytes.subarray(view.start + 5, view.start + 5 + keyLength));
    return Array.from({ length: view.recordCount }, (_, i) => ({
      offset: String(view.baseOffset + i),
      base: view.baseOffset,
      key,
      batchContext,
    }));
  });
  return [...new Set(stockFilter({ messages: flat, abortedTransactions }).map((message) => (message as (typeof flat)[number]).base))];
}

const step = fc.tuple(
  fc.constantFrom('write' as const, 'write' as const, 'plain' as const, 'commit' as const, 'abort' as const),
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 5 }),
  fc.constant(false),
);

describe('consumer/filterAbortedMessages', () => {
  test('without aborted transactions everything stays, as in stock', () => {
    const { messages } = fetched(
      play([
        ['write', 1, 2, false],
        ['commit', 1, 0, false],
      ]),
      0,
    );
    expect(filterAbortedMessages({ messages, abortedTransactions: [] })).toBe(messages);
    expect(filterAbortedMessages({ messages, abortedTransactions: null })).toBe(messages);
  });

  test('one transaction after the other: as stock', () => {
    const log = play([
      ['write', 1, 2, false],
      ['abort', 1, 0, false],
      ['write', 1, 3, false],
      ['commit', 1, 0, false],
      ['write', 2, 1, false],
      ['abort', 2, 0, false],
    ]);
    const { messages, abortedTransactions, expected } = fetched(log, 0);
    expect(bases(filterAbortedMessages({ messages, abortedTransactions }))).toEqual(expected);
    expect(stockBases(messages, abortedTransactions)).toEqual(expected);
  });

  test('interleaved ones, the list not in order of first offsets: stock leaks', () => {
    const log = play([
      ['write', 1, 2, false],
      ['write', 2, 2, false],
      ['abort', 2, 0, false],
      ['abort', 1, 0, false],
    ]);
    const { messages, abortedTransactions, expected } = fetched(log, 0);
    expect(abortedTransactions.map(({ firstOffset }) => firstOffset)).toEqual(['2', '0']);
    expect(bases(filterAbortedMessages({ messages, abortedTransactions }))).toEqual(expected);
    expect(stockBases(messages, abortedTransactions)).not.toEqual(expected);
  });

  test('a user’s key of four zero bytes is no marker: stock leaks', () => {
    const log = play([
      ['write', 1, 1, true],
      ['write', 1, 1, false],
      ['abort', 1, 0, false],
    ]);
    const { messages, abortedTransactions, expected } = fetched(log, 0);
    expect(bases(filterAbortedMessages({ messages, abortedTransactions }))).toEqual(expected);
    expect(stockBases(messages, abortedTransactions)).not.toEqual(expected);
  });

  test('right for any interleaving, from any offset', () => {
    let stockWrong = 0;
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 4, maxLength: 40 }), (steps) => {
        const log = play(steps);
        for (const view of log.batches) {
          const { messages, abortedTransactions, expected } = fetched(log, view.baseOffset);
          expect(bases(filterAbortedMessages({ messages, abortedTransactions }))).toEqual(expected);
          total++;
          if (JSON.stringify(stockBases(messages, abortedTransactions)) !== JSON.stringify(expected)) stockWrong++;
        }
      }),
      { numRuns: 3000 },
    );
    expect(total).toBeGreaterThan(500);
    expect(stockWrong).toBeGreaterThan(0); // else the replacement is no longer needed
  });
});
