/** Sends rows to another stage, by key. */
import { Buffer } from 'node:buffer';
import type { Row } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { keySchema, rowLayout } from '../state-layout.js';
import { RowCodec } from './avro-codec.js';
import { evaluateRow } from './expressions.js';
import { Join } from './join.js';
import { partitionOf } from './murmur2.js';
import { type Change, type Effect, Operator, type StageContext, type StreamRow, type TimedRow } from './operator.js';

type SendNode = Extract<StageNode, { op: 'send' }>;

export class Send extends Operator {
  private readonly keyCodec: RowCodec;
  private readonly rowCodec: RowCodec;

  constructor(
    override readonly node: SendNode,
    stage: StageContext,
  ) {
    super(node, stage);
    const keys = node.transform.key.map((expr, i) => ({ name: `k${i}`, type: expr.type }));
    this.keyCodec = new RowCodec(keySchema(keys), keys, ({ name }) => name);
    this.rowCodec = new RowCodec(rowLayout(node.columns).schema, node.columns, (_, i) => `c${i}`);
  }

  override row(row: StreamRow, effects: Effect[]): void {
    const { key, columns, graceMs } = this.node.transform;
    const { env } = this.stage;
    const keyRow = Object.fromEntries(key.map((expr, i) => [`k${i}`, evaluateRow(expr, row, env)]));
    const value = row.deleted ? {} : Object.fromEntries(columns.map(({ name, expr }) => [name, evaluateRow(expr, row, env)]));
    effects.push(() => {
      this.rowsIn++;
      const { source, time } = row;
      if (this.node.transform.table) {
        this.sendVersion(this.keyCodec.encode(keyRow), row.deleted ? null : value, Math.max(time, source!.watermark));
        return;
      }
      if (source !== null && time < source.watermark - graceMs) {
        this.reportLate(source, [{ start: time, end: time + graceMs }]);
        return;
      }
      this.send(this.keyCodec.encode(keyRow), this.rowCodec.encode(value, { time }));
    });
  }

  /** A version of a table's row, which holds from `time` on. */
  private sendVersion(key: Buffer, row: Row | null, time: number): void {
    const alone = new RowCodec(rowLayout([]).schema, [], () => '').encode({}, { time });
    const columns = row === null ? [] : [Buffer.from([2]), this.rowCodec.encode(row, { time }).subarray(alone.length)];
    this.send(key, Buffer.concat([alone, ...(row === null ? [Buffer.from([0])] : columns)]));
  }

  private send(key: Buffer, value: Buffer): void {
    const { output, side } = this.node;
    const { env } = this.stage;
    this.rowsOut++;
    if (output === null) {
      const [join] = this.next;
      if (!(join instanceof Join)) throw new Error(`${this.node.id} sends to no join`);
      join.take(side === 1, key, value);
      return;
    }
    this.stage.write(output, partitionOf(key, env.partitions[output]), env.now(), key, value);
  }

  override change({ before, after }: Change): void {
    this.rowsIn++;
    const [old, now] = [before, after].map((timed) => timed && this.computed(timed));
    if (now !== null) this.sendVersion(now.key, now.value, after!.time);
    else if (old !== null) this.sendVersion(old.key, null, 0);
  }

  private computed(timed: TimedRow): { readonly key: Buffer; readonly value: Row } | null {
    const { key, columns } = this.node.transform;
    const { env } = this.stage;
    return this.orNull(() => ({
      key: this.keyCodec.encode(Object.fromEntries(key.map((expr, i) => [`k${i}`, evaluateRow(expr, { ...timed, source: null }, env)]))),
      value: Object.fromEntries(columns.map(({ name, expr }) => [name, evaluateRow(expr, { ...timed, source: null }, env)])),
    }));
  }

  override prime(_row: TimedRow): void {
    // It has been sent.
  }
}
