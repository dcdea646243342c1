/** What the code of accumulators has in common: the functions of one, and where it is in a slot. See state-layout.ts for the bytes. */
import type { Accumulator } from '@rta/dsl';
import { blobField } from '../../../state/group-table-rows.js';
import type { Code } from '../code.js';
import type { Operand, Operands } from '../operand.js';

/** Sources that say where in the input a row is: -1 for the partition and offset of rows that are no records of a source. */
export interface Place {
  readonly time: string;
  readonly partition: string;
  readonly offset: string;
}

export interface RowPlace extends Place {
  /** What the row is ranked by, where the accumulator asks for it; not null. */
  readonly by: Operand | null;
}

/** Names in the code around: T (table), s (slot), N, q, M, m, A (arena); for merging also qf and mf, of slot sf; K but for merging. */
export interface AccumulatorCode {
  /** Takes in a value that is not null (count: no value). M, m and A are not there. */
  update(code: Code, value: Operand | null, row: RowPlace): void;
  /** Takes in a whole row, for those that are of no value; instead of `update`. */
  readonly updateRow?: (code: Code, row: Operands, place: Place, orders: readonly Operand[]) => void;
  /** Over a table, of those that are of no value: adds or takes out, as source `sign` says, a row that is an object, with the values of its orders. */
  readonly applyRow?: (code: Code, row: string, orders: string, sign: string) => void;
  /** Takes a value out again; for accumulators of folds over tables. */
  retract?(code: Code, value: Operand | null, row: RowPlace): void;
  merge(code: Code): void;
  /** Writes to `W` at `p`. */
  write(code: Code): void;
  /** Reads from cursor `c` and takes it in. */
  read(code: Code): void;
  readonly result: (code: Code) => Operand;
}

/** Where accumulators are put in a slot. */
export class Slots {
  readonly init: number[] = [];
  blobs = 0;
  sides = 0;

  /** First of some doubles with those values in a new slot. */
  num(...init: readonly number[]): number {
    this.init.push(...init);
    return this.init.length - init.length;
  }

  blob(): number {
    return blobField(this.blobs++);
  }

  side(): number {
    return this.sides++;
  }
}

/** An operand without bytes. */
export function plain(accumulator: Accumulator, value: string, isNull: string | null = null, definite = value): Operand {
  return { type: accumulator.type, value, isNull, definite, text: null, encoded: null, window: false };
}

/** Source of a double of the slot. */
export function at(base: string, offset: number): string {
  return `N[${base} + ${offset}]`;
}
