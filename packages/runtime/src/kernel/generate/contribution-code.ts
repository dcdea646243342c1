/** Code that hands rows of tables to folds, and that adds what they give or takes it back. */
import type { TypedExpr } from '@rta/dsl';
import { columnsKept, expressionsOf } from '../../plan/columns-used.js';
import { mayThrow } from '../../plan/may-throw.js';
import { FLAGS } from '../../state/group-table-rows.js';
import { conditionSource, expressionSource } from '../expression-source.js';
import { rowError } from '../run/row-error.js';
import type { Code } from './code.js';
import type { FoldShape } from './fold.js';
import { definiteType, type Operand, valueOperand } from './operand.js';
import { operandOf, operandsOf, scopeOf } from './scope.js';
import type { StageShape } from './stage-shape.js';
import type { TableAction, TableRow } from './table-edges.js';
import { writeOperand } from './write-value.js';

/** Adds lines that do `action` with a row for the fold of node `i`. */
export function contributionCode(shape: StageShape, code: Code, i: number, row: TableRow, action: TableAction): void {
  const node = shape.node(i);
  if (node.op !== 'fold') return;
  const bit = shape.bits.get(i)!;
  const holder = row.slot?.table ?? 'null';
  const rowKey = (): string => {
    const p = code.local('kp', '0');
    code.line(`${p} = 0;`);
    const columns = (node.inputKey ?? []).map((name) => node.inputColumns.find((column) => column.name === name)!);
    for (const [j, operand] of operandsOf(columns, row.operands).entries()) writeOperand(code, 'K.keys', p, operand, columns[j].type);
    return p;
  };
  const takeBack = (): void =>
    code.block(`if ((${row.flags} & ${bit}) !== 0)`, () => {
      code.line(`K.nodes[${i}].rows.take(K, ${holder}, ${rowKey()});`, `${row.flags} &= ${~bit};`);
    });
  if (action === 'settle' || action === 'evict') {
    code.block(`if ((${row.flags} & ${bit}) !== 0)`, () => code.line(`K.nodes[${i}].rows.forget(K, ${holder}, ${rowKey()});`));
    return;
  }
  code.line(`K.rowsIn[${i}]++;`);
  if (action === 'retract') {
    takeBack();
    return;
  }
  const { group, accumulators, closes } = node.transform;
  const scope = scopeOf(row);
  const groups: Operand[] = [];
  const cells = code.local('cells');
  let closing = 'NaN';
  const compute = (): void => {
    for (const { expr } of group) groups.push(operandOf(code, expr, scope));
    if (closes !== undefined) closing = operandOf(code, closes, scope).definite;
    const source = (expr: TypedExpr): string => expressionSource(expr, scope, code);
    const sources = accumulators.flatMap((accumulator) => {
      const { where, arg, by, top } = accumulator;
      if (top !== undefined) {
        const fields = columnsKept(accumulator).map((name) => `[${JSON.stringify(name)}]: ${scope.column(name).value}`);
        return [`{ ${fields.join(', ')} }`, `[${top.by.map(({ expr }) => source(expr)).join(', ')}]`];
      }
      const condition = where === null ? '' : `!(${conditionSource(where, scope, code)}) ? null : `;
      return [`${condition}${arg === null ? 'true' : source(arg)}`, by === undefined ? 'null' : `${condition}${source(by)}`];
    });
    code.line(`${cells} = [${sources.join(', ')}];`);
  };
  const hand = (): void => {
    const keyEnd = rowKey();
    const groupEnd = code.local('gp', '0');
    code.line(`${groupEnd} = ${keyEnd};`);
    for (const [j, operand] of groups.entries()) writeOperand(code, 'K.keys', groupEnd, operand, group[j].expr.type);
    const method = action === 'prime' ? 'prime' : 'put';
    code.line(
      `K.nodes[${i}].rows.${method}(K, ${holder}, ${keyEnd}, ${groupEnd}, ${cells}, ${row.time}, ${closing});`,
      `${row.flags} |= ${bit};`,
    );
  };
  if (![...group.map(({ expr }) => expr), ...accumulators.flatMap(expressionsOf)].some(mayThrow)) {
    compute();
    hand();
    return;
  }
  const ok = code.local('ok', 'false');
  code.line(`${ok} = false;`, 'try {');
  compute();
  code.line(`${ok} = true;`, '} catch (error) {', `${code.constant(rowError)}(K, error);`, '}');
  code.block(`if (${ok})`, hand, '} else {');
  if (action === 'upsert') takeBack();
  code.line('}');
}

/** Adds lines that take `cells` of a row into slot `s`, or, with `sign` less than 0, out of it. */
export function applyCode(code: Code, { transform, accumulators, mode }: FoldShape): void {
  code.line('if (sign > 0 && time > N[q]) N[q] = time;');
  for (const [j, accumulator] of accumulators.entries()) {
    const { arg, by, fn } = transform.accumulators[j];
    if (accumulator.retract === undefined && accumulator.applyRow === undefined) throw new Error(`${fn} cannot take rows back`);
    const [value, rank] = [code.local('v'), code.local('b')];
    code.line(`${value} = cells[${2 * j}];`, `${rank} = cells[${2 * j + 1}];`);
    if (accumulator.applyRow !== undefined) {
      accumulator.applyRow(code, value, rank, 'sign');
      continue;
    }
    const operand = arg === null ? null : valueOperand(definiteType(arg.type), value);
    const place = {
      time: 'time',
      partition: '-1',
      offset: '-1',
      by: by === undefined ? null : valueOperand(definiteType(by.type), rank),
    };
    code.block(`if (${value} !== null${by === undefined ? '' : ` && ${rank} !== null`})`, () => {
      code.block('if (sign > 0)', () => accumulator.update(code, operand, place), '} else {');
      accumulator.retract!(code, operand, place);
      code.line('}');
    });
  }
  if (mode !== 'partial') code.line(`if ((M[m + ${FLAGS}] & 3) !== 3) T.touch(s);`);
}
