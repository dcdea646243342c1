/** Code of an alert: what it hands on. What hands rows to it is in `alert-feed.ts`. */
import type { Column } from '@rta/dsl';
import type { AlertCode, AlertNode, Transition } from '../run/alert-state.js';
import { Code, makeFunction } from './code.js';
import type { FoldShape } from './fold.js';
import { guardedStream } from './guarded-stream.js';
import { valueOperand } from './operand.js';
import type { StageShape } from './stage-shape.js';

const FIELDS: Readonly<Record<string, keyof Transition>> = { dedup_key: 'dedupKey', opened_at: 'opened' };

export function generateAlert(shape: StageShape, folds: ReadonlyMap<number, FoldShape>, i: number, node: AlertNode): AlertCode {
  const code = new Code(shape.constants);
  code.mark(i);
  const operand = ({ name, type }: Column) => [name, valueOperand(type, `R.${FIELDS[name] ?? name}`)] as const;
  guardedStream(shape, folds, code, i, { operands: new Map(node.columns.map(operand)), time: 'R.time', late: null, at: null });
  return { give: makeFunction(shape.constants, `return function (K, R) {\n${code.toString()}\n};`) };
}
