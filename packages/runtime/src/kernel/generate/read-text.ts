/** Code that takes bytes of a record as a text. */
import type { Type } from '@rta/dsl';
import { textOf, wellFormed } from '../run/strings.js';
import type { Code } from './code.js';
import { isNullable, type Operand } from './operand.js';

/**
 * Source that sets variable `bytes` to `b`, or, where `b[start, end)` is no UTF-8, to bytes that are, and moves `start` and `end` to those: what
 * is no UTF-8 is replaced, as every decoder does; ASCII is the rule, and seen at once. Uses `x`.
 */
export function keepWellFormed(code: Code, bytes: string, start: string, end: string): string[] {
  return [
    `${bytes} = b;`,
    `for (x = ${start}; x < ${end} && b[x] < 128; x++);`,
    `if (x !== ${end} && (${bytes} = ${code.constant(wellFormed)}(b, ${start}, ${end})) !== b) { ${start} = 0; ${end} = ${bytes}.length; }`,
  ];
}

/** A text that stands in bytes; null where `start` is negative, if its type has null. */
export function textOperand(code: Code, type: Type, bytes: string, start: string, end: string): Operand {
  const definite = `${code.constant(textOf)}(${bytes}, ${start}, ${end})`;
  const isNull = isNullable(type) ? `(${start} < 0)` : null;
  return {
    type,
    value: isNull === null ? definite : `(${start} < 0 ? null : ${definite})`,
    isNull,
    definite,
    text: { bytes, start, end },
    encoded: null,
    window: false,
  };
}
