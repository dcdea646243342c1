/** Code of one join: the functions that `JoinState` calls (see `JoinCode`). Rows are Avro of our own making, read column by column as needed. */
import type { Column } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { columnsOf } from '../../plan/columns-used.js';
import { mayThrow } from '../../plan/may-throw.js';
import { conditionSource } from '../expression-source.js';
import type { JoinCode } from '../run/join-state.js';
import { rowError } from '../run/row-error.js';
import { Code, makeFunction } from './code.js';
import type { FoldShape } from './fold.js';
import { type Operand, valueOperand } from './operand.js';
import { readColumns } from './read-columns.js';
import { scopeOf } from './scope.js';
import type { StageShape } from './stage-shape.js';
import { guardedStream } from './guarded-stream.js';

type JoinNode = Extract<StageNode, { op: 'join' }>;

export class JoinGenerator {
  private readonly node: JoinNode;

  constructor(
    private readonly shape: StageShape,
    private readonly folds: ReadonlyMap<number, FoldShape>,
    private readonly index: number,
  ) {
    const node = shape.node(index);
    if (node.op !== 'join') throw new Error(`${node.id} is no join`);
    this.node = node;
  }

  generate(): JoinCode {
    const { rightColumns, inputColumns } = this.node;
    return {
      meets: this.meets(),
      pair: this.make('K, time, L, lp, le, R, rp, re', (code) => {
        const left = this.read(code, inputColumns, 'L', 'lp', 'le');
        this.emit(code, [...left, ...this.read(code, rightColumns, 'R', 'rp', 're')]);
      }),
      left: this.make('K, time, L, lp, le', (code) => {
        this.emit(code, [...this.read(code, inputColumns, 'L', 'lp', 'le'), ...rightColumns.map((column) => this.missing(column))]);
      }),
      right: this.make('K, time, R, rp, re, key, kp, ke', (code) => {
        const keys = this.keyColumns(code);
        const left = inputColumns.map((column): [string, Operand] => {
          const key = keys.get(column.name);
          return key === undefined ? this.missing(column) : [column.name, key];
        });
        this.emit(code, [...left, ...this.read(code, rightColumns, 'R', 'rp', 're')]);
      }),
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

  private read(
    code: Code,
    columns: readonly Column[],
    bytes: string,
    p: string,
    end: string,
    wanted = this.shape.wantedOf(this.index),
  ): Map<string, Operand> {
    return readColumns(code, columns, wanted, bytes, p, end);
  }

  private meets(): JoinCode['meets'] {
    const { transform, inputColumns, rightColumns } = this.node;
    const expr = transform.condition?.expr;
    if (expr === undefined) return null;
    return this.make('K, time, L, lp, le, R, rp, re', (code) => {
      const wanted = columnsOf(expr);
      const left = this.read(code, inputColumns, 'L', 'lp', 'le', wanted);
      const operands = new Map([...left, ...this.read(code, rightColumns, 'R', 'rp', 're', wanted)]);
      const give = (): void => code.line(`return ${conditionSource(expr, scopeOf({ operands, time: 'time' }), code)};`);
      if (!mayThrow(expr)) give();
      else {
        code.block('try', give, '} catch (error) {');
        code.line(`${code.constant(rowError)}(K, error);`, 'return false;', '}');
      }
    });
  }

  /** Left columns that are parts of the key. */
  private keyColumns(code: Code): Map<string, Operand> {
    const names = this.node.transform.leftKey.map((expr, i) => (expr.kind === 'column' ? expr.name : `${i}`));
    const columns = this.node.transform.leftKey.map((expr, i): Column => ({ name: names[i], type: expr.type }));
    return readColumns(code, columns, this.shape.wantedOf(this.index), 'key', 'kp', 'ke');
  }

  private missing({ name, type }: Column): [string, Operand] {
    return [name, valueOperand(type.kind === 'nullable' ? type : { kind: 'nullable', of: type }, 'null')];
  }

  private emit(code: Code, operands: Iterable<readonly [string, Operand]>): void {
    const { shape, folds, index } = this;
    code.line(`K.rowsOut[${index}]++;`);
    guardedStream(shape, folds, code, index, { operands: new Map(operands), time: 'time', late: null, at: null });
  }
}
