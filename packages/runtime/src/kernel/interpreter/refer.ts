/** Sends the rows of a table by their foreign keys. */
import { Buffer } from 'node:buffer';
import { keySchema, referredSchema, versionLayout } from '../state-layout.js';
import type { StageNode } from '../../plan/physical.js';
import { AvroCodec, type Raw, RowCodec, toRaw } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import { evaluateRow } from './expressions.js';
import { afterFingerprint, encodeFingerprint } from './groups.js';
import { partitionOf } from './murmur2.js';
import { type Change, columnsNamed, type Effect, Operator, type StageContext, type StreamRow, type TimedRow } from './operator.js';

type ReferNode = Extract<StageNode, { op: 'refer' }>;

interface Referring {
  readonly own: Buffer;
  /** What it refers to. */
  readonly foreign: Buffer;
  readonly row: Raw;
}

export class Refer extends Operator {
  private readonly ownCodec: RowCodec;
  private readonly foreignCodec: RowCodec;
  private readonly messageCodec: AvroCodec;
  private readonly stateCodec = new AvroCodec(versionLayout().schema);
  private flushes = 0;
  private sent = false;

  constructor(
    override readonly node: ReferNode,
    stage: StageContext,
  ) {
    super(node, stage);
    const { key, columns } = node.transform;
    const own = columnsNamed(node.inputColumns, node.inputKey ?? []);
    this.ownCodec = new RowCodec(keySchema(own), own, (_, i) => `k${i}`);
    const foreign = key.map((expr, i) => ({ name: `k${i}`, type: expr.type }));
    this.foreignCodec = new RowCodec(keySchema(foreign), foreign, ({ name }) => name);
    this.messageCodec = new AvroCodec(referredSchema(columns.map(({ name, expr }) => ({ name, type: expr.type }))));
  }

  override change({ before, after }: Change): void {
    this.rowsIn++;
    const [old, now] = [before, after].map((timed) => timed && this.referring(timed));
    const moves = old !== null && (now === null || !now.foreign.equals(old.foreign));
    if (moves) this.send(old, null);
    if (now !== null) this.send(now, now.row);
  }

  /** Null where it cannot be computed, or refers to nothing and is not wanted then. */
  private referring(timed: TimedRow): Referring | null {
    const { key, columns, pads } = this.node.transform;
    const row = { ...timed, source: null };
    const { env } = this.stage;
    const own = this.ownCodec.encode(timed.row);
    return this.orNull(() => {
      const values = key.map((expr) => evaluateRow(expr, row, env));
      const fields = columns.map(({ expr }, i) => [`c${i}`, toRaw(expr.type, evaluateRow(expr, row, env))] as const);
      const refers = !values.includes(null);
      if (!refers && !pads) return null;
      const foreign = this.foreignCodec.encode(Object.fromEntries(values.map((value, i) => [`k${i}`, value])));
      return {
        own,
        foreign: refers ? foreign : Buffer.concat([foreign, own]),
        row: { time: timed.time, ...Object.fromEntries(fields) },
      };
    });
  }

  private send({ own, foreign }: Referring, row: Raw): void {
    const { output, store } = this.node;
    const { env } = this.stage;
    this.sent = true;
    this.rowsOut++;
    const value = this.messageCodec.encode({ key: own, version: store === null ? 0 : this.flushes + 1, row });
    this.stage.write(output, partitionOf(foreign, env.partitions[output]), env.now(), foreign, value);
  }

  override flush(_watermark: number): void {
    const { store } = this.node;
    if (!this.sent || store === null) return;
    this.sent = false;
    this.flushes++;
    const { fingerprint } = versionLayout();
    this.stage.changelog(
      Buffer.from([store]),
      Buffer.concat([encodeFingerprint(fingerprint), this.stateCodec.encode({ flushes: this.flushes })]),
    );
  }

  override restore(_key: Uint8Array, value: Uint8Array | null): void {
    if (value === null) return;
    const datum = this.stateCodec.decode(afterFingerprint(value, versionLayout().fingerprint)) as ReadonlyMap<string, Datum>;
    this.flushes = Number(datum.get('flushes'));
  }

  override row(_row: StreamRow, _effects: Effect[]): void {
    throw new Error('rows of a stream refer to none');
  }

  override prime(_row: TimedRow): void {
    // It has been sent.
  }
}
