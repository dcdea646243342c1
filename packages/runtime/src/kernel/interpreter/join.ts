/** A join of two streams: every pair of rows is looked at, rows that can meet no other any more go. */
import { Buffer } from 'node:buffer';
import type { Column, Row, Value } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { joinLayout, keySchema, rowLayout } from '../state-layout.js';
import { AvroCodec, RowCodec, toRaw, toValue } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import { afterFingerprint, encodeFingerprint } from './groups.js';
import { evaluateRow } from './expressions.js';
import type { StageContext } from './operator.js';
import { Receiver } from './receiver.js';

type JoinNode = Extract<StageNode, { op: 'join' }>;

export interface Kept {
  readonly right: boolean;
  readonly time: number;
  /** Counts the rows as they came in. */
  readonly number: number;
  readonly key: Buffer;
  /** Null: a version that says that a table's row is deleted. */
  readonly row: Row | null;
  matched: boolean;
  logged: boolean;
  dirty: boolean;
}

const SIGN = 1n << 63n;

export class Join extends Receiver {
  override readonly hold: number;
  private readonly keyColumns: readonly Column[];
  private readonly keyCodec: RowCodec;
  protected readonly rowCodecs: readonly [RowCodec, RowCodec];
  private readonly stateCodec: AvroCodec;
  private readonly fingerprint: number;
  protected kept: Kept[] = [];
  protected nextNumber = 0;

  constructor(
    override readonly node: JoinNode,
    stage: StageContext,
  ) {
    super(node, stage);
    const { transform, inputColumns, rightColumns } = node;
    const codecOf = (columns: readonly Column[]): RowCodec => new RowCodec(rowLayout(columns).schema, columns, (_, i) => `c${i}`);
    this.keyColumns = transform.leftKey.map((expr, i) => ({ name: expr.kind === 'column' ? expr.name : `${i}`, type: expr.type }));
    this.keyCodec = new RowCodec(keySchema(this.keyColumns), this.keyColumns, (_, i) => `k${i}`);
    this.rowCodecs = [codecOf(inputColumns), codecOf(rightColumns)];
    const layout = joinLayout(inputColumns, rightColumns);
    this.stateCodec = new AvroCodec(layout.schema);
    this.fingerprint = layout.fingerprint;
    const { beforeMs, afterMs, graceMs } = this.bounds;
    const waits = { inner: 0, left: afterMs, outer: Math.max(beforeMs, afterMs) }[transform.outer];
    this.hold = graceMs + waits;
  }

  private get bounds(): { readonly beforeMs: number; readonly afterMs: number; readonly graceMs: number } {
    const { how } = this.node.transform;
    return how.kind === 'within' ? how : { beforeMs: 0, afterMs: 0, graceMs: 0 };
  }

  override received(key: Uint8Array, value: Uint8Array | null, input: number): void {
    this.take(this.node.sides[1].includes(input), key, value!);
  }

  /** Takes a row of a side. */
  take(right: boolean, key: Uint8Array, value: Uint8Array): void {
    this.rowsIn++;
    const { row, field } = this.rowCodecs[Number(right)].decode(value);
    const kept: Kept = {
      right,
      time: Number(field('time')),
      number: this.nextNumber++,
      key: Buffer.from(key),
      row,
      matched: false,
      logged: false,
      dirty: true,
    };
    const meets = this.kept.filter((other) => this.meet(kept, other)).sort((a, b) => a.time - b.time || a.number - b.number);
    for (const other of meets) {
      const [a, b] = right ? [other, kept] : [kept, other];
      if (!this.satisfies(a, b)) continue;
      this.note(kept);
      this.note(other);
      this.emitPair(a, b);
    }
    this.kept.push(kept);
  }

  /** Whether the condition holds of a row of the left and one of the right. */
  protected satisfies(a: Kept, b: Kept): boolean {
    const { condition } = this.node.transform;
    if (condition === null) return true;
    const both = { row: { ...a.row, ...b.row }, time: a.time, source: null };
    return this.orNull(() => evaluateRow(condition.expr, both, this.stage.env)) === true;
  }

  /** A row of the left with one of the right. */
  protected emitPair(a: Kept, b: Kept): void {
    this.emitRow({ row: { ...a.row, ...b.row }, time: Math.max(a.time, b.time) });
  }

  private meet(a: Kept, b: Kept): boolean {
    if (a.right === b.right || !a.key.equals(b.key)) return false;
    const { beforeMs, afterMs } = this.bounds;
    const later = a.right ? a.time - b.time : b.time - a.time;
    return later >= -beforeMs && later <= afterMs;
  }

