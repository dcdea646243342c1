/** Code of an alert: what hands rows to it, and what it hands on. */
import type { Column } from '@rta/dsl';
import type { AlertCode, AlertNode, Transition } from '../run/alert-state.js';
import { Code, makeFunction } from './code.js';
import type { FoldShape } from './fold.js';
import { guardedStream } from './guarded-stream.js';
import { valueOperand } from './operand.js';
import type { RowSource } from './scope.js';
import type { StageShape } from './stage-shape.js';

/** Adds lines that hand a row to the alert of node `i`. */
export function alertRowCode(code: Code, i: number, row: RowSource): void {
  const of = (name: string): string => row.operands.get(name)!.definite;
  code.line(`K.rowsIn[${i}]++;`, `K.nodes[${i}].row(K, ${of('dedup_key')}, ${of('key')}, ${of('when')}, ${of('row')}, ${row.time});`);
}

const FIELDS: Readonly<Record<string, keyof Transition>> = { dedup_key: 'dedupKey', opened_at: 'opened' };

export function generateAlert(shape: StageShape, folds: ReadonlyMap<number, FoldShape>, i: number, node: AlertNode): AlertCode {
  const code = new Code(shape.constants);
  code.mark(i);
  const operand = ({ name, type }: Column) => [name, valueOperand(type, `R.${FIELDS[name] ?? name}`)] as const;
  guardedStream(shape, folds, code, i, { operands: new Map(node.columns.map(operand)), time: 'R.time', late: null, at: null });
  return { give: makeFunction(shape.constants, `return function (K, R) {\n${code.toString()}\n};`) };
}
