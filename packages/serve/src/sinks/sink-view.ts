/**
 * What a sink holds now, from its topic: of a table the last row of each key, of a stream the last rows. Only what is committed is read. Each change
 * has a number, by which a reader that was away asks for what it has missed.
 */
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Plan, Row, SinkNode } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { committedWatermark, planStages, LogRecord, records, windowHold, type Log } from '@rta/runtime';
import { RowReader } from './row-reader.js';

/** How old an answer is at most, ms. */
const FRESH_MS = 50;
/** Rows kept of a stream. */
const STREAM_ROWS = 1000;
/** Changes kept for readers that come back. */
const CHANGES = 20_000;
/** Bytes of keys and values that a view may hold. */
const MAX_BYTES = 256 << 20;

const NO_HEADERS = Uint8Array.of(0);

export interface AsOf {
  /** Everything that was committed by then is in it; ms since the epoch. */
  readonly time: number;
  /** Of who writes the sink, ms since the epoch; null: not known yet. */
  readonly watermark: number | null;
}

export interface ViewRow {
  readonly row: Row;
  /** It will not be changed any more. */
  readonly final: boolean;
}

export interface Changes {
  readonly upserts: readonly ViewRow[];
  /** Keys of rows that have left. */
  readonly deletes: readonly Row[];
}

/** A table that is too large to be held. */
export class ViewTooLarge extends Error {
  override readonly name = 'ViewTooLarge';
  constructor(sink: SinkNode) {
    super(`${sink.topic} has more rows than are held here (${MAX_BYTES >> 20} MiB)`);
  }
}

export class SinkView {
  /** Numbers of another view mean nothing to this one. */
  readonly id = randomUUID().slice(0, 8);
  /** By key, of streams by place; the last to change is last. */
  private readonly rows = new Map<string, LogRecord>();
  /** Next offset by partition. */
  private readonly next = new Map<number, number>();
  private readonly reader: RowReader;
  private readonly physical;
  private readonly hold: number | null;
  private readonly isTable: boolean;
  private bytes = 0;
  /** Of changes `first` to `first + changes.length - 1`, what has changed: a key, and of a row that has left its key's columns. */
  private changes: { readonly key: string; readonly deleted: Row | null }[] = [];
  private first = 1;
  private readAt = -Infinity;
  private reading: Promise<void> | null = null;
  private watermark: number | null = null;
  /** A watermark that counts when what was in the topic by then has been read: it is committed with rows that show a moment later. */
  private coming: { readonly watermark: number | null; readonly ends: ReadonlyMap<number, number> } | null = null;
  private time = 0;

  constructor(
    plan: Plan,
    readonly sink: SinkNode,
    private readonly log: Log,
    registry: SchemaRegistry,
  ) {
    this.physical = planStages(plan);
    this.reader = new RowReader(sink, registry);
    this.hold = windowHold(plan, sink);
    this.isTable = sink.compacted;
  }

  get asOf(): AsOf {
    return { time: this.time, watermark: this.watermark };
  }

  /** Rows of windows that end by then are final, ms since the epoch; null where that does not tell. */
  get finalThrough(): number | null {
    return !this.isTable || this.hold === null || this.watermark === null ? null : this.watermark - this.hold;
  }

  /** The number of the last change. */
  get last(): number {
    return this.first + this.changes.length - 1;
  }

  /** Reads what is new; one at a time, and not again at once. Rejects with LogError, RegistryError and ViewTooLarge. */
  refresh(): Promise<void> {
    if (performance.now() - this.readAt < FRESH_MS) return Promise.resolve();
    this.reading ??= this.readAll().finally(() => (this.reading = null));
    return this.reading;
  }

  /** All rows; of a table in the order of its key. */
  all(): ViewRow[] {
    const rows = [...this.rows.values()].flatMap((record) => this.viewRow(record));
    const { key } = this.sink;
    return this.isTable && key !== null ? rows.sort((a, b) => compareBy(key, a.row, b.row)) : rows;
  }

