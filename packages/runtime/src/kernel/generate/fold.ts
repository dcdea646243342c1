/** Code of one fold: its accumulators' layout, and the functions that `FoldState` calls (see `FoldCode`). */
import type { Column, FoldTransform, TypedExpr } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { closesWithWindow, keepsOut, reachOf } from '../../plan/window-times.js';
import { FAILED } from '../../state/group-table.js';
import { FLAGS, KEY_LENGTH, rowSizeOf, type TableLayout } from '../../state/group-table-rows.js';
import type { FoldState } from '../run/fold-state.js';
import type { SpreadState } from '../run/spread-state.js';
import type { FoldCode } from '../run/fold-tables.js';
import type { ReferState } from '../run/refer-state.js';
import { rowError } from '../run/row-error.js';
import type { RowsCode } from '../run/rows-state.js';
import { expressionSource } from '../expression-source.js';
import { accumulatorCode } from './accumulators.js';
import { type AccumulatorCode, Slots } from './accumulators/code.js';
import { Code, makeFunction } from './code.js';
import { type Operand, valueOperand } from './operand.js';
import { readColumns } from './read-columns.js';
import { namedOperand, scopeOf } from './scope.js';
import type { StageShape } from './stage-shape.js';
import { guardedStream } from './guarded-stream.js';
import { type TableAction, tableEdges, type TableRow } from './table-edges.js';
import { NO_TIME, retracts, rowCountOf } from '../../plan/table-folds.js';
import { mayThrow } from '../../plan/may-throw.js';
import { applyCode } from './contribution-code.js';
import { candidateCode } from './rank-feed.js';
import { claimCode, hasRowCode, isEmptyCode, putCode, rowOperands } from './rows-fold.js';

export interface FoldShape {
  readonly transform: FoldTransform;
  readonly mode: 'full' | 'partial' | 'merge' | 'rows';
  readonly groupColumns: readonly Column[];
  readonly accumulators: readonly AccumulatorCode[];
  readonly layout: TableLayout;
  readonly numStride: number;
  readonly metaStride: number;
}

const WINDOW_TYPE = { kind: 'timestamp', unit: 'millis' } as const;

export function foldShape(node: Extract<StageNode, { op: 'fold' }>): FoldShape {
  const { transform, mode } = node;
  const slots = new Slots();
  // Greatest event time, and where there are several incarnations the least; of a session also those of the row
  // that is out, of a moment in a sliding window how many rows are to be given.
  slots.num(retracts(transform) ? NO_TIME : -Infinity);
  if (reachOf(transform) !== null) slots.num(Infinity);
  if (transform.window?.kind === 'session') slots.num(-Infinity, Infinity);
  if (transform.window?.kind === 'sliding') slots.num(0);
  const accumulators = transform.accumulators.map((accumulator) => accumulatorCode(accumulator, slots));
  const layout = { init: Float64Array.from(slots.init), blobs: slots.blobs, sides: slots.sides };
  return {
    transform,
    mode,
    groupColumns: transform.group.map((g) => ({ name: g.name, type: g.expr.type })),
    accumulators,
    layout,
    numStride: rowSizeOf(layout) / 8,
    metaStride: rowSizeOf(layout) / 4,
  };
}

export class FoldGenerator {
  private readonly fold: FoldShape;
  /** Rows are those of sessions. */
  private readonly isSession: boolean;
  /** The key stands at another slot than the accumulators, that of the group; and rows have the time of their last event. */
  private readonly ofGroup: boolean;

  constructor(
    private readonly shape: StageShape,
    private readonly folds: ReadonlyMap<number, FoldShape>,
    private readonly index: number,
  ) {
    this.fold = folds.get(index)!;
    const { window } = this.fold.transform;
    this.isSession = window?.kind === 'session';
    this.ofGroup = this.isSession || window?.kind === 'sliding';
  }

  generate(): FoldCode {
    return this.fold.mode === 'rows' ? { ...this.foldCode(), ...this.rowsCode() } : this.foldCode();
  }

