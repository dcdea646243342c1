/** The order of rows in the input: by event time, then partition and offset of the record (-1 where a row is no record of a source). */

export interface Place {
  readonly time: number;
  readonly partition: number;
  readonly offset: number;
}

/** Negative, zero or positive. */
export function comparePlaces(a: Place, b: Place): number {
  return orderOfPlaces(a.time, a.partition, a.offset, b.time, b.partition, b.offset);
}

/** The same of places that are no objects. */
export function orderOfPlaces(
  time: number,
  partition: number,
  offset: number,
  otherTime: number,
  otherPartition: number,
  otherOffset: number,
): number {
  return time - otherTime || partition - otherPartition || offset - otherOffset;
}
