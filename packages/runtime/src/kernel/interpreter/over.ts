/** Trailing aggregates: rows are sorted by event time, and each looks back on a list of those before it. */
import { Buffer } from 'node:buffer';
import type { OverAccumulator, Row, Value } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { keySchema, trailLayout, trailRowSchema } from '../state-layout.js';
import { kindOf, type State } from './accumulators.js';
import { AvroCodec, type Raw, RowCodec, toRaw, toValue } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import { evaluateResult, evaluateRow } from './expressions.js';
import { afterFingerprint, encodeFingerprint } from './groups.js';
import { partitionOf } from './murmur2.js';
import {
  type Change,
  columnsNamed,
  type Effect,
  Operator,
  type Origin,
  originOf,
  type StageContext,
  type StreamRow,
  type TimedRow,
} from './operator.js';

type OverNode = Extract<StageNode, { op: 'over' }>;

interface TrailRow {
  readonly time: number;
  readonly origin: Origin;
  readonly row: Row;
  /** Orders rows of one record. */
  readonly arrival: number;
  /** In which entry of the changelog it is; null: it came since the last flush. */
  chunk: number | null;
}

interface Group {
  readonly key: Buffer;
  /** Given already, in event-time order: all that a later row may look back on. */
  past: TrailRow[];
  /** To be given when the watermark has passed them. */
  coming: TrailRow[];
  /** Numbers of its entries in the changelog. */
  chunks: number[];
}

export class OverRows extends Operator {
  private readonly groupKey: RowCodec;
  private readonly rowCodec: AvroCodec;
  private readonly chunkCodec: AvroCodec;
  private readonly fingerprint: number;
  private readonly ttlMs: number;
  /** By key, as hex. */
  private readonly groups = new Map<string, Group>();
  private arrivals = 0;

  constructor(
    override readonly node: OverNode,
    stage: StageContext,
  ) {
    super(node, stage);
    const group = columnsNamed(
      node.inputColumns,
      node.transform.group.map(({ expr }) => (expr.kind === 'column' ? expr.name : '')),
    );
    this.groupKey = new RowCodec(keySchema(group), group, (_, i) => `k${i}`);
    const layout = trailLayout(node.inputColumns);
    this.rowCodec = new AvroCodec(trailRowSchema(node.inputColumns));
    this.chunkCodec = new AvroCodec(layout.schema);
    this.fingerprint = layout.fingerprint;
    this.ttlMs = node.transform.ttlMs ?? Infinity;
  }

  // ---- What comes in ----

  override row(input: StreamRow, effects: Effect[]): void {
    const { time, row, source } = input;
    const { env } = this.stage;
    // What it was within is known here only: a row that waits is as good as a record.
    const { within: _, ...origin } = originOf(input, env);
    effects.push(() => {
      this.rowsIn++;
      if (source !== null && time < source.watermark) {
        this.reportLate(source, [{ start: time, end: time + 1 }]);
        return;
      }
      const key = this.groupKey.encode(row);
      const trailRow: TrailRow = { time, origin, row, arrival: this.arrivals++, chunk: null };
      if (this.node.mode === 'send') {
        const output = this.node.output!;
        this.rowsOut++;
        this.stage.write(output, partitionOf(key, env.partitions[output]), env.now(), key, this.rowCodec.encode(this.rawOf(trailRow)));
      } else this.groupOf(key).coming.push(trailRow);
    });
  }

  override received(key: Uint8Array, value: Uint8Array | null): void {
    if (value === null) throw new Error('a row has no value');
    this.rowsIn++;
    this.groupOf(Buffer.from(key)).coming.push(this.decode(this.rowCodec.decode(value), null));
  }

  override change(_change: Change): void {
    throw new Error('the rows of a table have no event-time order');
  }

  override prime(_row: TimedRow): void {
    throw new Error('the rows of a table have no event-time order');
  }

  private groupOf(key: Buffer): Group {
    const id = key.toString('hex');
    const group = this.groups.get(id) ?? { key, past: [], coming: [], chunks: [] };
    this.groups.set(id, group);
    return group;
  }

  // ---- What goes out ----

