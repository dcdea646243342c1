/** Code that sends rows to another stage, by key: see `sent` in state-layout.ts. */
import type { SendTransform } from '../../plan/physical.js';
import type { Code } from './code.js';
import type { Operand } from './operand.js';
import type { RowSource } from './scope.js';
import { writeOperand } from './write-value.js';

/** Of a table: a version that is older than its partition's watermark holds from that on (SEMANTICS rule 6). */
const holdsFrom = '(t < W ? W : t)';

/** A repartition output, or a join of the same task, as whose side the row comes. */
export type SendTarget = number | { readonly join: number; readonly side: 0 | 1 };

/** Adds lines that send a row (null columns: that it is deleted), whose keys and columns were computed, to `to`; `i` is the node, `from` the time that it is
 * of. */
export function sendCode(
  code: Code,
  i: number,
  to: SendTarget,
  transform: SendTransform,
  keys: readonly Operand[],
  columns: readonly Operand[] | null,
  row: RowSource,
  from = transform.table ? holdsFrom : row.time,
): void {
  const [kp, vp] = [code.local('kp', '0'), code.local('vp', '0')];
  code.line(`${kp} = 0;`, `${vp} = K.values.long(0, ${from});`);
  if (transform.table) code.line(`${vp} = K.values.byte(${vp}, ${columns === null ? 0 : 2});`);
  for (const [j, key] of keys.entries()) writeOperand(code, 'K.keys', kp, key, transform.key[j].type);
  for (const [j, column] of (columns ?? []).entries()) writeOperand(code, 'K.values', vp, column, transform.columns[j].expr.type);
  if (typeof to !== 'number') {
    code.line(`K.rowsOut[${i}]++;`, `K.nodes[${to.join}].take(K, ${to.side}, K.keys.bytes, 0, ${kp}, K.values.bytes, 0, ${vp});`);
    return;
  }
  code.line(
    `K.builder(${to}, K.partitionOf(${to}, K.keys.bytes, 0, ${kp})).append(K.now, K.keys.bytes, 0, ${kp}, K.values.bytes, 0, ${vp}, null);`,
    `K.wrote[${to}] = true; K.rowsOut[${i}]++;`,
  );
}
