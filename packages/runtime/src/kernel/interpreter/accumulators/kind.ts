/** What the interpreter does with the accumulators of one kind: plain immutable states. */
import type { Value } from '@rta/dsl';
import type { Raw } from '../avro-codec.js';
import type { Datum } from '../avro-read.js';

/** What a row gives to an accumulator, and where the row is in the input: -1 for rows that are no records of a source. */
export interface Given {
  /** Not null; true where the accumulator has no argument. */
  readonly value: Value;
  /** What the row is ranked by, not null; null where the accumulator does not ask. */
  readonly by: Value;
  readonly place: Place;
}

export interface Place {
  readonly time: number;
  readonly partition: number;
  readonly offset: number;
}

export interface Kind<State> {
  readonly empty: State;
  /** The state of one row alone. */
  of(given: Given): State;
  merge(a: State, b: State): State;
  /** What takes `state` back when merged with it; not there for kinds that cannot. */
  inverse?(state: State): State;
  /** Throws ExpressionError where the final value does not fit. */
  result(state: State): Value;
  toRaw(state: State): Raw;
  fromDatum(datum: Datum): State;
}

export function comparePlaces(a: Place, b: Place): number {
  return a.time - b.time || a.partition - b.partition || a.offset - b.offset;
}

export function placeOf(fields: ReadonlyMap<string, Datum>): Place {
  return { time: Number(fields.get('time')), partition: Number(fields.get('partition')), offset: Number(fields.get('offset')) };
}
