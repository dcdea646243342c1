/** What expressions refer to, as generated code has it. */
import { type Column, type MetaName, sameType, type Type, type TypedExpr } from '@rta/dsl';
import { type ExpressionScope, expressionSource } from '../expression-source.js';
import type { Code } from './code.js';
import { definiteType, isNullable, type Operand, type Operands, valueOperand } from './operand.js';

export interface RowOrigin {
  readonly partition: string;
  readonly offset: string;
  /** Of an item of an array: source of the offset of the row that it was in at first, and variables that count the items of inner arrays. */
  readonly within?: { readonly offset: string; readonly counts: Map<number, string> };
}

/** A row in generated code. */
export interface RowSource {
  readonly operands: Operands;
  /** Source of its event time, ms. */
  readonly time: string;
  /** Sources of the partition and offset of the record that the row was made of; left out where it was none. */
  readonly origin?: RowOrigin;
  /** Source of the other meta columns, where the row is a source's record. */
  readonly meta?: (name: MetaName, type: Type) => string;
}

/** What is done with rows of a stream: lines were added that compute, and `apply` adds those that do it. */
export interface StreamCode {
  /** Whether computing may throw an ExpressionError. */
  readonly throws: boolean;
  readonly apply: () => void;
}

export function scopeOf(row: RowSource, accumulators: readonly Operand[] = []): ExpressionScope {
  return {
    column: (name) => {
      const operand = row.operands.get(name);
      if (!operand) throw new Error(`the plan refers to a column ${name} that is not there`);
      return operand;
    },
    meta: (name, type) => (name === '$time' ? row.time : (row.meta?.(name, type) ?? 'null')),
    accumulator: (index) => accumulators[index],
  };
}

/** The operand that an expression merely names, if it does nothing else. */
export function namedOperand(expr: TypedExpr, scope: ExpressionScope): Operand | null {
  if (expr.kind === 'column') return typedAs(scope.column(expr.name), expr.type);
  if (expr.kind === 'accumulator') return typedAs(scope.accumulator(expr.index), expr.type);
  if (expr.kind !== 'cast') return null;
  // Its bytes as Avro are those of its own type.
  const isSame = sameType(definiteType(expr.operand.type), definiteType(expr.type));
  const inner = isSame ? namedOperand(expr.operand, scope) : null;
  return inner && typedAs(inner, expr.type);
}

/** The same value, seen with or without null: null in front of an Avro value is a byte of its own. */
function typedAs(operand: Operand, type: Type): Operand {
  if (isNullable(operand.type) === isNullable(type)) return { ...operand, type };
  if (isNullable(type)) return { ...operand, type, encoded: null };
  return { ...operand, type, value: operand.definite, isNull: null, encoded: null };
}

/** The expression's value as an operand: what it names, or a variable that is set here. */
export function operandOf(code: Code, expr: TypedExpr, scope: ExpressionScope): Operand {
  const named = namedOperand(expr, scope);
  if (named) return named;
  const name = code.local('v');
  code.line(`${name} = ${expressionSource(expr, scope, code)};`);
  return valueOperand(expr.type, name);
}

export function operandsOf(columns: readonly Column[], operands: Operands): Operand[] {
  return columns.map((column) => {
    const operand = operands.get(column.name);
    if (!operand) throw new Error(`the plan refers to a column ${column.name} that is not there`);
    return operand;
  });
}
