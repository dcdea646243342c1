/** Rows of tables by key (plan/table-rows.ts): entries of a fold whose states are put, not added up. */
import { Buffer } from 'node:buffer';
import type { Row, Value } from '@rta/dsl';
import { keptColumns } from '../../plan/table-rows.js';
import { claimSchema, rowLayout } from '../state-layout.js';
import type { Newest, Owned } from './accumulators/newest.js';
import type { State } from './accumulators.js';
import { AvroCodec, RowCodec, toValue } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import { Fold } from './fold.js';
import type { Entry, Incarnation } from './groups.js';
import type { FoldNode, Interval } from './keyed-fold.js';
import type { Effect, StageContext, StreamRow } from './operator.js';

export class RowsFold extends Fold {
  private readonly owns: boolean;
  private readonly rowCodecs: readonly RowCodec[];
  private readonly claimCodec: AvroCodec;

  constructor(node: FoldNode, stage: StageContext) {
    super(node, stage);
    const { accumulators } = node.transform;
    this.owns = accumulators[0].fn === 'owned';
    this.rowCodecs = accumulators.map((accumulator) => {
      const columns = keptColumns(accumulator);
      return new RowCodec(rowLayout(columns).schema, columns, (_, i) => `c${i}`);
    });
    this.claimCodec = new AvroCodec(claimSchema(keptColumns(accumulators[0])));
  }

  /** A record of a source. */
  override row({ row, time, deleted }: StreamRow, effects: Effect[]): void {
    effects.push(() => this.put(this.codec.encodeGroup(row), 0, deleted ? null : { time, row }));
  }

  override received(key: Uint8Array, value: Uint8Array | null, input?: number): void {
    if (this.owns) this.claim(Buffer.from(key), value!);
    else {
      const side = this.fold.accumulators.findIndex((_, i) => this.node.sides![i].includes(input!));
      this.put(Buffer.from(key), side, this.version(side, Buffer.from(value!)));
    }
  }

  /** `long time, union [null, row]`: the row is read with its time, as rows are elsewhere. */
  private version(side: number, value: Buffer): Newest {
    let end = 0;
    while (value[end] > 127) end++;
    end++;
    if (value[end] === 0) return null;
    const { row, field } = this.rowCodecs[side].decode(Buffer.concat([value.subarray(0, end), value.subarray(end + 1)]));
    return { time: Number(field('time')), row };
  }

  private put(groupKey: Buffer, side: number, newest: Newest): void {
    this.rowsIn++;
    const entry = this.entryOf(groupKey, null);
    const before = this.statesOf(entry);
    this.set(
      entry,
      before.map((state, i) => (i === side ? newest : state)),
    );
  }

  private claim(groupKey: Buffer, bytes: Uint8Array): void {
    this.rowsIn++;
    const fields = this.claimCodec.decode(bytes) as ReadonlyMap<string, Datum>;
    const [joined, version] = ['joined', 'version'].map((name) => Number(fields.get(name)));
    const row = fields.get('row') as ReadonlyMap<string, Datum> | null;
    const columns = keptColumns(this.fold.accumulators[0]);
    const newest = row && {
      time: Number(row.get('time')),
      row: Object.fromEntries(columns.map(({ name, type }, i): [string, Value] => [name, toValue(type, row.get(`c${i}`)!)])),
    };
    const entry = this.entryOf(groupKey, null);
    const [before] = this.statesOf(entry) as readonly Owned[];
    const counts = joined < 0 ? version > before.version : version >= before.version;
    this.set(entry, [{ ...before, open: before.open + joined, ...(counts ? { version, newest } : {}) }]);
  }

  private statesOf({ incarnations }: Entry): readonly State[] {
    return incarnations.length > 0 ? incarnations[0].states : this.kinds.map(({ empty }) => empty);
  }

  private set(entry: Entry, states: readonly State[]): void {
    const times = this.newestOf(states).map((newest) => newest?.time ?? -Infinity);
    const latest = Math.max(...times);
    // One that was claimed and has no row yet is of no time.
    const time = latest === -Infinity ? 0 : latest;
    entry.incarnations = [{ first: time, time, states, out: [], changed: true, rows: 1 }];
    entry.dirty = true;
    entry.pending = true;
  }

  private newestOf(states: readonly State[]): readonly Newest[] {
    return this.owns ? (states as readonly Owned[]).map(({ newest }) => newest) : (states as readonly Newest[]);
  }

  protected override isEmpty(entry: Entry): boolean {
    if (entry.incarnations.length === 0) return false;
    const { states } = entry.incarnations[0];
    return this.owns ? (states[0] as Owned).open === 0 : states.every((state) => state === null);
  }

  protected override rowOf(entry: Entry, _window: Interval | null, { states }: Incarnation): Row | null {
    const kept = this.newestOf(states);
    const { accumulators } = this.fold;
    if (kept.some((newest, i) => newest === null && accumulators[i].type.kind !== 'nullable')) return null;
    const columns = accumulators.flatMap((accumulator, i) =>
      keptColumns(accumulator).map(({ name }): [string, Value] => [name, kept[i]?.row[name] ?? null]),
    );
    return { ...entry.group, ...Object.fromEntries(columns) };
  }
}
