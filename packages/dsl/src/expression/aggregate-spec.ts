import type { Span } from '../diagnostics/diagnostic.js';
import type { Accumulator } from '../plan/plan.js';
import type { TypedExpr } from './typed.js';

/** An aggregate function of the language: its type rule, its docs, and what the engine keeps for it. */
export interface AggregateSpec {
  readonly name: string;
  /** One line for lists: `the number of rows`. */
  readonly summary: string;
  /** Prose for its doc page. */
  readonly doc: string;
  /** An aggregate expression as a pipeline writes it: `count() where price > 100`. */
  readonly example: string;
  /** Rows, and what the example gives over all of them; runs as a test. `at`: event time in ms, of the row's number if left out. */
  readonly sample: {
    /** Avro types of the columns. */
    readonly columns: Readonly<Record<string, string>>;
    readonly rows: readonly Readonly<Record<string, string | number | boolean>>[];
    readonly gives: string | number | readonly (string | number)[];
  };
  /**
   * The type rule. `args` are checked under what `where` proves non-null, and durations arrive as long milliseconds; `where` is a definite
   * boolean. Gives the accumulators to keep and the result as an expression over them: `result` receives one `accumulator` node per
   * accumulator, in order, typed as the accumulator is (structurally equal accumulators of one fold are kept once). `rows` says whether rows
   * may be taken back: of a table, they may.
   */
  check(
    args: readonly TypedExpr[],
    where: TypedExpr | null,
    distinct: boolean,
    span: Span,
    rows: 'stream' | 'table',
  ): AggregateUse | AggregateProblem;
}

export interface AggregateUse {
  readonly accumulators: readonly Accumulator[];
  result(refs: readonly TypedExpr[]): TypedExpr;
}

/** Why an aggregate cannot be used so: `sum` takes a number, not a string. */
export interface AggregateProblem {
  readonly error: string;
  readonly help?: string;
}
