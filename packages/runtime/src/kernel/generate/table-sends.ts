/** Code that sends the rows of tables to other stages as they change: by a key, or by a foreign key. */
import type { Column } from '@rta/dsl';
import { mayThrow } from '../../plan/may-throw.js';
import { rowError } from '../run/row-error.js';
import type { Code } from './code.js';
import type { Operand } from './operand.js';
import { operandOf, operandsOf, scopeOf } from './scope.js';
import { sendCode } from './send.js';
import type { StageShape } from './stage-shape.js';
import type { TableAction, TableRow } from './table-edges.js';
import { writeOperand } from './write-value.js';

/** Adds lines that do `action` with a row for the send of node `i`. */
export function tableSendCode(shape: StageShape, code: Code, i: number, row: TableRow, action: TableAction): void {
  const node = shape.node(i);
  if (node.op !== 'send' || node.output === null || action === 'settle' || action === 'evict') return;
  const { transform, output } = node;
  const bit = shape.bits.get(i)!;
  const scope = scopeOf(row);
  const takeBack = (): void =>
    code.block(`if ((${row.flags} & ${bit}) !== 0)`, () => {
      const keys = transform.key.map((expr) => operandOf(code, expr, scope));
      sendCode(code, i, output, transform, keys, null, row, '0');
      code.line(`${row.flags} &= ${~bit};`);
    });
  if (action !== 'prime') code.line(`K.rowsIn[${i}]++;`);
  if (action === 'retract') {
    takeBack();
    return;
  }
  let keys: Operand[] = [];
  let values: Operand[] = [];
  const compute = (): void => {
    keys = transform.key.map((expr) => operandOf(code, expr, scope));
    values = transform.columns.map(({ expr }) => operandOf(code, expr, scope));
  };
  const hand = (): void => {
    if (action === 'upsert') sendCode(code, i, output, transform, keys, values, row, row.time);
    code.line(`${row.flags} |= ${bit};`);
  };
  const throws = [...transform.key, ...transform.columns.map(({ expr }) => expr)].some(mayThrow);
  guarded(code, throws, compute, hand, action === 'upsert' ? takeBack : () => undefined);
}

/** Adds lines that do `action` with a row for the node `i` that sends it by its foreign key. */
export function referCode(shape: StageShape, code: Code, i: number, row: TableRow, action: TableAction): void {
  const node = shape.node(i);
  if (node.op !== 'refer') return;
  const { key, columns, fixed, pads } = node.transform;
  const bit = shape.bits.get(i)!;
  const holder = row.slot?.table ?? 'null';
  const scope = scopeOf(row);
  const rowKey = (): string => {
    const p = code.local('kp', '0');
    const own = (node.inputKey ?? []).map((name) => node.inputColumns.find((column) => column.name === name)!);
    code.line(`${p} = 0;`);
    writeColumns(code, 'K.keys', p, own, operandsOf(own, row.operands));
    return p;
  };
  /** The foreign key behind the row's own: where both end. Of rows that refer to nothing, and are sent, the row's own key is part of it. */
  const foreignKey = (from: string, operands: readonly Operand[]): string => {
    const p = code.local('fp', '0');
    code.line(`${p} = ${from};`);
    const names = key.map((expr, j): Column => ({ name: `${j}`, type: expr.type }));
    writeColumns(code, 'K.keys', p, names, operands);
    const nulls = nullsOf(operands);
    if (nulls.length > 0 && pads) code.line(`if (${nulls.join(' || ')}) ${p} = K.keys.copy(${p}, K.keys.bytes, 0, ${from});`);
    return p;
  };
  const takeBack = (): void =>
    code.block(`if ((${row.flags} & ${bit}) !== 0)`, () => {
      const own = rowKey();
      if (fixed) {
        const operands = key.map((expr) => operandOf(code, expr, scope));
        code.line(`K.nodes[${i}].drop(K, ${own}, ${foreignKey(own, operands)});`);
      } else code.line(`K.nodes[${i}].take(K, ${holder}, ${own});`);
      code.line(`${row.flags} &= ${~bit};`);
    });
  if (action === 'settle' || action === 'evict') {
    if (!fixed)
      code.block(`if ((${row.flags} & ${bit}) !== 0)`, () => code.line(`K.nodes[${i}].forget(${holder}, K.keys.bytes, ${rowKey()});`));
    return;
  }
  if (action !== 'prime') code.line(`K.rowsIn[${i}]++;`);
  if (action === 'retract') {
    takeBack();
    return;
  }
  let operands: Operand[] = [];
  let values: Operand[] = [];
  const compute = (): void => {
    operands = key.map((expr) => operandOf(code, expr, scope));
    values = columns.map(({ expr }) => operandOf(code, expr, scope));
  };
  const hand = (): void => {
    const own = rowKey();
    const end = foreignKey(own, operands);
    if (action === 'prime') {
      if (!fixed) code.line(`K.nodes[${i}].prime(${holder}, K.keys.bytes, ${own}, ${end});`);
    } else {
      const p = code.local('vp', '0');
      code.line(`${p} = K.values.long(0, ${row.time});`);
      writeColumns(
        code,
        'K.values',
        p,
        columns.map(({ name, expr }) => ({ name, type: expr.type })),
        values,
      );
      code.line(`K.nodes[${i}].put(K, ${holder}, ${own}, ${end}, ${p});`);
    }
    code.line(`${row.flags} |= ${bit};`);
  };
  const given = (): void => {
    const nulls = nullsOf(operands);
    if (nulls.length === 0 || pads) {
      hand();
      return;
    }
    code.block(`if (!(${nulls.join(' || ')}))`, hand, '} else {');
    if (action === 'upsert') takeBack();
    code.line('}');
  };
  const throws = [...key, ...columns.map(({ expr }) => expr)].some(mayThrow);
  guarded(code, throws, compute, given, action === 'upsert' ? takeBack : () => undefined);
}

function nullsOf(operands: readonly Operand[]): string[] {
  return operands.flatMap(({ isNull }) => (isNull === null ? [] : [isNull]));
}

function writeColumns(code: Code, w: string, p: string, columns: readonly Column[], operands: readonly Operand[]): void {
  for (const [j, operand] of operands.entries()) writeOperand(code, w, p, operand, columns[j].type);
}

/** Adds lines that compute and then do something; where computing fails, that is counted, and something else done. */
function guarded(code: Code, throws: boolean, compute: () => void, done: () => void, failed: () => void): void {
  if (!throws) {
    compute();
    done();
    return;
  }
  const ok = code.local('ok', 'false');
  code.line(`${ok} = false;`, 'try {');
  compute();
  code.line(`${ok} = true;`, '} catch (error) {', `${code.constant(rowError)}(K, error);`, '}');
  code.block(`if (${ok})`, done, '} else {');
  failed();
  code.line('}');
}