  override flush(watermark: number): void {
    if (this.node.mode === 'send') return;
    const due = [...this.groups.values()]
      .flatMap((group) => group.coming.filter(({ time }) => time < watermark).map((row) => ({ group, row })))
      .sort((a, b) => this.compare(a.row, b.row, a.group, b.group));
    for (const { group, row } of due) group.past.push(row);
    for (const { group, row } of due) this.give(group.past, row);
    for (const [id, group] of [...this.groups]) {
      group.coming = group.coming.filter(({ time }) => !(time < watermark));
      group.past = this.needed(group.past, watermark);
      this.log(group);
      if (group.past.length + group.coming.length === 0) this.groups.delete(id);
    }
  }

  /** By event time, partition and offset; what is equal in those (no record's, or of several topics) by its bytes. */
  private compare(a: TrailRow, b: TrailRow, groupA: Group, groupB: Group): number {
    const byPlace = a.time - b.time || a.origin.partition - b.origin.partition || a.origin.offset - b.origin.offset;
    if (byPlace !== 0) return byPlace;
    const bytes = (row: TrailRow): Buffer => this.rowCodec.encode(this.rawOf(row));
    return Buffer.compare(groupA.key, groupB.key) || Buffer.compare(bytes(a), bytes(b)) || a.arrival - b.arrival;
  }

  private give(past: readonly TrailRow[], trailRow: TrailRow): void {
    const at = past.indexOf(trailRow);
    const from = this.beginning(past, at);
    const { accumulators, columns } = this.node.transform;
    const accumulated = accumulators.map((accumulator): (() => Value) => {
      const kind = kindOf(accumulator);
      const states = frameOf(accumulator, past, from, at).map((other, i) => this.stateOf(accumulator, other, i));
      const state = states.reduce((x, y) => kind.merge(x, y), kind.empty);
      return () => kind.result(state);
    });
    const { time, origin, row } = trailRow;
    const given = this.orNull(() =>
      Object.fromEntries(
        columns.map(({ name, expr }) => [name, evaluateResult(expr, { row, time, source: null }, accumulated, this.stage.env)]),
      ),
    );
    if (given !== null) this.emitRow({ row: given, time, origin });
  }

  /** @param i where the row is among those of the frame */
  private stateOf(accumulator: OverAccumulator, { row, time }: TrailRow, i: number): State {
    const kind = kindOf(accumulator);
    const { where, arg, by } = accumulator;
    const input: StreamRow = { row, time, source: null };
    if (where !== null && evaluateRow(where, input, this.stage.env) !== true) return kind.empty;
    const value = arg === null ? true : evaluateRow(arg, input, this.stage.env);
    const rank = by === undefined ? null : evaluateRow(by, input, this.stage.env);
    if (value === null || (by !== undefined && rank === null)) return kind.empty;
    return kind.of({ value, by: rank, place: { time: i, partition: -1, offset: -1 } });
  }

  /** Index of the first row that those at `at` can look back on: none beyond a pause longer than the ttl. */
  private beginning(past: readonly TrailRow[], at: number): number {
    let from = at;
    while (from > 0 && past[from].time - past[from - 1].time <= this.ttlMs) from--;
    return from;
  }

  /** What a row that is still to come may look back on: its time is the watermark or later. */
  private needed(past: TrailRow[], watermark: number): TrailRow[] {
    const last = past.length - 1;
    if (last < 0 || watermark - past[last].time > this.ttlMs) return [];
    const from = this.beginning(past, last);
    const inReach = ({ time }: TrailRow, i: number): boolean =>
      this.node.transform.accumulators.some(({ over: { unit, size, previous } }) =>
        unit === 'ms' ? time >= watermark - size : i > last - (previous ? size : size - 1),
      );
    return past.filter((row, i) => i >= from && inReach(row, i));
  }

  // ---- State ----

  private log(group: Group): void {
    const rows = [...group.past, ...group.coming];
    for (const chunk of group.chunks.filter((number) => !rows.some((row) => row.chunk === number)))
      this.stage.changelog(this.storeKey(group.key, chunk), null);
    group.chunks = group.chunks.filter((number) => rows.some((row) => row.chunk === number));
    const fresh = rows.filter((row) => row.chunk === null).sort((a, b) => a.arrival - b.arrival);
    if (fresh.length === 0) return;
    const chunk = 1 + Math.max(-1, ...group.chunks);
    const value = this.chunkCodec.encode(fresh.map((row) => this.rawOf(row)));
    this.stage.changelog(this.storeKey(group.key, chunk), Buffer.concat([encodeFingerprint(this.fingerprint), value]));
    for (const row of fresh) row.chunk = chunk;
    group.chunks.push(chunk);
  }

