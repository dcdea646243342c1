import type { Span } from '../diagnostics/diagnostic.js';
import type { Type, Value } from '../types/type.js';
import type { ExternalFunction } from './functions/external.js';

export type BinaryOp = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or' | '??';

/** Columns that every stream record has without declaring them. */
export type MetaName = '$time' | '$key' | '$offset' | '$partition' | '$headers';

/**
 * A checked expression: names resolved, every node typed, operands already converted to a common type by explicit `cast` nodes, so that
 * neither the interpreter nor the code generator ever decides about types.
 *
 * Nulls: arithmetic, comparison (`<` …), `-`, `not`, field and index access give null when an operand is null; `==`, `!=`, `in` are
 * null-safe and never null; `and`/`or` are Kleene's (null and false = false); `??` takes the right side when the left is null.
 * `/` on numbers gives a double (a decimal if either side is) and null on division by zero; `%` by zero is null too.
 * Integer `+ - * %` is done in long; a result outside 64 bits is an `overflow` expression error.
 */
export type TypedExpr =
  /** `text` is how a number was written, for exact decimals; only the checker reads it. */
  | (Base & { readonly kind: 'literal'; readonly value: Value; readonly text?: string })
  /** A column of the operator's input. */
  | (Base & { readonly kind: 'column'; readonly name: string })
  | (Base & { readonly kind: 'meta'; readonly name: MetaName })
  /** The result of accumulator number `index` of the enclosing fold. */
  | (Base & { readonly kind: 'accumulator'; readonly index: number })
  | (Base & { readonly kind: 'field'; readonly of: TypedExpr; readonly field: string })
  | (Base & { readonly kind: 'index'; readonly of: TypedExpr; readonly index: TypedExpr })
  | (Base & { readonly kind: 'unary'; readonly op: '-' | 'not'; readonly operand: TypedExpr })
  | (Base & { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: TypedExpr; readonly right: TypedExpr })
  | (Base & { readonly kind: 'in'; readonly operand: TypedExpr; readonly options: readonly TypedExpr[]; readonly negated: boolean })
  /** A widening that the checker inserted: int → long → float/double/decimal, enum → string, T → nullable T, null → nullable T. */
  | (Base & { readonly kind: 'cast'; readonly operand: TypedExpr })
  /** A function of the library; `fn` is its name there. `if` is a call too, evaluated lazily. */
  | (Base & {
      readonly kind: 'call';
      readonly fn: string;
      readonly args: readonly TypedExpr[];
      /** Of `use`: a function of the user's, which takes columns, null or not, and gives a record. */
      readonly external?: ExternalFunction;
    });

interface Base {
  readonly type: Type;
  readonly span: Span;
}

/** A failure of an expression on one record: overflow, a value out of a function's domain. Goes to the pipeline's `errors`. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  constructor(
    readonly code: 'overflow' | 'domain' | 'cast',
    message: string,
  ) {
    super(message);
  }
}
