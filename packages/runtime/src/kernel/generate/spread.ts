/** Code of one spread: the functions that `SpreadState` calls (see `SpreadCode`), and what hands rows to it. */
import type { Column, Type } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import type { SpreadCode } from '../run/spread-state.js';
import { valueWriter } from '../run/value-writer.js';
import { Code, makeFunction } from './code.js';
import type { FoldShape } from './fold.js';
import { type Operand, valueOperand } from './operand.js';
import { readColumns } from './read-columns.js';
import { operandsOf, type RowSource } from './scope.js';
import type { StageShape } from './stage-shape.js';
import { guardedStream } from './stream-edges.js';
import { type TableAction, tableEdges } from './table-edges.js';
import { writeOperand } from './write-value.js';

type SpreadNode = Extract<StageNode, { op: 'spread' }>;

export function generateSpread(shape: StageShape, folds: ReadonlyMap<number, FoldShape>, i: number): SpreadCode {
  const node = spreadNode(shape, i);
  const write = valueWriter(recordOf(node));
  const make = (body: (code: Code) => void): SpreadCode['give'] => {
    const code = new Code(shape.constants);
    body(code);
    return makeFunction(shape.constants, `return function (K, P, rank) {\n${code.toString()}\n};`);
  };
  const edges = (action: TableAction): SpreadCode['give'] =>
    make((code) => {
      if (node.kind !== 'table') return;
      tableEdges(shape, code, shape.readers[i], { operands: operands(code, node), time: 'P.time', flags: 'P.flags', slot: null }, action);
    });
  return {
    write: (K, item) => write(K.values, 0, item),
    give: make((code) => {
      if (node.kind !== 'stream') return;
      guardedStream(shape, folds, code, i, { operands: operands(code, node), time: 'P.time', late: null, at: null });
    }),
    upsert: edges('upsert'),
    retract: edges('retract'),
    prime: edges('prime'),
    settle: edges('settle'),
  };
}

/** Lines that read the columns of row `P`. */
function operands(code: Code, node: SpreadNode): Map<string, Operand> {
  const all = (columns: readonly Column[]): Set<string> => new Set(columns.map(({ name }) => name));
  const [outer, fields] = [outerColumns(node), recordOf(node).fields];
  code.line('const O = P.outer, oe = O.length, I = P.item, ie = I.length;', 'let op = 0, ip = 0;');
  const found = new Map([
    ...readColumns(code, outer, all(outer), 'O', 'op', 'oe'),
    ...readColumns(code, fields, all(fields), 'I', 'ip', 'ie'),
  ]);
  const { rank } = node.transform;
  if (rank !== null) found.set(rank, valueOperand({ kind: 'long' }, 'rank'));
  return found;
}

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

/** What a table does with a row: as with rows of tables, or `evict`: it goes out of memory. */
export function spreadTableCode(
  shape: StageShape,
  code: Code,
  i: number,
  row: RowSource & { readonly flags: string; readonly slot: { readonly table: string } | null },
  action: TableAction | 'evict',
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

function spreadNode(shape: StageShape, i: number): SpreadNode {
  const node = shape.node(i);
  if (node.op !== 'spread') throw new Error(`${node.id} is no spread`);
  return node;
}

function outerColumns({ inputColumns, transform }: SpreadNode): Column[] {
  return inputColumns.filter(({ name }) => name !== transform.column);
}

function recordOf({ inputColumns, transform }: SpreadNode): Extract<Type, { kind: 'record' }> {
  const type = inputColumns.find(({ name }) => name === transform.column)?.type;
  if (type?.kind !== 'array' || type.items.kind !== 'record') throw new Error(`${transform.column} is no array of records`);
  return type.items;
}
