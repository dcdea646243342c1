/** What all keyed aggregations have in common: rows and partials come in, groups are kept, logged and restored. */
import { Buffer } from 'node:buffer';
import { ExpressionError, type FoldTransform, type Row, type Value } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { holdOf, reachOf } from '../../plan/window-times.js';
import { kindOf, type State } from './accumulators.js';
import type { Kind } from './accumulators/kind.js';
import { stateOfRow } from './accumulators/last-row.js';
import { stateOfTopRow } from './accumulators/top-rows.js';
import { EveryGate } from './every-gate.js';
import { evaluateResult, evaluateRow } from './expressions.js';
import { type Entry, GroupCodec, type Incarnation } from './groups.js';
import { partitionOf } from './murmur2.js';
import { type Change, type Effect, Operator, originOf, type StageContext, type StreamRow, type TimedRow } from './operator.js';

export interface Interval {
  readonly start: number;
  readonly end: number;
}

export type FoldNode = Extract<StageNode, { op: 'fold' }>;

export abstract class KeyedFold extends Operator {
  override readonly hold: number;
  protected readonly fold: FoldTransform;
  protected readonly codec: GroupCodec;
  protected readonly kinds: readonly Kind<State>[];
  protected readonly gate: EveryGate;
  /** By `[windowId] groupKey` as hex. */
  protected readonly groups = new Map<string, Entry>();

  constructor(
    override readonly node: FoldNode,
    stage: StageContext,
  ) {
    super(node, stage);
    this.fold = node.transform;
    this.codec = new GroupCodec(this.fold);
    this.kinds = this.fold.accumulators.map(kindOf);
    this.hold = node.mode === 'partial' ? 0 : holdOf(this.fold.window);
    this.gate = new EveryGate(this.fold.emit, stage.env);
  }

  /** Which windows the row counts in (null: in what is not told by its start), and which it is too late for. Only sources are judged. */
  protected abstract judge(row: StreamRow): { readonly windows: readonly (number | null)[]; readonly missed: readonly Interval[] };

  /** The window of what is kept; null without windows. */
  protected abstract spanOf(entry: Entry, incarnation: Incarnation): Interval | null;

  /** A flush of what is kept; partials are sent already. */
  protected abstract flushGroups(watermark: number): void;

  // ---- What comes in ----

  override row(input: StreamRow, effects: Effect[]): void {
    const { groupKey, incarnation } = this.given(input);
    const { windows, missed } = this.judge(input);
    effects.push(() => {
      this.rowsIn++;
      if (input.source !== null && missed.length > 0) this.reportLate(input.source, missed);
      for (const windowId of windows) this.contribute(this.entryOf(groupKey, windowId), incarnation);
    });
  }

  /** What the row alone comes to, and in which group. */
  protected given(input: StreamRow): { readonly groupKey: Buffer; readonly incarnation: Incarnation } {
    const { env } = this.stage;
    const { time } = input;
    const group: Row = Object.fromEntries(this.fold.group.map((g) => [g.name, evaluateRow(g.expr, input, env)]));
    const { partition, offset } = originOf(input, env);
    const place = { time, partition, offset };
    const states = this.fold.accumulators.map((accumulator, i): State => {
      const { fn, where, arg, by, top } = accumulator;
      if (fn === 'lastRow') return stateOfRow(input.row, place);
      if (top !== undefined) {
        const orders = top.by.map(({ expr }) => evaluateRow(expr, input, env));
        return stateOfTopRow(accumulator, input.row, orders, place);
      }
      if (where !== null && evaluateRow(where, input, env) !== true) return this.kinds[i].empty;
      const value = arg === null ? true : evaluateRow(arg, input, env);
      const rank = by === undefined ? null : evaluateRow(by, input, env);
      const missing = value === null || (by !== undefined && rank === null);
      return missing ? this.kinds[i].empty : this.kinds[i].of({ value, by: rank, place });
    });
    return { groupKey: this.codec.encodeGroup(group), incarnation: { first: time, time, states, out: [], changed: true, rows: 1 } };
  }

  override received(key: Uint8Array, value: Uint8Array | null): void {
    this.rowsIn++;
    if (value === null) throw new Error('a partial result has no value');
    const partial = this.codec.decodePartial(key, value);
    const entry = this.entryOf(partial.groupKey, partial.windowId);
    for (const incarnation of partial.incarnations) this.contribute(entry, { ...incarnation, changed: true });
  }

  override change(_change: Change): void {
    throw new Error('a fold over a table has no windows');
  }

  override prime(_row: TimedRow): void {
    throw new Error('a fold over a table has no windows');
  }

  protected entryOf(groupKey: Buffer, windowId: number | null): Entry {
    const fresh = this.codec.entry(groupKey, windowId);
    const id = this.idOf(fresh);
    const entry = this.groups.get(id) ?? fresh;
    this.groups.set(id, entry);
    return entry;
  }

  protected idOf(entry: Entry): string {
    return this.codec.encodeKey(entry).toString('hex');
  }

  /** Joins all incarnations that are no further than the ttl, or the gap, from it; without either that is the only one. */
  protected contribute(entry: Entry, incoming: Incarnation): void {
    const reach = reachOf(this.fold) ?? Infinity;
    const near = (other: Incarnation): boolean => other.first - reach <= incoming.time && incoming.first <= other.time + reach;
    const merged = entry.incarnations.filter(near).reduce((a, b) => this.merge(a, b), incoming);
    const apart = entry.incarnations.filter((other) => !near(other));
    entry.incarnations = [...apart, merged].sort((a, b) => a.time - b.time);
    entry.dirty = true;
    entry.pending = true;
  }

  protected merge(a: Incarnation, b: Incarnation): Incarnation {
    const states = a.states.map((state, i) => this.kinds[i].merge(state, b.states[i]));
    const out = [...a.out, ...b.out].sort((x, y) => x.first - y.first);
    return { first: Math.min(a.first, b.first), time: Math.max(a.time, b.time), states, out, changed: true, rows: a.rows + b.rows };
  }

  // ---- What goes out ----

  override flush(watermark: number): void {
    if (this.node.mode === 'partial') this.sendPartials();
    else this.flushGroups(watermark);
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

  protected log(entry: Entry): void {
    const key = Buffer.concat([Buffer.from([this.node.store!]), this.codec.encodeKey(entry)]);
    const exists = entry.incarnations.length > 0;
    if (exists || entry.logged) this.stage.changelog(key, exists ? this.codec.encodeStoreValue(entry) : null);
    entry.logged = exists;
    entry.dirty = false;
  }

  /** Group columns, window columns, results; null where a result cannot be computed. */
  protected rowOf(entry: Entry, window: Interval | null, { states, time }: Incarnation): Row | null {
    const windowed: Row = window === null ? {} : { window_start: window.start, window_end: window.end };
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

  /** The rows of what it keeps, whether they were handed on or not. */
  kept(): readonly Row[] {
    const rows = [...this.groups.values()].flatMap((entry) =>
      entry.incarnations.map((incarnation) => this.rowOf(entry, this.spanOf(entry, incarnation), incarnation)),
    );
    return rows.filter((row) => row !== null);
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
