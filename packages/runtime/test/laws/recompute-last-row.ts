/** The last row of a group, from all of them. */
import type { Type, Value } from '@rta/dsl';
import { AvroCodec, toRaw } from '../../src/kernel/interpreter/avro-codec.js';
import { valueSchema } from '../../src/kernel/state-layout.js';
import type { StreamItem } from './recompute.js';
import { inOrder } from './recompute-over.js';

/** @param type a record of the columns that are kept */
export function lastRow(type: Type, items: readonly StreamItem[]): Value {
  const codec = new AvroCodec(valueSchema(type));
  return inOrder(items, ({ row }) => codec.encode(toRaw(type, row))).at(-1)!.row;
}
