/** Code that hands rows to ranks. */
import type { Column, Order, TypedExpr } from '@rta/dsl';
import { mayThrow } from '../../plan/may-throw.js';
import { expressionSource } from '../expression-source.js';
import { rowError } from '../run/row-error.js';
import { FIRST_CONSUMER_BIT } from '../../state/group-table.js';
import { FLAGS } from '../../state/group-table-rows.js';
import type { Code } from './code.js';
import { definiteType, type Operand } from './operand.js';
import { operandsOf, type RowSource, scopeOf } from './scope.js';
import type { StageShape } from './stage-shape.js';
import { writeOperand } from './write-value.js';

/** Adds lines that offer a slot's row to the rank of node `i`, unless it is plainly none of the best. `bit`: of the slot's flags. */
export function candidateCode(shape: StageShape, code: Code, i: number, row: RowSource, bit: number, table: string, slot: string): void {
  const node = shape.node(i);
  if (node.op !== 'rank') return;
  const { group, by, tieBreak } = node.transform;
  const scope = scopeOf(row);
  const rank = code.local('R', 'null');
  const flags = `${table}.meta[${slot} * ${table}.metaStride + ${FLAGS}]`;
  code.line(`${rank} = K.nodes[${i}];`);
  const orders = by.map(() => code.local('b'));
  const compute = (): void => {
    for (const [j, order] of by.entries()) code.line(`${orders[j]} = ${expressionSource(order.expr, scope, code)};`);
  };
  const groupVar = code.local('G', 'null');
  const offer = (): void => {
    if (group.length === 0) code.line(`${groupVar} = ${rank}.only;`);
    else {
      const p = code.local('gp', '0');
      code.line(`${p} = 0;`);
      writeColumns(code, 'K.keys', p, columnsNamed(node.inputColumns, group), row);
      code.line(`${groupVar} = ${rank}.groupOf(K.keys.bytes, 0, ${p});`);
    }
    if ((node.transform.emit.mode === 'final' || node.transform.closes) && node.mode !== 'local')
      code.line(`${groupVar}.end = ${row.operands.get('window_end')!.definite};`);
    const worse = plainlyWorse(by[0], orders[0], `${groupVar}.bound`, 'b0');
    const skip = worse === null ? 'false' : `(${flags} & ${bit}) === 0 && ${groupVar}.bound !== null && !${rank}.freezing && ${worse}`;
    code.block(`if (${rank}.wants(${groupVar}) && !(${skip}))`, () => {
      const [kp, vp, body] = [code.local('kp', '0'), code.local('vp', '0'), code.local('body', '0')];
      code.line(`${kp} = 0;`);
      writeColumns(code, 'K.keys', kp, columnsNamed(node.inputColumns, node.inputKey ?? tieBreak), row);
      code.line(`${vp} = ${body} = K.values.long(0, ${row.time});`);
      writeColumns(code, 'K.values', vp, node.inputColumns, row);
      const ties = operandsOf(columnsNamed(node.inputColumns, tieBreak), row.operands);
      const fields = [
        ...orders.map((name, j) => `b${j}: ${name}`),
        ...ties.map((operand, j) => `t${j}: ${operand.value}`),
        `key: K.keys.slice(0, ${kp})`,
        `row: K.values.slice(0, ${vp})`,
        `body: ${body}`,
        `time: ${row.time}`,
        `group: ${groupVar}`,
        `table: ${table}`,
        `slot: ${slot}`,
        'dead: false',
      ];
      code.line(`${rank}.offer(${table}, ${slot}, { ${fields.join(', ')} });`);
    });
  };
  if (!by.some((order) => mayThrow(order.expr))) {
    compute();
    offer();
    return;
  }
  const ok = code.local('ok', 'false');
  code.line('try {');
  compute();
  code.line(`${ok} = true;`, '} catch (error) {', `${code.constant(rowError)}(K, error);`, `${ok} = false;`, '}');
  code.block(`if (${ok})`, offer, `} else ${rank}.remove(${table}, ${slot});`);
}

/** Of ranks whose rows come one by one: the bit of their own table, whose slots have no other consumer. */
export const ROWS_BIT = 1 << FIRST_CONSUMER_BIT;

/** A test that is true only where `value` is certainly worse than the bound's: of numbers, and not for null or NaN. */
function plainlyWorse(order: Order, value: string, bound: string, field: string): string | null {
  const { kind } = definiteType(order.expr.type);
  if (!['int', 'long', 'float', 'double', 'timestamp', 'date', 'duration'].includes(kind)) return null;
  const test = `${value} ${order.descending ? '<' : '>'} ${bound}.${field}`;
  return isNullableExpr(order.expr) ? `${value} !== null && ${bound}.${field} !== null && ${test}` : test;
}

function isNullableExpr(expr: TypedExpr): boolean {
  return expr.type.kind === 'nullable' || expr.type.kind === 'null';
}

/** Adds lines that write a board's row into the table of the rank of node `i`. */
export function putRowCode(shape: StageShape, code: Code, i: number, row: RowSource): void {
  const node = shape.node(i);
  const [kp, vp] = [code.local('kp', '0'), code.local('vp', '0')];
  code.line(`${kp} = 0;`, `${vp} = K.values.long(0, ${row.time});`);
  writeColumns(code, 'K.keys', kp, columnsNamed(node.inputColumns, node.inputKey ?? []), row);
  writeColumns(code, 'K.values', vp, node.inputColumns, row);
  code.line(`K.nodes[${i}].put(K.keys.bytes, 0, ${kp}, K.values.bytes, 0, ${vp});`);
}

/** Adds lines that call a method of that rank with the row's key. */
export function keyedRowCode(shape: StageShape, code: Code, i: number, row: RowSource, method: 'take' | 'settleRow'): void {
  const node = shape.node(i);
  const kp = code.local('kp', '0');
  code.line(`${kp} = 0;`);
  writeColumns(code, 'K.keys', kp, columnsNamed(node.inputColumns, node.inputKey ?? []), row);
  code.line(`K.nodes[${i}].${method}(K.keys.bytes, 0, ${kp});`);
}

function writeColumns(code: Code, w: string, p: string, columns: readonly Column[], row: RowSource): void {
  const operands: Operand[] = operandsOf(columns, row.operands);
  for (const [j, operand] of operands.entries()) writeOperand(code, w, p, operand, columns[j].type);
}

function columnsNamed(columns: readonly Column[], names: readonly string[]): Column[] {
  return names.map((name) => {
    const column = columns.find((c) => c.name === name);
    if (!column) throw new Error(`the plan refers to a column ${name} that is not there`);
    return column;
  });
}
