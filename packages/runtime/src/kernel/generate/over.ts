/** Code of an `over`: the functions that `OverState` calls (see `OverCode`). What hands rows to it is in `over-feed.ts`. */
import type { Frame, OverAccumulator } from '@rta/dsl';
import { columnsOf, expressionsOf } from '../../plan/columns-used.js';
import { expressionSource } from '../expression-source.js';
import type { AccumulatorCode, FrameCode } from '../run/over-group.js';
import { type OverCode, valueOf } from '../run/over-code.js';
import type { OverNode } from '../run/over-state.js';
import { rowError } from '../run/row-error.js';
import { slidingOf } from '../run/sliding.js';
import { Code, makeFunction } from './code.js';
import type { FoldShape } from './fold.js';
import { type Operand, valueOperand } from './operand.js';
import { overNode } from './over-feed.js';
import { readColumns, skipColumn } from './read-columns.js';
import { namedOperand, scopeOf, type StreamCode } from './scope.js';
import type { StageShape } from './stage-shape.js';
import { streamEdges } from './stream-edges.js';

export function generateOver(shape: StageShape, folds: ReadonlyMap<number, FoldShape>, i: number): OverCode {
  const node = overNode(shape, i);
  const { accumulators } = node.transform;
  let columns: readonly number[] = [];
  const take = make<OverCode['take']>(shape, i, 'K, B, p, end, V', (code) => {
    columns = takenColumns(code, node);
  });
  return {
    frames: framesOf(accumulators, columns),
    sliding: accumulators.filter((_, j) => columns[j] >= 0).map(slidingOf),
    results: accumulators.length,
    columns: Math.max(-1, ...columns) + 1,
    take,
    skip: make(shape, i, 'K, B, p, end', (code) => {
      for (const column of node.inputColumns) skipColumn(code, column, 'B', 'p', 'end');
      code.line('return p;');
    }),
    give: make(shape, i, 'K, B, p, end, time, partition, offset, S, k', (code) => give(shape, folds, code, i, node)),
  };
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the body decides what the function is
function make<T>({ constants }: StageShape, i: number, params: string, body: (code: Code) => void): T {
  const code = new Code(constants);
  code.mark(i);
  body(code);
  return makeFunction<T>(constants, `return function (${params}) {\n${code.toString()}\n};`);
}

function framesOf(accumulators: readonly OverAccumulator[], columns: readonly number[]): FrameCode[] {
  const same = (a: Frame, b: Frame): boolean => a.unit === b.unit && a.size === b.size && a.previous === b.previous;
  const frames: { frame: Frame; accumulators: AccumulatorCode[]; counts: number[] }[] = [];
  let sliding = 0;
  for (const [i, { over }] of accumulators.entries()) {
    let found = frames.find(({ frame }) => same(frame, over));
    if (!found) frames.push((found = { frame: over, accumulators: [], counts: [] }));
    if (columns[i] < 0) found.counts.push(i);
    else found.accumulators.push({ sliding: sliding++, column: columns[i], result: i });
  }
  return frames.map(({ frame, ...rest }) => ({ ...frame, ...rest }));
}

/** What is taken of each row where nothing of it matters: a count of rows, or of what every row has. */
const ALL = 'true';

/** Adds lines that add what accumulators take to columns, what several take once; gives the column of each, -1: it counts the rows. */
function takenColumns(code: Code, { transform: { accumulators }, inputColumns }: OverNode): number[] {
  const named = accumulators.flatMap(expressionsOf).flatMap((expr) => (expr.kind === 'column' ? [expr.name] : []));
  const operands = readColumns(code, inputColumns, new Set(named), 'B', 'p', 'end');
  const scope = scopeOf({ operands, time: 'NaN' });
  const taken = accumulators.map(({ fn, arg, by, where }) => {
    const isOfAll = arg === null || (fn === 'count' && arg.kind === 'column' && arg.type.kind !== 'nullable');
    const plain = isOfAll ? ALL : expressionSource(arg, scope, code);
    const value = by === undefined ? plain : ranked(code, plain, expressionSource(by, scope, code));
    return where === null ? value : `(${expressionSource(where, scope, code)} ? ${value} : null)`;
  });
  const columns = [...new Set(taken)].filter((value) => value !== ALL);
  for (const [j, value] of columns.entries()) code.line(`V[${j}].push(${value});`);
  return taken.map((value) => columns.indexOf(value));
}

/** A value with what its row is ranked by; where one of them is null there is nothing. */
function ranked(code: Code, value: string, by: string): string {
  const [v, b] = [code.local('v'), code.local('b')];
  return `((${v} = ${value}) === null || (${b} = ${by}) === null ? null : { value: ${v}, by: ${b} })`;
}

function give(shape: StageShape, folds: ReadonlyMap<number, FoldShape>, code: Code, i: number, node: OverNode): void {
  code.line(`K.rowsOut[${i}]++;`);
  const { columns, accumulators } = node.transform;
  const wanted = shape.wantedOf(i);
  const results = columns.filter(({ name, expr }) => wanted.has(name) || expr.kind !== 'column');
  const read = new Set(results.flatMap(({ expr }) => [...columnsOf(expr)]));
  const operands = readColumns(code, node.inputColumns, read, 'B', 'p', 'end');
  const accumulated = accumulators.map(({ type }, j) => valueOperand(type, `${code.constant(valueOf)}(S[${j}][k])`));
  const scope = scopeOf({ operands, time: 'time' }, accumulated);
  let edges: StreamCode | null = null;
  const lines = code.captured(() => {
    const given = new Map<string, Operand>();
    for (const { name, expr } of results) {
      // What may fail does so here, and only once.
      const named = expr.kind === 'column' ? namedOperand(expr, scope) : null;
      const local = named ? '' : code.local('r');
      if (!named) code.line(`${local} = ${expressionSource(expr, scope, code)};`);
      given.set(name, named ?? valueOperand(expr.type, local));
    }
    const row = { operands: given, time: 'time', origin: { partition: 'partition', offset: 'offset' }, late: null, at: null };
    edges = streamEdges(shape, folds, code, shape.readers[i], row);
  });
  code.line('try {', ...lines, '} catch (error) {', `${code.constant(rowError)}(K, error);`, 'return;', '}');
  edges!.apply();
}
