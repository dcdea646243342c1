import type { Span } from '../diagnostics/diagnostic.js';
import type { BinaryOp } from './typed.js';

/**
 * An expression as it was written: names are not resolved, nothing is typed. Every node has the span of its text in the file.
 *
 * Numbers keep their text, which the checker reads by the type that is wanted; a minus in front of a literal is part of it.
 */
export type Ast =
  | (Base & { readonly kind: 'null' })
  | (Base & { readonly kind: 'boolean'; readonly value: boolean })
  | (Base & { readonly kind: 'integer'; readonly text: string })
  | (Base & { readonly kind: 'double'; readonly text: string })
  | (Base & { readonly kind: 'string'; readonly value: string })
  /** Milliseconds. */
  | (Base & { readonly kind: 'duration'; readonly ms: number })
  /** A column, or a meta column if it begins with `$`. */
  | (Base & { readonly kind: 'name'; readonly name: string })
  | (Base & { readonly kind: 'field'; readonly of: Ast; readonly field: string; readonly fieldSpan: Span })
  | (Base & { readonly kind: 'index'; readonly of: Ast; readonly index: Ast })
  | (Base & { readonly kind: 'unary'; readonly op: '-' | 'not'; readonly operand: Ast })
  | (Base & { readonly kind: 'binary'; readonly op: BinaryOp; readonly opSpan: Span; readonly left: Ast; readonly right: Ast })
  | (Base & { readonly kind: 'in'; readonly operand: Ast; readonly options: readonly Ast[]; readonly negated: boolean })
  /** An array of these items. */
  | (Base & { readonly kind: 'array'; readonly items: readonly Ast[] })
  /** Whether an array has an item, or a map a key. */
  | (Base & { readonly kind: 'inside'; readonly operand: Ast; readonly of: Ast; readonly negated: boolean })
  | CallAst;

/** `name([distinct] args) [where EXPR] [over [previous] (D | N rows)]`. Only aggregates may have `distinct`, `where` and `over`. */
export interface CallAst extends Base {
  readonly kind: 'call';
  readonly name: string;
  readonly nameSpan: Span;
  readonly distinct: boolean;
  readonly args: readonly Ast[];
  readonly where: Ast | null;
  readonly over: Over | null;
}

/** The rows that an aggregate of `derive` looks back on: `over 10s` (event time, ms), `over 3 rows`, `over previous 30 rows`. */
export interface Over {
  readonly previous: boolean;
  readonly unit: 'ms' | 'rows';
  readonly size: number;
  readonly span: Span;
}

interface Base {
  readonly span: Span;
}
