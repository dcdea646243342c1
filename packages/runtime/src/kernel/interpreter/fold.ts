/** Keyed aggregation: windows, ttl, and the three modes in which a fold is run. */
import { Buffer } from 'node:buffer';
import { ExpressionError, type FoldTransform, type Row, type Value } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { kindOf, type State } from './accumulators.js';
import { evaluateResult, evaluateRow } from './expressions.js';
import { type Entry, GroupCodec, type Incarnation } from './groups.js';
import { stateOfRow } from './last-row.js';
import { partitionOf } from './murmur2.js';
import { type Change, type Effect, Operator, originOf, type StageContext, type StreamRow, type TimedRow } from './operator.js';
import { EveryGate } from './every-gate.js';

interface Interval {
  readonly start: number;
  readonly end: number;
}

type FoldNode = Extract<StageNode, { op: 'fold' }>;

export class Fold extends Operator {
  override readonly hold: number;
  private readonly fold: FoldTransform;
  private readonly codec: GroupCodec;
  private readonly kinds;
  private readonly gate: EveryGate;
  /** By `[windowStart] groupKey` as hex. */
  private readonly groups = new Map<string, Entry>();

  constructor(
    override readonly node: FoldNode,
    stage: StageContext,
  ) {
    super(node, stage);
    this.fold = node.transform;
    this.codec = new GroupCodec(this.fold);
    this.kinds = this.fold.accumulators.map(kindOf);
    this.hold = node.mode === 'partial' ? 0 : (this.fold.window?.graceMs ?? 0);
    this.gate = new EveryGate(this.fold.emit, stage.env);
  }

  // ---- What comes in ----

  override row(input: StreamRow, effects: Effect[]): void {
    const { env } = this.stage;
    const group: Row = Object.fromEntries(this.fold.group.map((g) => [g.name, evaluateRow(g.expr, input, env)]));
    const states = this.fold.accumulators.map(({ fn, where, arg }, i): State => {
      if (fn === 'lastRow') return stateOfRow(input.row, input.time, originOf(input, env));
      if (where !== null && evaluateRow(where, input, env) !== true) return this.kinds[i].empty;
      if (arg === null) return this.kinds[i].of(true);
      const value = evaluateRow(arg, input, env);
      return value === null ? this.kinds[i].empty : this.kinds[i].of(value);
    });
    const groupKey = this.codec.encodeGroup(group);
    const incarnation: Incarnation = { first: input.time, time: input.time, states };
    const { windows, missed } = this.judge(input);
    effects.push(() => {
      this.rowsIn++;
      if (missed.length > 0) this.reportLate(input, missed);
      for (const windowStart of windows) this.contribute(this.entryOf(groupKey, windowStart), incarnation);
    });
  }

  /** Which windows the row counts in (null: there are none, and it counts), and which it is too late for. Only sources are judged. */
  private judge({ time, source }: StreamRow): { windows: (number | null)[]; missed: Interval[] } {
    const watermark = source?.watermark ?? -Infinity;
    const { window, ttlMs } = this.fold;
    if (this.fold.ordered && time < watermark) return { windows: [], missed: [{ start: time, end: time + 1 }] };
    if (window === null) {
      const late = !this.fold.ordered && ttlMs !== null && time + ttlMs <= watermark;
      return late ? { windows: [], missed: [{ start: time, end: time + ttlMs }] } : { windows: [null], missed: [] };
    }
    const { sizeMs, advanceMs, graceMs } = window;
    const windows: number[] = [];
    const missed: Interval[] = [];
    const last = Math.floor(time / advanceMs) * advanceMs;
    for (let start = last; start + sizeMs > time; start -= advanceMs) {
      if (watermark >= start + sizeMs + graceMs) missed.unshift({ start, end: start + sizeMs });
      else windows.unshift(start);
    }
    return { windows, missed };
  }

  private reportLate({ source }: StreamRow, missed: readonly Interval[]): void {
    if (source === null) return;
    const { record, input } = source;
    const { offset, timestamp, key, value, rawHeaders } = record;
    this.stage.env.late({ input, offset, timestamp, key, value, headers: rawHeaders }, this.node.step, missed);
    source.late = true;
  }

