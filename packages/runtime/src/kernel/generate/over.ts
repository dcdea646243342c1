/** Code of an `over`: the functions that `OverState` calls (see `OverCode`). What hands rows to it is in `over-feed.ts`. */
import type { Frame, OverAccumulator } from '@rta/dsl';
import { columnsOf, expressionsOf } from '../../plan/columns-used.js';
import { expressionSource } from '../expression-source.js';
import { type OverCode, resultOf, valueOf } from '../run/over-code.js';
import { type AccumulatorCode, END, type FrameCode, FRAMES, LENGTH, START, strideOf } from '../run/over-groups.js';
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
  const frames = framesOf(accumulators, columns);
  return {
    frames,
    sliding: accumulators.filter((_, j) => columns[j] >= 0).map(slidingOf),
    columns: Math.max(-1, ...columns) + 1,
    take,
    slide: make(shape, i, 'G, slot, position, S', (code) => slide(code, frames)),
    skip: make(shape, i, 'K, B, p, end', (code) => {
      for (const column of node.inputColumns) skipColumn(code, column, 'B', 'p', 'end');
      code.line('return p;');
    }),
    give: make(shape, i, 'K, B, p, end, time, partition, offset, S', (code) => give(shape, folds, code, i, node)),
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

/** Rows enter and leave each frame once. In `G` the rows of a group are in a ring from `start` on, by position. */
function slide(code: Code, frames: readonly FrameCode[]): void {
  code.line(
    `const N = G.numbers, T = G.times, at = slot * ${strideOf(frames.length)}, start = N[at + ${START}], mask = N[at + ${LENGTH}] - 1;`,
  );
  code.line(`const end = N[at + ${END}], time = T[start + (position & mask)];`);
  code.line('let head = 0, tail = 0, place = 0, value = null;');
  const all = frames.flatMap((frame) => frame.accumulators);
  for (const column of new Set(all.map((one) => one.column))) code.line(`const V${column} = G.values[${column}];`);
  for (const { sliding } of all) code.line(`const s${sliding} = G.sliding[${sliding}];`);
  for (const [f, { unit, size, previous, counts, accumulators }] of frames.entries()) {
    const bounds = FRAMES + 2 * f;
    const each = (what: 'add' | 'remove'): void => {
      for (const { column, sliding } of accumulators) {
        code.line(`value = V${column}[place];`, `if (value !== null) s${sliding}.${what}(slot, value);`);
      }
    };
    const move = (bound: 'head' | 'tail', whether: string, what: 'add' | 'remove'): void => {
      code.block(`for (place = start + (${bound} & mask); ${whether}; place = start + (++${bound} & mask))`, () => each(what));
    };
    code.line(`head = N[at + ${bounds}]; tail = N[at + ${bounds + 1}];`);
    if (unit === 'rows') {
      const to = previous ? 'position' : 'position + 1';
      move('head', `head < ${to}`, 'add');
      move('tail', `tail < ${to} - ${size}`, 'remove');
    } else {
      move('head', `head < end && T[place] < ${previous ? 'time' : 'time + 1'}`, 'add');
      move('tail', `tail < head && T[place] < time - ${size}`, 'remove');
    }
    code.line(`N[at + ${bounds}] = head; N[at + ${bounds + 1}] = tail;`);
    for (const count of counts) code.line(`S[${count}] = head - tail;`);
    for (const { sliding, result } of accumulators) code.line(`S[${result}] = ${code.constant(resultOf)}(s${sliding}, slot);`);
  }
}

/** What is taken of each row where nothing of it matters: a count of rows, or of what every row has. */
const ALL = 'true';

/** Adds lines that note what accumulators take, what several take once; gives the column of each, -1: it counts the rows. */
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
  for (const [j, value] of columns.entries()) code.line(`V[${j}] = ${value};`);
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
  const accumulated = accumulators.map(({ type }, j) => valueOperand(type, `${code.constant(valueOf)}(S[${j}])`));
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
