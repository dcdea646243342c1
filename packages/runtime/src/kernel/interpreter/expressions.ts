/** Expressions on rows: where the language's evaluator finds the names. */
import { Buffer } from 'node:buffer';
import { type Env, evaluate, type MetaName, type TypedExpr, type Value } from '@rta/dsl';
import type { KernelEnv } from '../stage-kernel.js';
import type { StreamRow } from './operator.js';

/** The value of an expression over a row's columns. Throws ExpressionError. */
export function evaluateRow(expr: TypedExpr, row: StreamRow, env: KernelEnv): Value {
  return evaluate(expr, scopeOf(row, [], env));
}

/** As `evaluateRow`, of a fold's result; `accumulated` are its accumulators' values, or the errors that looking at them throws. */
export function evaluateResult(expr: TypedExpr, row: StreamRow, accumulated: readonly (() => Value)[], env: KernelEnv): Value {
  return evaluate(expr, scopeOf(row, accumulated, env));
}

function scopeOf(row: StreamRow, accumulated: readonly (() => Value)[], env: KernelEnv): Env {
  return {
    column: (name) => row.row[name],
    meta: (name) => metaOf(name, row, env),
    accumulator: (index) => accumulated[index](),
  };
}

function metaOf(name: MetaName, { time, source }: StreamRow, env: KernelEnv): Value {
  if (name === '$time') return time;
  if (source === null) throw new Error(`${name} is only there on records of a source`);
  const { record } = source;
  switch (name) {
    case '$key':
      return record.key === null ? null : Buffer.from(record.key).toString('utf8');
    case '$offset':
      return record.offset;
    case '$partition':
      return env.partition;
    case '$headers':
      return new Map(record.headers.map(({ key, value }) => [key, value === null ? '' : Buffer.from(value).toString('utf8')]));
  }
}