  override received(key: Uint8Array, value: Uint8Array | null): void {
    this.rowsIn++;
    if (value === null) throw new Error('a partial result has no value');
    const partial = this.codec.decodePartial(key, value);
    const entry = this.entryOf(partial.groupKey, partial.windowStart);
    for (const incarnation of partial.incarnations) this.contribute(entry, incarnation);
  }

  override change(_change: Change): void {
    throw new Error('a fold over a table is not available');
  }

  override prime(_row: TimedRow): void {
    throw new Error('a fold over a table is not available');
  }

  private entryOf(groupKey: Buffer, windowStart: number | null): Entry {
    const fresh = this.codec.entry(groupKey, windowStart);
    const id = this.idOf(fresh);
    const entry = this.groups.get(id) ?? fresh;
    this.groups.set(id, entry);
    return entry;
  }

  private idOf(entry: Entry): string {
    return this.codec.encodeKey(entry).toString('hex');
  }

  /** Joins all incarnations that are no further than the ttl from it; without ttl that is the only one. */
  private contribute(entry: Entry, incoming: Incarnation): void {
    const reach = this.fold.ttlMs ?? Infinity;
    const near = (other: Incarnation): boolean => other.first - reach <= incoming.time && incoming.first <= other.time + reach;
    const merged = entry.incarnations.filter(near).reduce((a, b) => this.merge(a, b), incoming);
    const apart = entry.incarnations.filter((other) => !near(other));
    entry.incarnations = [...apart, merged].sort((a, b) => a.time - b.time);
    entry.dirty = true;
    entry.pending = true;
  }

  private merge(a: Incarnation, b: Incarnation): Incarnation {
    const states = a.states.map((state, i) => this.kinds[i].merge(state, b.states[i]));
    return { first: Math.min(a.first, b.first), time: Math.max(a.time, b.time), states };
  }

  // ---- What goes out ----

  override flush(watermark: number): void {
    if (this.node.mode === 'partial') {
      this.sendPartials();
      return;
    }
    const open = this.gate.opens();
    this.closeWindows(watermark);
    this.expire(watermark, open);
    for (const [id, entry] of [...this.groups]) {
      const gone = entry.emitted !== null && !this.isVisible(entry, watermark);
      if (gone) entry.pending = true;
      if (entry.pending && open && this.fold.emit.mode !== 'final') this.emit(entry, watermark);
      if (entry.dirty) this.log(entry);
      if (entry.incarnations.length === 0 && !entry.pending) this.groups.delete(id);
    }
  }

  private sendPartials(): void {
    const output = this.node.output!;
    const { env } = this.stage;
    for (const entry of this.groups.values()) {
      const partition = partitionOf(entry.groupKey, env.partitions[output]);
      this.stage.write(output, partition, env.now(), entry.groupKey, this.codec.encodePartial(entry));
      this.rowsOut++;
    }
    this.groups.clear();
  }

  /** In (window end, key) order: a final window's row, or the last of the updates that are still due; then the state goes. */
  private closeWindows(watermark: number): void {
    const closed = [...this.groups].filter(([, entry]) => this.closesAt(entry) <= watermark);
    closed.sort(([, a], [, b]) => a.windowStart! - b.windowStart! || Buffer.compare(a.groupKey, b.groupKey));
    for (const [id, entry] of closed) {
      if (this.fold.emit.mode === 'final') {
        const row = this.rowOf(entry, entry.incarnations[0]);
        if (row !== null) this.emitRow({ row, time: this.endOf(entry) - 1 });
      } else if (entry.pending) this.emit(entry, watermark);
      entry.incarnations = [];
      this.log(entry);
      this.groups.delete(id);
    }
  }

  /** ttl: what no accepted record can join any more goes; but not before its row has been taken back, which a restart would forget. */
  private expire(watermark: number, open: boolean): void {
    const { ttlMs } = this.fold;
    if (ttlMs === null) return;
    for (const entry of this.groups.values()) {
      if (entry.shown && !open) continue;
      const kept = entry.incarnations.filter((incarnation) => incarnation.time + 2 * ttlMs > watermark);
      if (kept.length < entry.incarnations.length) entry.dirty = true;
      entry.incarnations = kept;
    }
  }

