/** Code that hands rows to an alert. */
import type { Code } from './code.js';
import type { RowSource } from './scope.js';

/** Adds lines that hand a row to the alert of node `i`. */
export function alertRowCode(code: Code, i: number, row: RowSource): void {
  const of = (name: string): string => row.operands.get(name)!.definite;
  code.line(`K.rowsIn[${i}]++;`, `K.nodes[${i}].row(K, ${of('dedup_key')}, ${of('key')}, ${of('when')}, ${of('row')}, ${row.time});`);
}