  /** What has changed behind that number; null where that is not known any more. */
  since(number: number): Changes | null {
    if (number < this.first - 1 || number > this.last) return null;
    const latest = new Map<string, Row | null>();
    for (const { key, deleted } of this.changes.slice(number - this.first + 1)) {
      latest.delete(key);
      latest.set(key, deleted);
    }
    const upserts: ViewRow[] = [];
    const deletes: Row[] = [];
    for (const [key, deleted] of latest) {
      const record = this.rows.get(key);
      if (record !== undefined) upserts.push(...this.viewRow(record));
      else if (deleted !== null) deletes.push(deleted);
    }
    return { upserts, deletes };
  }

  private viewRow(record: LogRecord): ViewRow[] {
    const row = this.reader.read(record);
    return row === null ? [] : [{ row, final: this.isFinal(row) }];
  }

  /** A stream's rows are never changed; a table's, where they are those of windows that are closed. */
  private isFinal(row: Row): boolean {
    if (!this.isTable) return true;
    const { window_end: end } = row;
    const through = this.finalThrough;
    return through !== null && typeof end === 'number' && end <= through;
  }

  private async readAll(): Promise<void> {
    const time = Date.now();
    // Before the topic: what was written up to it is in there then, though a transaction's end may not have reached all partitions.
    const watermark = await committedWatermark(this.log, this.physical, this.sink);
    const offsets = await this.log.offsets(this.sink.topic);
    this.coming ??= { watermark, ends: new Map(offsets.map(({ partition, high }) => [partition, high])) };
    for (const { partition, low, stable } of offsets) {
      const from = Math.max(low, this.next.get(partition) ?? (this.isTable ? low : stable - STREAM_ROWS));
      if (from < stable) await this.readPartition(partition, from, stable);
      this.next.set(partition, Math.max(from, stable));
    }
    const over = this.changes.length - CHANGES;
    if (over > CHANGES) {
      this.changes = this.changes.slice(over);
      this.first += over;
    }
    this.time = time;
    const { coming } = this;
    if ([...coming.ends].every(([partition, end]) => (this.next.get(partition) ?? 0) >= end)) {
      this.watermark = coming.watermark;
      this.coming = null;
    }
    this.readAt = performance.now();
  }

  private async readPartition(partition: number, from: number, to: number): Promise<void> {
    for await (const batch of this.log.read(this.sink.topic, partition, from, to))
      for (const record of records(batch, from)) {
        if (record.offset >= to) break;
        await this.reader.learn(record);
        this.take(partition, record);
      }
  }

  private take(partition: number, record: LogRecord): void {
    const { key } = record;
    if (this.isTable && key === null) return;
    const id = this.isTable && key !== null ? Buffer.from(key).toString('latin1') : `${partition}-${record.offset}`;
    const before = this.rows.get(id);
    if (before !== undefined) this.drop(id, before);
    if (record.value === null) {
      if (this.isTable && before !== undefined) this.changes.push({ key: id, deleted: this.keyOf(before) });
      return;
    }
    // The batch's memory goes with it.
    const kept = new LogRecord(record.offset, record.timestamp, key && Uint8Array.from(key), Uint8Array.from(record.value), NO_HEADERS);
    this.rows.set(id, kept);
    this.bytes += sizeOf(kept);
    this.changes.push({ key: id, deleted: null });
    if (this.isTable && this.bytes > MAX_BYTES) throw new ViewTooLarge(this.sink);
    for (const [oldest, old] of this.isTable ? [] : this.rows) {
      if (this.rows.size <= STREAM_ROWS) break;
      this.drop(oldest, old);
    }
  }

  private drop(id: string, record: LogRecord): void {
    this.rows.delete(id);
    this.bytes -= sizeOf(record);
  }

  private keyOf(record: LogRecord): Row {
    const row = this.reader.read(record) ?? {};
    return Object.fromEntries((this.sink.key ?? []).map((name) => [name, row[name] ?? null]));
  }
}

function sizeOf({ key, value }: LogRecord): number {
  return 200 + (key?.length ?? 0) + (value?.length ?? 0);
}

/** Nulls last; values that have no order as texts. */
function compareBy(columns: readonly string[], a: Row, b: Row): number {
  for (const name of columns) {
    const [x, y] = [a[name], b[name]];
    if (x === null || y === null) {
      if (x !== y) return x === null ? 1 : -1;
      continue;
    }
    const order = typeof x === 'object' ? compare(JSON.stringify(x), JSON.stringify(y)) : compare(x, y as typeof x);
    if (order !== 0) return order;
  }
  return 0;
}

function compare<T extends string | number | bigint | boolean>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
