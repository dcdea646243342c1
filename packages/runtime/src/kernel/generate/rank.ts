/** Code of one rank: the functions that `RankState` calls (see `RankCode`). */
import { compareStrings, type Order, type RankTransform, type Type, type WindowSpec } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { META_FIELDS } from '../../state/group-table-rows.js';
import type { Candidate, RankCode } from '../run/rank-index.js';
import { Code, makeFunction } from './code.js';
import type { FoldShape } from './fold.js';
import { definiteType, type Operand, valueOperand } from './operand.js';
import { candidateCode, ROWS_BIT } from './rank-feed.js';
import { readColumns } from './read-columns.js';
import type { StageShape } from './stage-shape.js';
import { guardedStream } from './guarded-stream.js';
import { type TableAction, tableEdges } from './table-edges.js';

type RankNode = Extract<StageNode, { op: 'rank' }>;

export class RankGenerator {
  private readonly node: RankNode;
  private readonly transform: RankTransform;

  constructor(
    private readonly shape: StageShape,
    private readonly folds: ReadonlyMap<number, FoldShape>,
    private readonly index: number,
  ) {
    const node = shape.node(index);
    if (node.op !== 'rank') throw new Error(`${node.id} is no rank`);
    this.node = node;
    this.transform = node.transform;
  }

