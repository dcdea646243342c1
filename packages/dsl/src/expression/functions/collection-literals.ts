import type { Value } from '../../types/type.js';
import { equalValues } from '../order.js';
import type { RuntimeFunction } from './spec.js';

/** What `[a, b]` and `x in y` compile to; no functions that expressions can name. They take nulls. */
export const collectionRuntime: Readonly<Record<string, RuntimeFunction>> = {
  array: (...items: Value[]) => items,
  inside: (item: Value, array: readonly Value[] | null) => array !== null && array.some((one) => equalValues(one, item)),
  insideMap: (key: string | null, map: ReadonlyMap<string, Value> | null) => key !== null && map !== null && map.has(key),
};
