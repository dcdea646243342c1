/** How generated code gets at the value of a column. */
import type { Type } from '@rta/dsl';

interface ByteRange {
  /** Source of the buffer, of the first position, and of the one after the last. */
  readonly bytes: string;
  readonly start: string;
  readonly end: string;
}

interface EncodedRange extends ByteRange {
  /** Source that is true where the bytes are as short as can be, as ours are; null: they are. */
  readonly when: string | null;
}

export interface Operand {
  readonly type: Type;
  /** Source of the value as `Type` describes it; null where it is null. Without side effects that matter, cheap to repeat. */
  readonly value: string;
  /** Source that is true where the value is null, in parentheses where it has operators; null: it never is. */
  readonly isNull: string | null;
  /** Source of the value where it is known not to be null. */
  readonly definite: string;
  /** Of a string or bytes: where the UTF-8 or the bytes are, where it is not null. */
  readonly text: ByteRange | null;
  /** Where the value stands encoded as Avro, as state-layout.ts has `type`, byte for byte. */
  readonly encoded: EncodedRange | null;
  /** A column that says which window the row is of. */
  readonly window: boolean;
}

/** Columns by name. */
export type Operands = ReadonlyMap<string, Operand>;

/** An operand that is a plain JavaScript value. */
export function valueOperand(type: Type, value: string): Operand {
  const nullable = type.kind === 'nullable' || type.kind === 'null';
  return { type, value, isNull: nullable ? `(${value} === null)` : null, definite: value, text: null, encoded: null, window: false };
}

/** The type without its wrapper for null. */
export function definiteType(type: Type): Exclude<Type, { kind: 'nullable' }> {
  return type.kind === 'nullable' ? definiteType(type.of) : type;
}

export function isNullable(type: Type): boolean {
  return type.kind === 'nullable' || type.kind === 'null';
}
