/**
 * What makes each sink's topic say what its staging topic says: the rows that differ, by their bytes, and tombstones of rows that are not
 * there any more. However large the tables are, only so many bytes of rows are held at a time: where a partition has more of them, its keys
 * are taken in slices, by the leading bits of their hashes, and both topics are read once for each. A slice that turns out too large is
 * halved on the way: what is held of its other half is dropped, and has a turn of its own later.
 *
 * ```
 *   all keys ──too many──▶ 0… ──too many──▶ 00…      then 01…      then 1…
 * ```
 */
import { BatchBuilder } from '../log/batch/batch-builder.js';
import type { RecordBatch } from '../log/batch/record-batch.js';
import { records } from '../log/batch/records.js';
import type { Log, OutputBatch } from '../log/log.js';
import { murmur2 } from '../log/partitioner.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { stagingTopics } from './staging.js';

/** Bytes of rows that are held at a time, what Node needs for them included. */
const HELD_BYTES = 256 * 1024 * 1024;
/** Of a row, beside its key and value. */
const ROW_BYTES = 150;
const BATCH_BYTES = 512 * 1024;
/** Bytes that go out together. */
const PART_BYTES = 4 * 1024 * 1024;
const HASH_BITS = 32;

export interface DifferencesOptions {
  /** Sink topics that others write to, too: rows that are not ours cannot be told from those that are gone, so none is deleted. */
  readonly shared: ReadonlySet<string>;
  /** The time of tombstones, ms. */
  readonly now: number;
  /** Default: 256 MiB. */
  readonly heldBytes?: number;
}

/** In parts of some MiB. The topics must stand still, but for what is written of this. Rejects with LogError. */
export async function* tableDifferences(
  log: Log,
  plan: PhysicalPlan,
  { shared, now, heldBytes = HELD_BYTES }: DifferencesOptions,
): AsyncGenerator<readonly OutputBatch[], void, undefined> {
  for (const [topic, staging] of stagingTopics(plan)) {
    const [wanted, found] = [await log.offsets(staging), await log.offsets(topic)];
    for (const { partition, low, high } of found) {
      const range = wanted.find((each) => each.partition === partition);
      // Known before anything is written: nobody reads beyond.
      const from = {
        wanted: { topic: staging, partition, low: range?.low ?? 0, high: range?.high ?? 0 },
        found: { topic, partition, low, high },
      };
      const builder = new BatchBuilder(topic, partition, BATCH_BYTES);
      const slices: Slice[] = [{ bits: 0, prefix: 0 }];
      for (let slice = slices.pop(); slice !== undefined; slice = slices.pop()) {
        const rows = new Rows(slice, heldBytes, (other) => slices.push(other));
        await rows.read(log, from, shared.has(topic));
        for (const { key, value, timestamp } of rows.differing()) {
          const [keyBytes, valueBytes] = [Buffer.from(key, 'latin1'), value === null ? null : Buffer.from(value, 'latin1')];
          builder.append(value === null ? now : timestamp, keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes?.length ?? 0, null);
          if (builder.byteLength > PART_BYTES) yield builder.take();
        }
      }
      if (builder.count > 0) yield builder.take();
    }
  }
}

/** Keys whose hashes begin with `bits` bits that say `prefix`. */
interface Slice {
  readonly bits: number;
  readonly prefix: number;
}

interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

interface Row {
  /** As latin1, which is a byte for a byte; null: it is not to be there. */
  wanted: string | null;
  timestamp: number;
  /** Whether the sink has a row of the key. */
  found: boolean;
  /** Whether it has this one. */
  same: boolean;
}

interface Difference {
  readonly key: string;
  /** Null: the row goes. */
  readonly value: string | null;
  readonly timestamp: number;
}

/** The rows of one slice of a partition. */
class Rows {
  private readonly rows = new Map<string, Row>();
  private bytes = 0;

  constructor(
    private slice: Slice,
    private readonly heldBytes: number,
    /** Told of what is left for later. */
    private readonly onHalved: (other: Slice) => void,
  ) {}

  async read(log: Log, { wanted, found }: { readonly wanted: Range; readonly found: Range }, keep: boolean): Promise<void> {
    for await (const batch of log.read(wanted.topic, wanted.partition, wanted.low, wanted.high))
      for (const { key, value, timestamp } of this.recordsIn(batch, wanted.low)) {
        this.remove(key);
        if (value !== null) this.add(key, { wanted: value, timestamp, found: false, same: false });
      }
    for await (const batch of log.read(found.topic, found.partition, found.low, found.high))
      for (const { key, value } of this.recordsIn(batch, found.low)) {
        const row = this.rows.get(key);
        if (row !== undefined) {
          row.found = value !== null;
          row.same = value !== null && row.wanted === value;
          if (row.wanted === null && !row.found) this.remove(key);
        } else if (value !== null && !keep) this.add(key, { wanted: null, timestamp: 0, found: true, same: false });
      }
  }

  *differing(): Generator<Difference, void, undefined> {
    for (const [key, { wanted, timestamp, same }] of this.rows) if (!same) yield { key, value: wanted, timestamp };
  }

  /** Those whose keys are in the slice; records without a key are of no table. */
  private *recordsIn(
    batch: RecordBatch,
    low: number,
  ): Generator<{ readonly key: string; readonly value: string | null; readonly timestamp: number }, void, undefined> {
    for (const { key, value, timestamp } of records(batch, low))
      if (key !== null && isIn(this.slice, key)) yield { key: latin1(key), value: value === null ? null : latin1(value), timestamp };
  }

  private add(key: string, row: Row): void {
    this.rows.set(key, row);
    this.bytes += bytesOf(key, row);
    while (this.bytes > this.heldBytes && this.slice.bits < HASH_BITS && this.rows.size > 1) this.halve();
  }

  private remove(key: string): void {
    const row = this.rows.get(key);
    if (row === undefined) return;
    this.rows.delete(key);
    this.bytes -= bytesOf(key, row);
  }

  private halve(): void {
    const bits = this.slice.bits + 1;
    const prefix = this.slice.prefix * 2;
    this.slice = { bits, prefix };
    this.onHalved({ bits, prefix: prefix + 1 });
    for (const key of this.rows.keys()) if (!isIn(this.slice, Buffer.from(key, 'latin1'))) this.remove(key);
  }
}

/** Leading bits: where partitions are a power of two the last ones are the same in all of a partition. */
function isIn({ bits, prefix }: Slice, key: Uint8Array): boolean {
  return bits === 0 || murmur2(key) >>> (HASH_BITS - bits) === prefix;
}

function bytesOf(key: string, { wanted }: Row): number {
  return key.length + (wanted?.length ?? 0) + ROW_BYTES;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
