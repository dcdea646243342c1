/** percentile: the buckets of a DDSketch. */
import type { Value } from '@rta/dsl';
import type { GroupTable } from '../../../state/group-table.js';
import { SideState } from '../../../state/side-state.js';
import { bucketOf, quantile } from '../../dd-sketch.js';
import type { AvroCursor } from '../avro-cursor.js';
import type { Scratch } from '../scratch.js';
import { eachItem, SideKind } from './side-kind.js';

const OVERHEAD = 250;
/** Of an entry of a map, about. */
const ENTRY = 40;

class Sketch extends SideState {
  nan = 0;
  pos = 0;
  neg = 0;
  zero = 0;
  readonly above = new Map<number, number>();
  readonly below = new Map<number, number>();

  get bytes(): number {
    return OVERHEAD + (this.above.size + this.below.size) * ENTRY;
  }

  add(x: number): void {
    if (x > 0) {
      if (x === Infinity) this.pos++;
      else count(this.above, bucketOf(x), 1);
    } else if (x < 0) {
      if (x === -Infinity) this.neg++;
      else count(this.below, bucketOf(-x), 1);
    } else if (x === 0) this.zero++;
    else this.nan++;
  }
}

export class Quantile extends SideKind<Sketch> {
  constructor(
    side: number,
    private readonly fraction: number,
  ) {
    super(side);
  }

  add(T: GroupTable, slot: number, x: number): void {
    const sketch = this.stateOf(T, slot);
    const before = sketch.bytes;
    sketch.add(x);
    this.changed(T, sketch, before);
  }

  protected fresh(): Sketch {
    return new Sketch();
  }

  protected join(into: Sketch, from: Sketch): void {
    into.nan += from.nan;
    into.pos += from.pos;
    into.neg += from.neg;
    into.zero += from.zero;
    for (const [bucket, n] of from.above) count(into.above, bucket, n);
    for (const [bucket, n] of from.below) count(into.below, bucket, n);
  }

  protected readInto(c: AvroCursor, sketch: Sketch): void {
    sketch.nan += Number(c.long());
    sketch.pos += Number(c.long());
    sketch.neg += Number(c.long());
    sketch.zero += Number(c.long());
    for (const buckets of [sketch.above, sketch.below]) eachItem(c, () => count(buckets, c.int(), Number(c.long())));
  }

  protected writeState(W: Scratch, p: number, sketch: Sketch | undefined): number {
    const { nan, pos, neg, zero, above, below } = sketch ?? NOTHING;
    p = W.long(W.long(W.long(W.long(p, nan), pos), neg), zero);
    for (const buckets of [above, below]) {
      if (buckets.size > 0) p = W.long(p, buckets.size);
      for (const [bucket, n] of inOrder(buckets)) p = W.long(W.long(p, bucket), n);
      p = W.byte(p, 0);
    }
    return p;
  }

  protected resultOf(sketch: Sketch | undefined): Value {
    if (sketch === undefined) return null;
    const { nan, pos, neg, zero, above, below } = sketch;
    return quantile({ nan, pos, neg, zero, above: inOrder(above), below: inOrder(below) }, this.fraction);
  }
}

const NOTHING = new Sketch();

function count(buckets: Map<number, number>, bucket: number, n: number): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + n);
}

function inOrder(buckets: ReadonlyMap<number, number>): [number, number][] {
  return [...buckets].sort(([a], [b]) => a - b);
}