  private rowsCode(): Partial<RowsCode> {
    const { fold } = this;
    return {
      isEmpty: this.make('K, T, s', (code) => code.line(`return ${isEmptyCode(fold)};`)),
      put: this.make('K, T, s, side, there, time, B, from, to', (code) => putCode(code, fold)),
      claim: this.make('K, T, s, joined, version', (code) => claimCode(code, fold)),
    };
  }

  private foldCode(): FoldCode {
    const { shape, index, fold } = this;
    const ranks = shape.consumersOf(index).filter((i) => shape.node(i).op === 'rank');
    const spreads = shape.consumersOf(index).filter((i) => shape.node(i).op === 'spread');
    const memories = shape.consumersOf(index).filter((i) => shape.node(i).op === 'fold' || shape.node(i).op === 'refer');
    const overTable = retracts(fold.transform);
    const final = fold.transform.emit.mode === 'final' && closesWithWindow(fold.transform);
    const partial = fold.mode === 'partial';
    return {
      layout: fold.layout,
      ranked: ranks.length > 0,
      pinned: partial || final || this.isSession ? 0 : ranks.reduce((mask, rank) => mask | shape.bits.get(rank)!, 0),
      writeEntry: this.make('K, T, s, p', (code) => this.writeEntry(code)),
      readAccumulators: this.make('K, T, s', (code) => this.readAccumulators(code)),
      merge: this.make('T, sf, s', (code) => this.merge(code)),
      emit: this.make('K, T, s', (code) => {
        if (partial) return;
        if (final) this.emitFinal(code);
        else this.row(code, 'upsert');
      }),
      retract: this.make('K, T, s', (code) => {
        if (!partial && !final) this.row(code, 'retract');
      }),
      prime: this.make('K, T, s', (code) => {
        if (!partial && !final) this.row(code, 'prime');
      }),
      apply: overTable && fold.mode !== 'merge' ? this.make('K, T, s, cells, sign, time', (code) => applyCode(code, fold)) : null,
      isEmpty:
        overTable && !partial && fold.transform.group.length > 0
          ? this.make('K, T, s', (code) => code.line(`return ${fold.accumulators[rowCountOf(fold.transform)].result(code).value} === 0;`))
          : null,
      settle: this.make('K, T, s', (code) => {
        if (this.isSession && !partial && !final) this.row(code, 'settle');
      }),
      evicted: spreads.length + memories.length === 0 || final || partial ? null : this.make('K, T, s', (code) => this.row(code, 'evict')),
      remembered: (K) => {
        // What closes is a stream: those behind keep nothing of it.
        if (final) return 0;
        const behind = [...spreads, ...memories].map((i) => K.nodes[i] as SpreadState | FoldState | ReferState);
        return behind.reduce((sum, node) => sum + ('rows' in node ? (node.rows?.bytes ?? 0) : node.bytes()), 0);
      },
      freeze: (K, T) => {
        if (final || this.isSession) return;
        for (const spread of spreads) (K.nodes[spread] as SpreadState).freeze(K, T);
        for (const other of memories) {
          const memory = K.nodes[other] as FoldState | ReferState;
          ('rows' in memory ? memory.rows! : memory).freeze(T);
        }
        for (const rank of ranks) (K.nodes[rank] as { freeze(k: typeof K, t: typeof T): void }).freeze(K, T);
      },
    };
  }

