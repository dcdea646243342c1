/** Code of one spread: the functions that `SpreadState` calls (see `SpreadCode`). What hands rows to it is in `spread-feed.ts`. */
import type { Column } from '@rta/dsl';
import type { SpreadCode } from '../run/spread-state.js';
import { valueWriter } from '../run/value-writer.js';
import { Code, makeFunction } from './code.js';
import type { FoldShape } from './fold.js';
import { type Operand, valueOperand } from './operand.js';
import { readColumns } from './read-columns.js';
import { guardedStream } from './guarded-stream.js';
import type { StageShape } from './stage-shape.js';
import { outerColumns, recordOf, spreadNode, type SpreadNode } from './spread-feed.js';
import { type TableAction, tableEdges } from './table-edges.js';

export function generateSpread(shape: StageShape, folds: ReadonlyMap<number, FoldShape>, i: number): SpreadCode {
  const node = spreadNode(shape, i);
  const write = valueWriter(recordOf(node));
  const make = (body: (code: Code) => void): SpreadCode['give'] => {
    const code = new Code(shape.constants);
    code.mark(i);
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
    evict: edges('evict'),
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
