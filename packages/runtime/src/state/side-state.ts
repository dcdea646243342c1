/**
 * What a slot of a group table keeps beside its row because it has no fixed size: sets, sketches, lists of values. It stands in one of the
 * table's side maps, and counts as the table's memory.
 */
export abstract class SideState {
  /** Bytes of memory, about. Whoever changes the state through a table adds the difference to `sideBytes` of the table. */
  abstract readonly bytes: number;
}
