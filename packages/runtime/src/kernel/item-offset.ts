/**
 * Where the items of an array stand among the rows of their partition. Rows of one event time go by (partition, offset), and so do those that
 * `unnest` makes, with this in the place of the offset: it orders by the record's offset first, then by the number of the item. Items
 * beyond the last number are as equal as rows of no record, and go by their bytes. Exact for partitions of up to 2^41 records.
 */
const ITEMS = 4096;

/** @param item counted from 0 over all that was made of the record */
export function itemOffset(offset: number, item: number): number {
  return offset * ITEMS + Math.min(item, ITEMS - 1);
}

/** The same as source, of sources. */
export function itemOffsetSource(offset: string, item: string): string {
  return `(${offset} * ${ITEMS} + (${item} < ${ITEMS} ? ${item} : ${ITEMS - 1}))`;
}
