/** A join of two tables on a foreign key: all rows of both sides, by what is referred to. */
import { Buffer } from 'node:buffer';
import type { StageNode } from '../../plan/physical.js';
import { claimSchema, foreignLayout, referredSchema } from '../state-layout.js';
import { AvroCodec, type Raw } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import { afterFingerprint, encodeFingerprint } from './groups.js';
import { partitionOf } from './murmur2.js';
import type { StageContext } from './operator.js';
import { Receiver } from './receiver.js';

type ForeignNode = Extract<StageNode, { op: 'foreign' }>;

interface Kept {
  readonly foreign: Buffer;
  /** Of the left: its own key. */
  readonly own: Buffer | null;
  version: number;
  /** As Avro says it, by field: time, c0, …; null: gone. */
  row: Fields | null;
  dirty: boolean;
  logged: boolean;
}

type Fields = ReadonlyMap<string, Datum>;

export class ForeignJoin extends Receiver {
  private readonly referredCodec: AvroCodec;
  private readonly claimCodec: AvroCodec;
  private readonly stateCodec: AvroCodec;
  private readonly fingerprint: number;
  /** By store key, as hex. */
  private readonly kept = new Map<string, Kept>();

  constructor(
    override readonly node: ForeignNode,
    stage: StageContext,
  ) {
    super(node, stage);
    const { leftColumns, rightColumns } = node;
    this.referredCodec = new AvroCodec(referredSchema(leftColumns));
    this.claimCodec = new AvroCodec(claimSchema([...leftColumns, ...rightColumns]));
    const layout = foreignLayout(leftColumns, rightColumns);
    this.stateCodec = new AvroCodec(layout.schema);
    this.fingerprint = layout.fingerprint;
  }

  override received(key: Uint8Array, value: Uint8Array | null, input: number): void {
    this.rowsIn++;
    const foreign = Buffer.from(key);
    if (this.node.sides[0].includes(input)) {
      const fields = this.referredCodec.decode(value!) as Fields;
      this.put(foreign, Buffer.from(fields.get('key') as Uint8Array), Number(fields.get('version')), fields.get('row') as Fields | null);
    } else this.put(foreign, null, 0, this.version(Buffer.from(value!)));
  }

  /** `long time, union [null, row]` */
  private version(value: Buffer): Fields | null {
    let end = 0;
    while (value[end] > 127) end++;
    end++;
    if (value[end] === 0) return null;
    // As a state's right row: behind version 0 and no left one.
    const state = Buffer.concat([Buffer.from([0, 0, 2]), value.subarray(0, end), value.subarray(end + 1)]);
    return (this.stateCodec.decode(state) as Fields).get('right') as Fields;
  }

  private put(foreign: Buffer, own: Buffer | null, version: number, row: Fields | null): void {
    const id = this.storeKey(foreign, own).toString('hex');
    const logged = this.kept.get(id)?.logged === true;
    this.kept.set(id, { foreign, own, version, row, dirty: true, logged });
  }

  override flush(_watermark: number): void {
    const all = [...this.kept.values()];
    const changed = new Set(all.filter(({ own, dirty }) => own === null && dirty).map(({ foreign }) => foreign.toString('hex')));
    for (const each of all) if (each.own !== null && (each.dirty || changed.has(each.foreign.toString('hex')))) this.tell(each);
    for (const [id, each] of this.kept) {
      if (each.dirty && (each.row !== null || each.logged)) this.stage.changelog(Buffer.from(id, 'hex'), this.storeValue(each));
      each.dirty = false;
      each.logged = true;
      if (each.row === null) this.kept.delete(id);
    }
  }

  /** Tells the owner of a left row what it is joined with. */
  private tell({ foreign, own, version, row, logged }: Kept): void {
    if (row === null && !logged) return;
    const right = this.kept.get(this.storeKey(foreign, null).toString('hex'))?.row ?? null;
    const joined = row === null ? -1 : logged ? 0 : 1;
    const pads = this.node.transform.outer !== 'inner';
    const pair = row === null || (right === null && !pads) ? null : this.pair(row, right);
    const value = this.claimCodec.encode({ joined, version, row: pair });
    const { output } = this.node;
    this.rowsOut++;
    if (output === null) for (const next of this.next) next.received(own!, value, -1);
    else this.stage.write(output, partitionOf(own!, this.stage.env.partitions[output]), this.stage.env.now(), own, value);
  }

  private pair(left: Fields, right: Fields | null): Raw {
    const { leftColumns, rightColumns } = this.node;
    const time = Math.max(Number(left.get('time')), right === null ? -Infinity : Number(right.get('time')));
    const columns = [
      ...leftColumns.map((_, i) => left.get(`c${i}`)!),
      ...rightColumns.map((_, i) => (right === null ? null : right.get(`c${i}`)!)),
    ];
    return { time, ...Object.fromEntries(columns.map((datum, i) => [`c${i}`, rawOf(datum)])) };
  }

  // ---- State ----

  private storeKey(foreign: Buffer, own: Buffer | null): Buffer {
    const sized = new AvroCodec('bytes').encode(foreign);
    return Buffer.concat([Buffer.from([this.node.store, Number(own === null)]), sized, ...(own === null ? [] : [own])]);
  }

  private storeValue({ own, version, row }: Kept): Buffer | null {
    if (row === null) return null;
    const raw = rawOf(row);
    const state = { version, left: own === null ? null : raw, right: own === null ? raw : null };
    return Buffer.concat([encodeFingerprint(this.fingerprint), this.stateCodec.encode(state)]);
  }

  override restore(key: Uint8Array, value: Uint8Array | null): void {
    const bytes = Buffer.from(key);
    const foreign = Buffer.from(new AvroCodec('bytes').decode(bytes.subarray(1, sizedEnd(bytes, 1))) as Uint8Array);
    const own = bytes[0] === 0 ? bytes.subarray(sizedEnd(bytes, 1)) : null;
    const id = this.storeKey(foreign, own).toString('hex');
    if (value === null) {
      this.kept.delete(id);
      return;
    }
    const fields = this.stateCodec.decode(afterFingerprint(value, this.fingerprint)) as Fields;
    const row = fields.get(own === null ? 'right' : 'left') as Fields;
    this.kept.set(id, { foreign, own, version: Number(fields.get('version')), row, dirty: false, logged: true });
  }

  override entries(): { readonly all: number; readonly dirty: number } {
    return { all: this.kept.size, dirty: [...this.kept.values()].filter(({ dirty }) => dirty).length };
  }
}

/** Where Avro's `bytes` from `start` on end. */
function sizedEnd(bytes: Buffer, start: number): number {
  let [length, p] = [0, start];
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[p++];
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) return p + length / 2;
  }
}

/** As it was read, to be written again. */
function rawOf(datum: Datum): Raw {
  if (datum instanceof Map) return Object.fromEntries([...(datum as Fields)].map(([name, value]) => [name, rawOf(value)]));
  if (datum instanceof Uint8Array) return Buffer.from(datum);
  return Array.isArray(datum) ? datum.map(rawOf) : (datum as Raw);
}