  /** That a row has found a match matters where it would be given without one. */
  private note(kept: Kept): void {
    if (kept.matched || !this.pads(kept)) return;
    kept.matched = true;
    kept.dirty = true;
  }

  protected pads({ right }: Kept): boolean {
    return this.node.transform.outer === 'outer' || (this.node.transform.outer === 'left' && !right);
  }

  /** The first watermark at which nothing can meet the row any more. */
  protected goesAt({ right, time }: Kept): number {
    const { beforeMs, afterMs, graceMs } = this.bounds;
    return time + (right ? beforeMs : afterMs) + graceMs + 1;
  }

  override flush(watermark: number): void {
    const gone = this.kept.filter((kept) => this.goesAt(kept) <= watermark);
    gone.sort((a, b) => a.time - b.time || Number(a.right) - Number(b.right) || a.number - b.number);
    for (const kept of gone) {
      if (this.pads(kept) && !kept.matched) this.emitAlone(kept);
    }
    this.drop(gone);
    this.logDirty();
  }

  protected emitAlone(kept: Kept): void {
    this.emitRow({ row: this.alone(kept), time: kept.time });
  }

  protected drop(gone: readonly Kept[]): void {
    for (const kept of gone) if (kept.logged) this.stage.changelog(this.storeKey(kept), null);
    this.kept = this.kept.filter((kept) => !gone.includes(kept));
  }

  protected logDirty(): void {
    for (const kept of this.kept) {
      if (!kept.dirty) continue;
      this.stage.changelog(this.storeKey(kept), this.storeValue(kept));
      kept.dirty = false;
      kept.logged = true;
    }
  }

  /** The row without a match: what the other side would have is null, but for the key. */
  private alone({ right, row, key }: Kept): Row {
    const nulls = (columns: readonly Column[]): Row => Object.fromEntries(columns.map(({ name }): [string, Value] => [name, null]));
    if (!right) return { ...row, ...nulls(this.node.rightColumns) };
    return { ...nulls(this.node.inputColumns), ...this.keyCodec.decode(key).row, ...row };
  }

  override nextDue(): number {
    return Math.min(Infinity, ...this.kept.map((kept) => this.goesAt(kept)));
  }

  override entries(): { readonly all: number; readonly dirty: number } {
    return { all: this.kept.length, dirty: this.kept.filter((kept) => kept.dirty).length };
  }

  // ---- State ----

  private storeKey({ right, time, number }: Kept): Buffer {
    const key = Buffer.alloc(18);
    key[0] = this.node.store;
    key[1] = Number(right);
    key.writeBigUInt64BE(BigInt.asUintN(64, BigInt(time)) ^ SIGN, 2);
    key.writeBigInt64BE(BigInt(number), 10);
    return key;
  }

  private storeValue({ right, time, key, row, matched }: Kept): Buffer {
    const columns = right ? this.node.rightColumns : this.node.inputColumns;
    const fields = columns.map(({ name, type }, i) => [`c${i}`, toRaw(type, row?.[name] ?? null)] as const);
    const side = row === null ? null : { time, ...Object.fromEntries(fields) };
    const value = this.stateCodec.encode({ key, matched, left: right ? null : side, right: right ? side : null });
    return Buffer.concat([encodeFingerprint(this.fingerprint), value]);
  }

  override restore(key: Uint8Array, value: Uint8Array | null): void {
    const bytes = Buffer.from(key);
    const right = bytes[0] === 1;
    const number = Number(bytes.readBigInt64BE(9));
    this.nextNumber = Math.max(this.nextNumber, number + 1);
    this.kept = this.kept.filter((kept) => kept.number !== number);
    if (value === null) return;
    const columns = right ? this.node.rightColumns : this.node.inputColumns;
    const datum = this.stateCodec.decode(afterFingerprint(value, this.fingerprint)) as ReadonlyMap<string, Datum>;
    const fields = datum.get(right ? 'right' : 'left') as ReadonlyMap<string, Datum> | null;
    this.kept.push({
      right,
      time: Number(BigInt.asIntN(64, bytes.readBigUInt64BE(1) ^ SIGN)),
      number,
      key: Buffer.from(datum.get('key') as Uint8Array),
      row: fields && Object.fromEntries(columns.map(({ name, type }, i) => [name, toValue(type, fields.get(`c${i}`)!)])),
      matched: datum.get('matched') as boolean,
      logged: true,
      dirty: false,
    });
  }
}
