/** The best k rows per group, by sorting all of them. */
import { Buffer } from 'node:buffer';
import type { RankTransform, Row, Value } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { keySchema, rowLayout } from '../state-layout.js';
import { RowCodec } from './avro-codec.js';
import { EveryGate } from './every-gate.js';
import { evaluateRow } from './expressions.js';
import { afterFingerprint, encodeFingerprint } from './groups.js';
import { partitionOf } from './murmur2.js';
import { type Change, columnsNamed, type Effect, Operator, type StageContext, type StreamRow, type TimedRow } from './operator.js';
import { compareOrdered, compareOrders } from './order.js';

type RankNode = Extract<StageNode, { op: 'rank' }>;

/** A row with what it is ordered by, computed once. */
interface Candidate {
  readonly row: Row;
  readonly time: number;
  readonly by: readonly Value[];
}

/** Rows by the bytes of their key, as hex, best first. */
type Board = Map<string, TimedRow>;

interface Group {
  /** By input key. */
  readonly rows: Map<string, Candidate>;
  /** What those downstream have. */
  emitted: Board;
  pending: boolean;
}

export class Rank extends Operator {
  private readonly rank: RankTransform;
  private readonly gate: EveryGate;
  private readonly groupKey: RowCodec;
  private readonly inputKey: RowCodec;
  private readonly outputKey: RowCodec;
  private readonly rowCodec: RowCodec;
  private readonly fingerprint: number;
  private readonly groups = new Map<string, Group>();
  /** Rows received and kept (mode global), by row key as hex; and those of them to be written to the changelog. */
  private readonly stored = new Map<string, TimedRow>();
  private readonly dirty = new Set<string>();

  constructor(
    override readonly node: RankNode,
    stage: StageContext,
  ) {
    super(node, stage);
    this.rank = node.transform;
    this.gate = new EveryGate(node.mode === 'local' ? { mode: 'updates' } : this.rank.emit, stage.env);
    this.groupKey = keyCodec(node.inputColumns, this.rank.group);
    this.inputKey = keyCodec(node.inputColumns, node.inputKey ?? []);
    this.outputKey = keyCodec(node.columns, node.key ?? []);
    const layout = rowLayout(node.inputColumns);
    this.rowCodec = new RowCodec(layout.schema, node.inputColumns, (_, i) => `c${i}`);
    this.fingerprint = layout.fingerprint;
  }

  /** Whether it gives each board once, when its window closes. The group has the window's columns then. */
  private get isFinal(): boolean {
    return this.rank.emit.mode === 'final' && this.node.mode !== 'local';
  }

  // ---- What comes in ----

  override row(_row: StreamRow, _effects: Effect[]): void {
    throw new Error('a rank of a stream is not available');
  }

  override change({ before, after }: Change): void {
    this.rowsIn++;
    if (before !== null) this.remove(before.row);
    if (after !== null) this.put(after);
  }

  override prime(row: TimedRow): void {
    this.put(row);
  }

  override received(key: Uint8Array, value: Uint8Array | null): void {
    this.rowsIn++;
    const id = Buffer.from(key).toString('hex');
    this.dirty.add(id);
    this.store(id, value);
  }

  /** A received or restored row takes the place of the one with the same key. */
  private store(id: string, value: Uint8Array | null): void {
    const before = this.stored.get(id);
    if (before) this.remove(before.row);
    this.stored.delete(id);
    if (value === null) return;
    const { row, field } = this.rowCodec.decode(value);
    const after: TimedRow = { row, time: Number(field('time')) };
    this.stored.set(id, after);
    this.put(after);
  }

  private put({ row, time }: TimedRow): void {
    const group = this.groupOf(row);
    const by = this.orNull(() => this.rank.by.map((order) => evaluateRow(order.expr, { row, time, source: null }, this.stage.env)));
    if (by !== null) group.rows.set(this.inputKey.encode(row).toString('hex'), { row, time, by });
    group.pending = true;
  }

  private remove(row: Row): void {
    const group = this.groupOf(row);
    group.rows.delete(this.inputKey.encode(row).toString('hex'));
    group.pending = true;
  }

  private groupOf(row: Row): Group {
    const id = this.groupKey.encode(row).toString('hex');
    const group = this.groups.get(id) ?? { rows: new Map<string, Candidate>(), emitted: new Map<string, TimedRow>(), pending: false };
    this.groups.set(id, group);
    return group;
  }

  // ---- The board ----

  /** The best k, and all that tie with the last of them if asked. */
  private best(group: Group): Candidate[] {
    const sorted = [...group.rows.values()].sort((a, b) => this.compareBy(a, b) || this.breakTie(a, b));
    const { k, ties } = this.rank;
    if (!ties || sorted.length <= k) return sorted.slice(0, k);
    return sorted.filter((candidate, i) => i < k || this.compareBy(candidate, sorted[k - 1]) === 0);
  }

  private compareBy(a: Candidate, b: Candidate): number {
    return compareOrders(a.by, b.by, this.rank.by);
  }

  private breakTie(a: Candidate, b: Candidate): number {
    const ascending = { descending: false, nullsFirst: false };
    return this.rank.tieBreak.map((name) => compareOrdered(a.row[name], b.row[name], ascending)).find((order) => order !== 0) ?? 0;
  }