  /** For a rank that reads the fold's table again: the function that computes one slot's row and offers it. */
  feed(rank: number): (K: never, T: never, slot: number) => void {
    return this.make('K, T, s', (code) => this.row(code, 'upsert', rank));
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the body decides what the function is
  private make<T>(params: string, body: (code: Code) => void): T {
    const { constants } = this.shape;
    const code = new Code(constants);
    const { numStride, metaStride } = this.fold;
    code.mark(this.index);
    body(code);
    const before = params.includes('sf') ? `const qf = sf * ${numStride}, mf = sf * ${metaStride};` : '';
    const prologue = `const N = T.num, M = T.meta, A = T.arena, q = s * ${numStride}, m = s * ${metaStride}; ${before}`;
    return makeFunction<T>(constants, `return function (${params}) {\n${prologue}\n${code.toString()}\n};`);
  }

  private writeEntry(code: Code): void {
    code.line('const W = K.values;', 'p = W.long(p, N[q]);');
    const { transform } = this.fold;
    if (reachOf(transform) !== null || transform.window?.kind === 'sliding') code.line('p = W.long(p, N[q + 1]);');
    if (keepsOut(this.fold.transform)) code.line(`p = K.nodes[${this.index}].writeOut(K, T, s, p);`);
    for (const accumulator of this.fold.accumulators) accumulator.write(code);
    code.line('return p;');
  }

  private readAccumulators(code: Code): void {
    code.line('const c = K.cursor;');
    for (const accumulator of this.fold.accumulators) accumulator.read(code);
  }

  private merge(code: Code): void {
    for (const accumulator of this.fold.accumulators) accumulator.merge(code);
  }

  // ---- Rows ----

  /** Group columns as they stand in the key, and the window. */
  private keyOperands(code: Code, wanted: ReadonlySet<string>): Map<string, Operand> {
    const { groupColumns, transform } = this.fold;
    const [p, end] = [code.local('kp', '0'), code.local('ke', '0')];
    const bytes = code.local('key', 'null');
    const [slot, meta] = this.ofGroup ? ['T.owner', `T.owner * ${this.fold.metaStride}`] : ['s', 'm'];
    code.line(`${bytes} = T.keyBytes(${slot});`, `${p} = T.keyStart(${slot});`, `${end} = ${p} + M[${meta} + ${KEY_LENGTH}];`);
    const operands = readColumns(code, groupColumns, wanted, bytes, p, end);
    if (transform.window !== null) {
      operands.set('window_start', { ...valueOperand(WINDOW_TYPE, 'T.start'), window: true });
      operands.set('window_end', { ...valueOperand(WINDOW_TYPE, 'T.end'), window: true });
    }
    return operands;
  }

  /**
   * The row of slot `s`, handed on, taken back or noted.
   * @param only a rank: nothing is done but to offer it the row
   */
  private row(code: Code, action: TableAction, only?: number): void {
    const { shape, index, fold } = this;
    const readers = shape.readers[index];
    const time = 'N[q]';
    const flags = `M[m + ${FLAGS}]`;
    // A rank cannot go back to a session, whose slot and key may change: it keeps the rows.
    const slot = this.isSession ? null : { table: 'T', slot: 's' };
    if (action === 'retract' || action === 'settle' || action === 'evict') {
      const everything = new Set(fold.groupColumns.map((c) => c.name));
      const row: TableRow = { operands: this.keyOperands(code, everything), time, flags, slot };
      if (action === 'retract') code.line(`K.rowsOut[${index}]++;`);
      tableEdges(shape, code, readers, row, action);
      return;
    }
    const row = this.computed(code, time, flags, slot, (row) => {
      if (only === undefined) {
        code.line(`${flags} &= ${~FAILED};`);
        if (action === 'upsert') code.line(`K.rowsOut[${index}]++;`);
        tableEdges(shape, code, readers, row, action);
      } else this.pathTo(only, code, row);
    });
    if (row === 'throws') {
      code.line('else {');
      if (only === undefined) code.line(`${flags} |= ${FAILED};`);
      else code.line(`K.nodes[${only}].remove(T, s);`);
      if (only === undefined && action === 'upsert')
        tableEdges(shape, code, readers, { operands: this.retractable(code), time, flags, slot }, 'retract');
      code.line('}');
    }
  }

  private retractable(code: Code): Map<string, Operand> {
    return this.keyOperands(code, new Set(this.fold.groupColumns.map((c) => c.name)));
  }

  /** Computes the results, and adds `body` where that worked; 'throws': an `else` may follow. */
  private computed(code: Code, time: string, flags: string, slot: TableRow['slot'], body: (row: TableRow) => void): 'throws' | 'safe' {
    const { fold, shape, index } = this;
    const operands = this.keyOperands(code, this.wantedKeys());
    if (fold.mode === 'rows') {
      code.block(`if (${hasRowCode(fold)})`, () => {
        for (const [name, operand] of rowOperands(code, fold, shape.wantedOf(index))) operands.set(name, operand);
        body({ operands, time, flags, slot });
      });
      return 'throws';
    }
    const accumulated = fold.accumulators.map((accumulator) => accumulator.result(code));
    const scope = scopeOf({ operands, time }, accumulated);
    const wanted = shape.wantedOf(index);
    const results = fold.transform.results.filter(({ name, expr }) => wanted.has(name) || mayThrow(expr));
    const throwing = (expr: TypedExpr): boolean => mayThrow(expr) && !this.isSafe(expr);
    const compute = (): void => {
      for (const { name, expr } of results) {
        const named = throwing(expr) ? null : namedOperand(expr, scope);
        if (named) operands.set(name, named);
        else {
          const local = code.local('r');
          code.line(`${local} = ${expressionSource(expr, scope, code)};`);
          operands.set(name, valueOperand(expr.type, local));
        }
      }
    };
    const row: TableRow = { operands, time, flags, slot };
    if (!results.some(({ expr }) => throwing(expr))) {
      compute();
      body(row);
      return 'safe';
    }
    const ok = code.local('ok', 'false');
    code.line('try {');
    compute();
    code.line(`${ok} = true;`, '} catch (error) {', `${code.constant(rowError)}(K, error);`, '}');
    code.block(`if (${ok})`, () => body(row));
    return 'throws';
  }

  /** Accumulators that never fail: all but sums, which may not fit their type. */
  private isSafe(expr: TypedExpr): boolean {
    if (expr.kind !== 'accumulator') return false;
    const { fn, type } = this.fold.transform.accumulators[expr.index];
    const kind = type.kind === 'nullable' ? type.of.kind : type.kind;
    return fn !== 'sum' || kind === 'double' || kind === 'float';
  }

  private wantedKeys(): Set<string> {
    // Results may name group columns.
    return new Set(this.fold.groupColumns.map((c) => c.name));
  }

  /** The edges from the fold to one rank, and no others. */
  private pathTo(rank: number, code: Code, row: TableRow): void {
    const { shape, index } = this;
    const path: number[] = [];
    for (let i = rank; i !== index;) {
      path.unshift(i);
      const { from } = shape.node(i);
      if (!('node' in from)) throw new Error('the rank is not behind the fold');
      i = from.node;
    }
    const walk = (steps: readonly number[], current: TableRow): void => {
      const [i, ...rest] = steps;
      const node = shape.node(i);
      const scope = scopeOf(current);
      const bit = shape.bits.get(rank)!;
      if (node.op === 'rank') {
        candidateCode(shape, code, i, current, bit, 'T', 's');
        return;
      }
      code.line('try {');
      if (node.op === 'filter') {
        code.block(
          `if (${expressionSource(node.transform.condition, scope, code)} === true)`,
          () => walk(rest, current),
          `} else K.nodes[${rank}].remove(T, s);`,
        );
      } else if (node.op === 'project') {
        const operands = new Map<string, Operand>();
        for (const { name, expr } of node.transform.columns) {
          const named = namedOperand(expr, scope);
          const local = named ? '' : code.local('v');
          if (!named) code.line(`${local} = ${expressionSource(expr, scope, code)};`);
          operands.set(name, named ?? valueOperand(expr.type, local));
        }
        walk(rest, { ...current, operands });
      }
      code.line('} catch (error) {', `${code.constant(rowError)}(K, error);`, `K.nodes[${rank}].remove(T, s);`, '}');
    };
    walk(path, row);
  }

  /** The row of a closed window: a stream's. Where it fails it is counted and not there. */
  private emitFinal(code: Code): void {
    const { shape, index, folds } = this;
    const time = 'time';
    code.line(`const time = ${this.ofGroup ? 'N[q]' : 'T.end - 1'};`);
    this.computed(code, time, '', null, (row) => {
      code.line(`K.rowsOut[${index}]++;`);
      guardedStream(shape, folds, code, index, { operands: row.operands, time, late: null, at: null });
    });
  }
}