  private emit(entry: Entry, watermark: number): void {
    const before = entry.emitted;
    entry.emitted = this.visibleRow(entry, watermark);
    entry.shown = this.isVisible(entry, watermark);
    entry.pending = false;
    this.emitChange(before, entry.emitted);
  }

  private log(entry: Entry): void {
    const key = Buffer.concat([Buffer.from([this.node.store!]), this.codec.encodeKey(entry)]);
    const exists = entry.incarnations.length > 0;
    if (exists || entry.logged) this.stage.changelog(key, exists ? this.codec.encodeStoreValue(entry) : null);
    entry.logged = exists;
    entry.dirty = false;
  }

  /** The row of a table: the newest incarnation's, while it lives. */
  private visibleRow(entry: Entry, watermark: number): TimedRow | null {
    if (!this.isVisible(entry, watermark)) return null;
    const newest = entry.incarnations[entry.incarnations.length - 1];
    const row = this.rowOf(entry, newest);
    return row === null ? null : { row, time: newest.time };
  }

  private isVisible(entry: Entry, watermark: number): boolean {
    if (entry.incarnations.length === 0) return false;
    const newest = entry.incarnations[entry.incarnations.length - 1];
    return this.fold.ttlMs === null || newest.time + this.fold.ttlMs > watermark;
  }

  /** Group columns, window columns, results; null where a result cannot be computed. */
  private rowOf(entry: Entry, { states, time }: Incarnation): Row | null {
    const windowed: Row = entry.windowStart === null ? {} : { window_start: entry.windowStart, window_end: this.endOf(entry) };
    const row: Row = { ...entry.group, ...windowed };
    return this.orNull(() => {
      const accumulated = states.map((state, i) => attempt(() => this.kinds[i].result(state)));
      const results = this.fold.results.map(({ name, expr }): [string, Value] => [
        name,
        evaluateResult(expr, { row, time, source: null }, accumulated, this.stage.env),
      ]);
      return { ...row, ...Object.fromEntries(results) };
    });
  }

  private endOf(entry: Entry): number {
    return entry.windowStart! + this.fold.window!.sizeMs;
  }

  private closesAt(entry: Entry): number {
    return this.fold.window === null ? Infinity : this.endOf(entry) + this.fold.window.graceMs;
  }

  // ---- State ----

  override restore(key: Uint8Array, value: Uint8Array | null): void {
    const entry = this.codec.decodeKey(key);
    if (value === null) {
      this.groups.delete(this.idOf(entry));
      return;
    }
    entry.incarnations = this.codec.decodeStoreValue(value);
    entry.logged = true;
    this.groups.set(this.idOf(entry), entry);
  }

  override restored(watermark: number): void {
    if (this.fold.emit.mode === 'final') return;
    for (const entry of this.groups.values()) {
      // Which of the periodic emissions were still due is not in the state: all are, once more, and every row counts as emitted.
      entry.pending = this.fold.emit.mode === 'every';
      entry.emitted = this.visibleRow(entry, entry.pending ? -Infinity : watermark);
      entry.shown = entry.pending || this.isVisible(entry, watermark);
      if (entry.emitted !== null) for (const next of this.next) next.prime(entry.emitted);
    }
  }

  override nextDue(): number {
    const { ttlMs } = this.fold;
    if (this.node.mode === 'partial') return Infinity;
    let due = Infinity;
    for (const entry of this.groups.values()) {
      due = Math.min(due, this.closesAt(entry));
      if (ttlMs === null || entry.incarnations.length === 0) continue;
      if (entry.emitted !== null) due = Math.min(due, entry.incarnations[entry.incarnations.length - 1].time + ttlMs);
      due = Math.min(due, entry.incarnations[0].time + 2 * ttlMs);
    }
    return due;
  }

  override entries(): { readonly all: number; readonly dirty: number } {
    return { all: this.groups.size, dirty: [...this.groups.values()].filter((entry) => entry.dirty).length };
  }
}

/** The value, or the error that using it throws: a result is only wrong where it is looked at. */
function attempt(compute: () => Value): () => Value {
  try {
    const value = compute();
    return () => value;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return () => {
      throw error;
    };
  }
}