  /** The rows that those downstream should have, by their key. A local rank's are candidates, unranked, by the input's key. */
  private boardOf(group: Group): Board {
    const local = this.node.mode === 'local';
    const { rank } = this.rank;
    return new Map(
      this.best(group).map(({ row, time }, i): [string, TimedRow] => {
        const output = rank === null || local ? row : { [rank]: i + 1, ...row };
        return [(local ? this.inputKey : this.outputKey).encode(output).toString('hex'), { row: output, time }];
      }),
    );
  }

  // ---- What goes out ----

  override flush(watermark: number): void {
    if (this.isFinal) this.closeBoards(watermark);
    else if (this.gate.opens()) {
      this.emitChanges();
      if (this.rank.closes && this.node.mode === 'global') this.forget(watermark);
    }
    this.logStored();
  }

  /** Boards of closed windows, in (window end, group) order, best first; then their state goes. */
  private closeBoards(watermark: number): void {
    const closed = [...this.groups].filter(([, group]) => endOf(group) <= watermark);
    closed.sort(([a, x], [b, y]) => endOf(x) - endOf(y) || Buffer.compare(Buffer.from(a, 'hex'), Buffer.from(b, 'hex')));
    for (const [id, group] of closed) {
      for (const { row } of this.boardOf(group).values()) this.emitRow({ row, time: endOf(group) - 1 });
      this.groups.delete(id);
    }
    this.forget(watermark);
  }

  /** What is kept of closed windows. */
  private forget(watermark: number): void {
    for (const [id, group] of this.groups) if (endOf(group) <= watermark) this.groups.delete(id);
    for (const [id, { row }] of this.stored) {
      if (Number(row.window_end) > watermark) continue;
      this.stored.delete(id);
      this.dirty.add(id);
    }
  }

  /** Removals first, then the rest: a row that moves to another group must not be removed after it got there. */
  private emitChanges(): void {
    const moved = [...this.groups].filter(([, group]) => group.pending).map(([id, group]) => ({ id, group, board: this.boardOf(group) }));
    for (const { group, board } of moved) for (const [key, before] of group.emitted) if (!board.has(key)) this.emit(key, before, null);
    for (const { group, board } of moved)
      for (const [key, after] of board) {
        const before = group.emitted.get(key) ?? null;
        if (before === null || !this.sameRow(before, after)) this.emit(key, before, after);
      }
    for (const { id, group, board } of moved) {
      group.emitted = board;
      group.pending = false;
      if (group.rows.size === 0 && board.size === 0) this.groups.delete(id);
    }
  }

  private emit(key: string, before: TimedRow | null, after: TimedRow | null): void {
    if (this.node.mode !== 'local') {
      this.emitChange(before, after);
      return;
    }
    const { env } = this.stage;
    const output = this.node.output!;
    const value = after === null ? null : this.encodeRow(after);
    const group = this.groupKey.encode((after ?? before)!.row);
    const partition = this.rank.group.length === 0 ? 0 : partitionOf(group, env.partitions[output]);
    this.rowsOut++;
    this.stage.write(output, partition, env.now(), Buffer.from(key, 'hex'), value);
  }

  /** A candidate's time matters to the rank it is sent to; on a board it would only touch the record's timestamp. */
  private sameRow(a: TimedRow, b: TimedRow): boolean {
    const local = this.node.mode === 'local';
    return this.encodeRow(local ? a : { row: a.row, time: 0 }).equals(this.encodeRow(local ? b : { row: b.row, time: 0 }));
  }

  private encodeRow({ row, time }: TimedRow): Buffer {
    return this.rowCodec.encode(row, { time });
  }

  private logStored(): void {
    for (const id of this.dirty) {
      const row = this.stored.get(id);
      const key = Buffer.concat([Buffer.from([this.node.store!]), Buffer.from(id, 'hex')]);
      this.stage.changelog(key, row ? Buffer.concat([encodeFingerprint(this.fingerprint), this.encodeRow(row)]) : null);
    }
    this.dirty.clear();
  }

  // ---- State ----

  override restore(key: Uint8Array, value: Uint8Array | null): void {
    this.store(Buffer.from(key).toString('hex'), value === null ? null : afterFingerprint(value, this.fingerprint));
  }

  override restored(_watermark: number): void {
    if (this.isFinal) return;
    for (const group of this.groups.values()) {
      group.emitted = this.boardOf(group);
      // Which of the periodic emissions were still due is not in the state: all are, once more.
      group.pending = this.rank.emit.mode === 'every';
      for (const row of group.emitted.values()) for (const next of this.next) next.prime(row);
    }
  }

  override nextDue(): number {
    return this.isFinal ? Math.min(Infinity, ...[...this.groups.values()].map(endOf)) : Infinity;
  }

  override entries(): { readonly all: number; readonly dirty: number } {
    return { all: this.stored.size, dirty: this.dirty.size };
  }

  /** All rows of the board, group by group, best first. */
  rows(): Readonly<Record<string, Value>>[] {
    return [...this.groups.values()].flatMap((group) => [...this.boardOf(group).values()].map(({ row }) => row));
  }
}

/** When the window of a board ends; Infinity where it has no rows left. */
function endOf(group: Group): number {
  const [first] = group.rows.values();
  return first ? Number(first.row.window_end) : Infinity;
}

function keyCodec(columns: RankNode['columns'], names: readonly string[]): RowCodec {
  const key = columnsNamed(columns, names);
  return new RowCodec(keySchema(key), key, (_, i) => `k${i}`);
}
