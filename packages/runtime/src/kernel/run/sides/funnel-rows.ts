/** funnel: the places of the rows that meet conditions, until all are met in order. */
import type { Value } from '@rta/dsl';
import type { GroupTable } from '../../../state/group-table.js';
import { SideState } from '../../../state/side-state.js';
import type { AvroCursor } from '../avro-cursor.js';
import { comparePlaces, type Place } from '../places.js';
import type { Scratch } from '../scratch.js';
import { eachItem, SideKind } from './side-kind.js';

interface Met extends Place {
  readonly met: number;
}

const OVERHEAD = 160;
const ROW = 64;
/** Whether the funnel is complete is found out when there are twice as many rows as the last time, from this many on. */
const FIRST_CHECK = 32;

class Journey extends SideState {
  complete = false;
  /** In order. */
  rows: Met[] = [];
  nextCheck = FIRST_CHECK;

  get bytes(): number {
    return OVERHEAD + this.rows.length * ROW;
  }
}

export class Funnel extends SideKind<Journey> {
  private readonly last: number;

  /** @param steps number of conditions */
  constructor(
    side: number,
    private readonly steps: number,
  ) {
    super(side);
    this.last = 2 ** (steps - 1);
  }

  /** Takes in a row that meets the conditions of `met`, bit by bit; not 0. */
  add(T: GroupTable, slot: number, met: number, time: number, partition: number, offset: number): void {
    const journey = this.stateOf(T, slot);
    const before = journey.bytes;
    this.insert(journey, { time, partition, offset, met });
    this.changed(T, journey, before);
  }

  private insert(journey: Journey, row: Met): void {
    if (journey.complete) return;
    const { rows } = journey;
    let at = rows.length;
    while (at > 0 && compare(rows[at - 1], row) > 0) at--;
    // Of rows that meet the first condition only, the first is enough; of those that meet the last only, the last.
    if (row.met === 1) {
      const other = rows.findIndex(({ met }) => met === 1);
      if (other >= 0 && other < at) return;
      if (other >= 0) rows.splice(other, 1);
    } else if (row.met === this.last) {
      const other = rows.findLastIndex(({ met }) => met === this.last);
      if (other >= at) return;
      if (other >= 0) {
        rows.splice(other, 1);
        at--;
      }
    }
    rows.splice(at, 0, row);
    if (rows.length < journey.nextCheck) return;
    this.settle(journey);
    journey.nextCheck = journey.rows.length * 2;
  }

  /** A funnel that is complete stays so, and needs no rows. */
  private settle(journey: Journey): number {
    const reached = journey.complete ? this.steps : depth(journey.rows);
    if (reached === this.steps) {
      journey.complete = true;
      journey.rows = [];
    }
    return reached;
  }

  protected fresh(): Journey {
    return new Journey();
  }

  protected join(into: Journey, from: Journey): void {
    if (from.complete) {
      into.complete = true;
      into.rows = [];
    } else for (const row of from.rows) this.insert(into, row);
  }

  protected readInto(c: AvroCursor, journey: Journey): void {
    if (c.boolean()) {
      journey.complete = true;
      journey.rows = [];
    }
    eachItem(c, () => {
      const time = Number(c.long());
      const partition = c.int();
      const offset = Number(c.long());
      this.insert(journey, { time, partition, offset, met: c.int() });
    });
  }

  protected writeState(W: Scratch, p: number, journey: Journey | undefined): number {
    const complete = journey !== undefined && (journey.complete || depth(journey.rows) === this.steps);
    const rows = journey === undefined || complete ? [] : journey.rows;
    p = W.byte(p, complete ? 1 : 0);
    if (rows.length > 0) p = W.long(p, rows.length);
    for (const { time, partition, offset, met } of rows) p = W.long(W.long(W.long(W.long(p, time), partition), offset), met);
    return W.byte(p, 0);
  }

  protected resultOf(journey: Journey | undefined): Value {
    if (journey === undefined) return 0;
    return journey.complete ? this.steps : depth(journey.rows);
  }
}

function compare(a: Met, b: Met): number {
  return comparePlaces(a, b) || a.met - b.met;
}

/** How many conditions are met in order. */
function depth(rows: readonly Met[]): number {
  let reached = 0;
  for (const { met } of rows) if (((met >> reached) & 1) === 1) reached++;
  return reached;
}