  /** @param feed computes the row of a slot of a fold's table and offers it; null: rows come one by one */
  generate(feed: RankCode['feed'] | null): RankCode {
    const { shape, index } = this;
    return {
      bit: feed === null ? ROWS_BIT : shape.bits.get(index)!,
      consumers: shape.consumerMask(index),
      windowed: this.isOfOneWindow(),
      compare: this.comparator(true),
      compareBy: this.comparator(false),
      feed: feed ?? this.make('K, T, s', (code) => this.feedRow(code)),
      upsert: this.make('K, P, rank', (code) => this.edges(code, 'upsert')),
      retract: this.make('K, P, rank', (code) => this.edges(code, 'retract')),
      prime: this.make('K, P, rank', (code) => this.edges(code, 'prime')),
      settle: this.make('K, P, rank', (code) => this.edges(code, 'settle')),
      final: this.make('K, C, rank, time', (code) => this.finalRow(code)),
      boardRow: this.make('K, C, rank', (code) => this.boardRow(code)),
    };
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the body decides what the function is
  private make<T>(params: string, body: (code: Code) => void): T {
    const { constants } = this.shape;
    const code = new Code(constants);
    code.mark(this.index);
    body(code);
    return makeFunction<T>(constants, `return function (${params}) {\n${code.toString()}\n};`);
  }

  /** Rows that came one by one are in a table of this rank's own. */
  private feedRow(code: Code): void {
    code.line(`const A = T.arena, m = s * T.metaStride;`, `let p = T.meta[m + ${META_FIELDS}] >>> 0;`);
    code.line(
      `const end = p + T.meta[m + ${META_FIELDS + 1}];`,
      'const time = Number(K.cursor.at(A, p, end).long());',
      'p = K.cursor.pos;',
    );
    const operands = readColumns(code, this.node.inputColumns, this.allColumns(), 'A', 'p', 'end');
    if (this.isFinal || this.transform.closes) code.line(`T.num[s * T.numStride] = ${operands.get('window_end')!.definite};`);
    candidateCode(this.shape, code, this.index, { operands, time: 'time' }, ROWS_BIT, 'T', 's');
  }

  /** Boards that are given once, when their window closes. */
  private get isFinal(): boolean {
    return this.transform.emit.mode === 'final' && this.node.mode !== 'local';
  }

  private finalRow(code: Code): void {
    if (!this.isFinal) return;
    const operands = this.boardOperands(code, 'C');
    code.line(`K.rowsOut[${this.index}]++;`);
    guardedStream(this.shape, this.folds, code, this.index, { operands, time: 'time', late: null, at: null });
  }

  private edges(code: Code, action: TableAction): void {
    if (this.isFinal) return;
    const operands = this.boardOperands(code, 'P.row');
    code.line('const time = P.row.time;');
    if (action === 'upsert' || action === 'retract') code.line(`K.rowsOut[${this.index}]++;`);
    const row = { operands, time: 'time', flags: 'P.flags', slot: null };
    tableEdges(this.shape, code, this.shape.readers[this.index], row, action);
  }

  private boardRow(code: Code): void {
    const operands = this.boardOperands(code, 'C');
    const names = [...(this.transform.rank === null ? [] : [this.transform.rank]), ...this.node.inputColumns.map((c) => c.name)];
    code.line(`return { ${names.map((name) => `[${JSON.stringify(name)}]: ${operands.get(name)!.value}`).join(', ')} };`);
  }

  private boardOperands(code: Code, candidate: string): Map<string, Operand> {
    code.line(`const A = ${candidate}.row, end = A.length;`, `let p = ${candidate}.body;`);
    const operands = readColumns(code, this.node.inputColumns, this.allColumns(), 'A', 'p', 'end');
    if (this.transform.rank !== null) operands.set(this.transform.rank, valueOperand({ kind: 'long' }, 'rank'));
    return operands;
  }

  private allColumns(): Set<string> {
    return new Set(this.node.inputColumns.map((c) => c.name));
  }

  /** Order of candidates: by `by`, then (if `total`) by the tie-break, ascending. */
  private comparator(total: boolean): (a: Candidate, b: Candidate) => number {
    const { by, tieBreak } = this.transform;
    const typeOf = (name: string): Type => this.node.inputColumns.find((c) => c.name === name)!.type;
    return this.make('a, b', (code) => {
      code.line('let d = 0;');
      for (const [j, order] of by.entries()) comparison(code, `b${j}`, order.expr.type, order);
      if (total)
        for (const [j, name] of tieBreak.entries()) comparison(code, `t${j}`, typeOf(name), { descending: false, nullsFirst: false });
      code.line('return 0;');
    });
  }

  /** Whether the rank's group names the window of the fold that feeds it. */
  private isOfOneWindow(): boolean {
    return this.transform.group.some((name) => this.isWindowColumn(name));
  }

  private isWindowColumn(name: string): boolean {
    for (let i = this.index, column = name; ;) {
      const { from } = this.shape.node(i);
      if (!('node' in from)) return false;
      i = from.node;
      const node = this.shape.node(i);
      if (node.op === 'fold') return isClosedWith(node.transform.window, column);
      if (node.op === 'project') {
        const source = node.transform.columns.find((c) => c.name === column)?.expr;
        if (source?.kind !== 'column') return false;
        column = source.name;
      } else if (node.op !== 'filter' && node.op !== 'spread') return false;
    }
  }
}

/** Whether rows with the same value in that column of a fold's table come to their end together. */
function isClosedWith(window: WindowSpec | null, column: string): boolean {
  if (window === null) return false;
  return column === 'window_end' || (column === 'window_start' && window.kind === 'hopping');
}

/** Nulls go last unless said, whatever the direction. */
function comparison(code: Code, field: string, type: Type, { descending, nullsFirst }: Pick<Order, 'descending' | 'nullsFirst'>): void {
  const [x, y] = descending ? [`b.${field}`, `a.${field}`] : [`a.${field}`, `b.${field}`];
  const body = (): void => code.line(`d = ${difference(code, x, y, type)};`, 'if (d !== 0) return d;');
  if (type.kind !== 'nullable' && type.kind !== 'null') {
    body();
    return;
  }
  code.line(
    `if (a.${field} === null || b.${field} === null) { if (a.${field} !== b.${field}) return (a.${field} === null) === ${nullsFirst} ? -1 : 1; }`,
    'else {',
  );
  body();
  code.line('}');
}

/** NaN is the greatest number; texts go by their UTF-8 bytes. */
function difference(code: Code, x: string, y: string, type: Type): string {
  const plain = `(${x} < ${y} ? -1 : ${x} > ${y} ? 1 : 0)`;
  switch (definiteType(type).kind) {
    case 'string':
    case 'enum':
      return `${code.constant(compareStrings)}(${x}, ${y})`;
    case 'float':
    case 'double':
      return `(${x} < ${y} ? -1 : ${x} > ${y} ? 1 : (${x} !== ${x} ? 1 : 0) - (${y} !== ${y} ? 1 : 0))`;
    case 'bytes':
      return `${code.constant(compareByteArrays)}(${x}, ${y})`;
    case 'null':
      return '0';
    case 'array':
    case 'map':
    case 'record':
      throw new Error(`rows cannot be ordered by a ${definiteType(type).kind}`);
    default:
      return plain;
  }
}

function compareByteArrays(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
