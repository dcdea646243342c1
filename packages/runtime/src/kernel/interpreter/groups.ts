/** The entries of a fold: one per group (and window), with their incarnations, and their bytes in changelogs and repartition records. */
import { Buffer } from 'node:buffer';
import type { FoldTransform, Row } from '@rta/dsl';
import { hasWindowTables, reachOf } from '../../plan/window-times.js';
import { entrySchema, foldLayout, keySchema } from '../state-layout.js';
import { kindOf, type State } from './accumulators.js';
import { AvroCodec, type Raw, RowCodec } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import type { TimedRow } from './operator.js';

/**
 * A stretch of event time without a pause longer than the ttl, or the gap of a session, and what was folded in it. Without either a group
 * has just one.
 */
export interface Incarnation {
  /** Least and greatest contributing event time, ms. */
  readonly first: number;
  readonly time: number;
  readonly states: readonly State[];
  /** Of a session: the rows that are out for it or for what was merged into it, oldest first. */
  readonly out: readonly OutRow[];
  /** Of a session: changed since its row was handed on. */
  readonly changed: boolean;
  /** Of a moment in sliding windows: rows that are still to be given for it. */
  readonly rows: number;
}

/** A session as it was when its row was handed on. */
export interface OutRow {
  readonly first: number;
  readonly time: number;
  /** Null where it could not be computed. */
  readonly row: TimedRow | null;
}

export interface Entry {
  readonly groupKey: Buffer;
  readonly group: Row;
  readonly windowId: number | null;
  /** Oldest first. */
  incarnations: readonly Incarnation[];
  /** The row that those downstream have, as far as this node knows. */
  emitted: TimedRow | null;
  /** At the last emission there was a living incarnation, even if its row could not be computed. */
  shown: boolean;
  /** Changed since the last flush. */
  dirty: boolean;
  /** Changed since the last emission. */
  pending: boolean;
  /** The changelog has a value for it. */
  logged: boolean;
}

export class GroupCodec {
  private readonly key: RowCodec;
  private readonly value: AvroCodec;
  private readonly fingerprint: number;
  private readonly kinds;
  /** One entry per group (and window). */
  private readonly single: boolean;
  /** Keys begin with the window's number, or the time of a moment. */
  private readonly aligned: boolean;

  constructor(transform: FoldTransform) {
    const columns = transform.group.map((g) => ({ name: g.name, type: g.expr.type }));
    this.key = new RowCodec(keySchema(columns), columns, (_, i) => `k${i}`);
    const entry = entrySchema(transform);
    this.single = reachOf(transform) === null;
    this.value = new AvroCodec(this.single ? entry : { type: 'array', items: entry });
    this.aligned = hasWindowTables(transform) || transform.window?.kind === 'sliding';
    this.fingerprint = foldLayout(transform).fingerprint;
    this.kinds = transform.accumulators.map(kindOf);
  }

  encodeGroup(group: Row): Buffer {
    return this.key.encode(group);
  }

  /** `[windowId] groupKey` */
  encodeKey(entry: Entry): Buffer {
    return !this.aligned ? entry.groupKey : Buffer.concat([encodeWindowId(entry.windowId!), entry.groupKey]);
  }

  decodeKey(bytes: Uint8Array): Entry {
    const buffer = Buffer.from(bytes);
    return this.entry(this.aligned ? buffer.subarray(8) : buffer, this.aligned ? decodeWindowId(buffer) : null);
  }

  entry(groupKey: Buffer, windowId: number | null): Entry {
    const group = this.key.decode(groupKey).row;
    return { groupKey, group, windowId, incarnations: [], emitted: null, shown: false, dirty: false, pending: false, logged: false };
  }

  encodeIncarnations(incarnations: readonly Incarnation[]): Buffer {
    const raws = incarnations.map(({ first, time, states, out, rows }): Raw => {
      const accumulators = Object.fromEntries(states.map((state, i) => [`a${i}`, this.kinds[i].toRaw(state)]));
      return { ...accumulators, time, first, rows, out: out.map((row) => ({ time: row.time, first: row.first })) };
    });
    return this.value.encode(this.single ? raws[0] : raws);
  }

  decodeIncarnations(bytes: Uint8Array): Incarnation[] {
    const datum = this.value.decode(bytes);
    const entries = (this.single ? [datum] : datum) as ReadonlyMap<string, Datum>[];
    return entries.map((fields) => {
      const time = Number(fields.get('time'));
      const states = this.kinds.map((kind, i) => kind.fromDatum(fields.get(`a${i}`)!));
      const out = ((fields.get('out') ?? []) as ReadonlyMap<string, Datum>[]).map((row) => ({
        first: Number(row.get('first')),
        time: Number(row.get('time')),
        row: null,
      }));
      return {
        first: fields.has('first') ? Number(fields.get('first')) : time,
        time,
        states,
        out,
        changed: false,
        rows: Number(fields.get('rows') ?? 0),
      };
    });
  }

  encodeStoreValue(entry: Entry): Buffer {
    return Buffer.concat([encodeFingerprint(this.fingerprint), this.encodeIncarnations(entry.incarnations)]);
  }

  decodeStoreValue(bytes: Uint8Array): Incarnation[] {
    return this.decodeIncarnations(afterFingerprint(bytes, this.fingerprint));
  }

  encodePartial(entry: Entry): Buffer {
    const incarnations = this.encodeIncarnations(entry.incarnations);
    return !this.aligned ? incarnations : Buffer.concat([encodeWindowId(entry.windowId!), incarnations]);
  }

  decodePartial(groupKey: Uint8Array, value: Uint8Array): Entry {
    const buffer = Buffer.from(value);
    const entry = this.entry(Buffer.from(groupKey), this.aligned ? decodeWindowId(buffer) : null);
    entry.incarnations = this.decodeIncarnations(this.aligned ? buffer.subarray(8) : buffer);
    return entry;
  }
}

export function encodeFingerprint(fingerprint: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(fingerprint);
  return bytes;
}

/** The value of a store record. Throws where it was written with another layout. */
export function afterFingerprint(bytes: Uint8Array, fingerprint: number): Uint8Array {
  const found = Buffer.from(bytes).readUInt32BE(0);
  if (found !== fingerprint) throw new Error(`the state was written with another layout (${found}, expected ${fingerprint})`);
  return bytes.subarray(4);
}

/** int64, big endian, sign bit flipped: byte order is the order of time. */
function encodeWindowId(start: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(start) + (1n << 63n));
  return bytes;
}

function decodeWindowId(bytes: Buffer): number {
  return Number(bytes.readBigUInt64BE(0) - (1n << 63n));
}
