import type { GroupTable } from '../../state/group-table.js';
import { KEY_LENGTH } from '../../state/group-table-rows.js';
import { compareBytes } from '../../state/group-table-hash.js';

/** Slots with a key, in the order of their keys' bytes. */
export function sortedByKey(T: GroupTable): Int32Array {
  const { meta, metaStride } = T;
  const slots = new Int32Array(T.size);
  let n = 0;
  for (let slot = 0; slot < T.slots; slot++) if (meta[slot * metaStride + KEY_LENGTH] >= 0) slots[n++] = slot;
  return slots.sort((a, b) => compareKeys(T, a, b));
}

/** The order of two slots' keys. */
export function compareKeys(T: GroupTable, a: number, b: number): number {
  const { meta, metaStride } = T;
  const [x, y] = [T.keyStart(a), T.keyStart(b)];
  return compareBytes(T.keyBytes(a), x, x + meta[a * metaStride + KEY_LENGTH], T.keyBytes(b), y, y + meta[b * metaStride + KEY_LENGTH]);
}