  private storeKey(groupKey: Buffer, chunk: number): Buffer {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(chunk) + (1n << 63n));
    return Buffer.concat([Buffer.from([this.node.store!]), number, groupKey]);
  }

  override restore(key: Uint8Array, value: Uint8Array | null): void {
    const bytes = Buffer.from(key);
    const chunk = Number(bytes.readBigUInt64BE(0) - (1n << 63n));
    const group = this.groupOf(bytes.subarray(8));
    group.coming = group.coming.filter((row) => row.chunk !== chunk);
    group.chunks = group.chunks.filter((number) => number !== chunk);
    if (value === null) return;
    const rows = this.chunkCodec.decode(afterFingerprint(value, this.fingerprint)) as Datum[];
    group.coming.push(...rows.map((row) => this.decode(row, chunk)));
    group.chunks.push(chunk);
  }

  override restored(watermark: number): void {
    for (const [id, group] of [...this.groups]) {
      const inOrder = (a: TrailRow, b: TrailRow): number => a.chunk! - b.chunk! || a.arrival - b.arrival;
      const rows = group.coming.sort(inOrder).map((row): TrailRow => ({ ...row, arrival: this.arrivals++ }));
      rows.sort((a, b) => this.compare(a, b, group, group));
      group.past = this.needed(
        rows.filter(({ time }) => time < watermark),
        watermark,
      );
      group.coming = rows.filter(({ time }) => !(time < watermark));
      if (rows.length === 0) this.groups.delete(id);
    }
  }

  private rawOf({ time, origin, row }: TrailRow): Raw {
    const columns = this.node.inputColumns.map((column, i) => [`c${i}`, toRaw(column.type, row[column.name])] as const);
    return { time, ...origin, ...Object.fromEntries(columns) };
  }

  private decode(datum: Datum, chunk: number | null): TrailRow {
    const fields = datum as ReadonlyMap<string, Datum>;
    const row = Object.fromEntries(this.node.inputColumns.map((column, i) => [column.name, toValue(column.type, fields.get(`c${i}`)!)]));
    const origin = { partition: Number(fields.get('partition')), offset: Number(fields.get('offset')) };
    return { time: Number(fields.get('time')), origin, row, arrival: this.arrivals++, chunk };
  }

  // ---- Times and counts ----

  override nextDue(): number {
    return Math.min(Infinity, ...[...this.groups.values()].map((group) => this.dueOf(group)));
  }

  /** The least watermark at which a flush gives a row, or forgets one. */
  private dueOf({ past, coming }: Group): number {
    const times = coming.map(({ time }) => time + 1);
    if (past.length > 0) {
      times.push(past[past.length - 1].time + this.ttlMs + 1);
      const frames = this.node.transform.accumulators.map(({ over }) => over);
      const rows = Math.max(0, ...frames.map(({ unit, size, previous }) => (unit === 'rows' ? (previous ? size : size - 1) : 0)));
      const reach = Math.max(-Infinity, ...frames.map(({ unit, size }) => (unit === 'ms' ? size : -Infinity)));
      if (past.length > rows) times.push(past[0].time + reach + 1);
    }
    return Math.min(Infinity, ...times);
  }

  override entries(): { readonly all: number; readonly dirty: number } {
    const rows = [...this.groups.values()].flatMap(({ past, coming }) => [...past, ...coming]);
    return { all: rows.length, dirty: rows.filter(({ chunk }) => chunk === null).length };
  }
}

/** The rows of a frame: `past[at]` looks back on what is not before `from`. */
function frameOf(
  { over: { unit, size, previous } }: OverAccumulator,
  past: readonly TrailRow[],
  from: number,
  at: number,
): readonly TrailRow[] {
  if (unit === 'rows') return past.slice(Math.max(from, at - (previous ? size : size - 1)), previous ? at : at + 1);
  const { time } = past[at];
  return past.filter((row, i) => i >= from && row.time >= time - size && (previous ? row.time < time : row.time <= time));
}
