/** Code that hands rows to a spread. */
import type { Column, Type } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import type { Code } from './code.js';
import { operandsOf, type RowSource } from './scope.js';
import type { StageShape } from './stage-shape.js';
import type { TableAction } from './table-edges.js';
import { writeOperand } from './write-value.js';

export type SpreadNode = Extract<StageNode, { op: 'spread' }>;

/** Lines that write the columns beside the list to `K.keys`; the name of the end. */
function outerCode(code: Code, node: SpreadNode, row: RowSource): string {
  const end = code.local('op', '0');
  const columns = outerColumns(node);
  code.line(`${end} = 0;`);
  for (const [j, operand] of operandsOf(columns, row.operands).entries()) writeOperand(code, 'K.keys', end, operand, columns[j].type);
  return end;
}

/** Adds lines that hand on a row of a stream. */
export function spreadStreamCode(shape: StageShape, code: Code, i: number, row: RowSource): void {
  const node = spreadNode(shape, i);
  code.line(`K.rowsIn[${i}]++;`);
  const end = outerCode(code, node, row);
  code.line(`K.nodes[${i}].give(K, ${end}, ${row.operands.get(node.transform.column)!.definite}, ${row.time});`);
}

/** Adds lines that do `action` with a row of a table. */
export function spreadTableCode(
  shape: StageShape,
  code: Code,
  i: number,
  row: RowSource & { readonly flags: string; readonly slot: { readonly table: string } | null },
  action: TableAction,
): void {
  const node = spreadNode(shape, i);
  const bit = shape.bits.get(i)!;
  const holder = row.slot?.table ?? 'null';
  if (action === 'upsert' || action === 'retract') code.line(`K.rowsIn[${i}]++;`);
  if (action === 'upsert' || action === 'prime') {
    const end = outerCode(code, node, row);
    const method = action === 'upsert' ? 'put' : 'prime';
    const list = row.operands.get(node.transform.column)!.definite;
    code.line(`K.nodes[${i}].${method}(K, ${holder}, ${end}, ${list}, ${row.time});`, `${row.flags} |= ${bit};`);
    return;
  }
  code.block(`if ((${row.flags} & ${bit}) !== 0)`, () => {
    const method = action === 'retract' ? 'take' : action;
    const end = outerCode(code, node, row);
    code.line(`K.nodes[${i}].${method}(K, ${holder}, ${end});`);
    if (action === 'retract') code.line(`${row.flags} &= ${~bit};`);
  });
}

export function spreadNode(shape: StageShape, i: number): SpreadNode {
  const node = shape.node(i);
  if (node.op !== 'spread') throw new Error(`${node.id} is no spread`);
  return node;
}

export function outerColumns({ inputColumns, transform }: SpreadNode): Column[] {
  return inputColumns.filter(({ name }) => name !== transform.column);
}

export function recordOf({ inputColumns, transform }: SpreadNode): Extract<Type, { kind: 'record' }> {
  const type = inputColumns.find(({ name }) => name === transform.column)?.type;
  if (type?.kind !== 'array' || type.items.kind !== 'record') throw new Error(`${transform.column} is no array of records`);
  return type.items;
}
