/**
 * Code for what follows a table: its rows are handed on as upserts and retractions, through filters and projections, to sinks and ranks.
 * Which of those have a row is kept in flag bits beside it, so that nothing is ever taken back that was not given.
 */
import { mayThrow } from '../../plan/may-throw.js';
import { conditionSource } from '../expression-source.js';
import { rowError } from '../run/row-error.js';
import type { Code } from './code.js';
import type { Operand } from './operand.js';
import { contributionCode } from './contribution-code.js';
import { candidateCode, keyedRowCode, putRowCode } from './rank-feed.js';
import { namedOperand, operandOf, type RowSource, scopeOf } from './scope.js';
import { sinkCode } from './sink.js';
import { spreadTableCode } from './spread-feed.js';
import type { StageShape } from './stage-shape.js';
import { referCode, tableSendCode } from './table-sends.js';

/** How the row's holder is seen by generated code. */
export interface TableRow extends RowSource {
  /** Source of the flags' place, to read and to assign. */
  readonly flags: string;
  /** A slot of a fold's table, that ranks can go back to; null for rows that exist just now. */
  readonly slot: { readonly table: string; readonly slot: string } | null;
}

/**
 * What is done with a row: handed on, taken back, only noted as handed on before (after a restart), said to be there for good (of a session
 * that is over), or, of a group that is evicted, forgotten until it is noted again.
 */
export type TableAction = 'upsert' | 'retract' | 'prime' | 'settle' | 'evict';

/** Adds lines that do `action` for all readers in `readers` of the row. Only key columns need be there but to hand on and to note. */
export function tableEdges(shape: StageShape, code: Code, readers: readonly number[], row: TableRow, action: TableAction): void {
  for (const reader of readers) edge(shape, code, reader, row, action);
}

function edge(shape: StageShape, code: Code, i: number, row: TableRow, action: TableAction): void {
  const node = shape.node(i);
  code.mark(i);
  switch (node.op) {
    case 'filter':
      filter(shape, code, i, row, action);
      break;
    case 'project':
      project(shape, code, i, row, action);
      break;
    case 'sink': {
      const bit = shape.bits.get(i)!;
      if (action === 'settle' || action === 'evict') break;
      if (action === 'prime') code.line(`${row.flags} |= ${bit};`);
      else if (action === 'upsert') {
        sinkCode(shape, code, i, row, false);
        code.line(`${row.flags} |= ${bit};`);
      } else {
        code.block(`if ((${row.flags} & ${bit}) !== 0)`, () => {
          sinkCode(shape, code, i, row, true);
          code.line(`${row.flags} &= ${~bit};`);
        });
      }
      break;
    }
    case 'rank': {
      // It keeps what it needs, and the slots in which that stands are not evicted.
      if (action === 'evict') break;
      const bit = shape.bits.get(i)!;
      if (action === 'settle') {
        code.block(`if ((${row.flags} & ${bit}) !== 0)`, () => keyedRowCode(shape, code, i, row, 'settleRow'));
        break;
      }
      code.line(`K.rowsIn[${i}]++;`);
      if (row.slot !== null) {
        if (action === 'retract') code.line(`K.nodes[${i}].remove(${row.slot.table}, ${row.slot.slot});`);
        else candidateCode(shape, code, i, row, bit, row.slot.table, row.slot.slot);
      } else if (action === 'retract') {
        code.block(`if ((${row.flags} & ${bit}) !== 0)`, () => {
          keyedRowCode(shape, code, i, row, 'take');
          code.line(`${row.flags} &= ${~bit};`);
        });
      } else {
        putRowCode(shape, code, i, row);
        code.line(`${row.flags} |= ${bit};`);
      }
      break;
    }
    case 'spread':
      spreadTableCode(shape, code, i, row, action);
      break;
    case 'send':
      tableSendCode(shape, code, i, row, action);
      break;
    case 'refer':
      referCode(shape, code, i, row, action);
      break;
    case 'fold':
      contributionCode(shape, code, i, row, action);
      break;
    default:
      throw new Error(`${node.id} does not read rows of a table`);
  }
}

function filter(shape: StageShape, code: Code, i: number, row: TableRow, action: TableAction): void {
  const node = shape.node(i);
  if (node.op !== 'filter') return;
  const readers = shape.readers[i];
  if (action !== 'settle' && action !== 'evict') code.line(`K.rowsIn[${i}]++;`);
  if (action === 'retract' || action === 'settle' || action === 'evict') {
    tableEdges(shape, code, readers, row, action);
    return;
  }
  const passes = code.local('ok', 'false');
  const compute = (): void => code.line(`${passes} = ${conditionSource(node.transform.condition, scopeOf(row), code)};`);
  guarded(code, mayThrow(node.transform.condition), compute, `${passes} = false;`);
  code.block(
    `if (${passes})`,
    () => {
      code.line(`K.rowsOut[${i}]++;`);
      tableEdges(shape, code, readers, row, action);
    },
    '} else {',
  );
  if (action === 'upsert') tableEdges(shape, code, readers, row, 'retract');
  code.line('}');
}

function project(shape: StageShape, code: Code, i: number, row: TableRow, action: TableAction): void {
  const node = shape.node(i);
  if (node.op !== 'project') return;
  const readers = shape.readers[i];
  if (action !== 'settle' && action !== 'evict') code.line(`K.rowsIn[${i}]++; K.rowsOut[${i}]++;`);
  const operands = new Map<string, Operand>();
  const scope = scopeOf(row);
  if (action === 'retract' || action === 'settle' || action === 'evict') {
    // Keys pass through; what is computed is not needed to take a row back.
    for (const { name, expr } of node.transform.columns) {
      const named = expr.kind === 'column' && !row.operands.has(expr.name) ? null : namedOperand(expr, scope);
      if (named) operands.set(name, named);
    }
    tableEdges(shape, code, readers, { ...row, operands }, action);
    return;
  }
  const wanted = shape.wantedOf(i);
  const columns = node.transform.columns.filter(({ name, expr }) => wanted.has(name) || mayThrow(expr));
  const throws = columns.some(({ expr }) => mayThrow(expr));
  const compute = (): void => {
    for (const { name, expr } of columns) operands.set(name, operandOf(code, expr, scope));
  };
  if (!throws) {
    compute();
    tableEdges(shape, code, readers, { ...row, operands }, action);
    return;
  }
  const computed = code.local('ok', 'false');
  guarded(
    code,
    true,
    () => {
      compute();
      code.line(`${computed} = true;`);
    },
    `${computed} = false;`,
  );
  code.block(`if (${computed})`, () => tableEdges(shape, code, readers, { ...row, operands }, action), '} else {');
  if (action === 'upsert') tableEdges(shape, code, readers, { ...row, operands }, 'retract');
  code.line('}');
}

/** An error in an expression on a table's row is counted, and the row is not there. */
function guarded(code: Code, throws: boolean, body: () => void, onError: string): void {
  if (!throws) {
    body();
    return;
  }
  code.block('try', body, '} catch (error) {');
  code.line(`${code.constant(rowError)}(K, error);`, onError, '}');
}
