/** Code that writes keys that are no Avro. */
import type { Column, KeyFormat } from '@rta/dsl';
import { jsonOf, jsonText, plainText } from '../run/json-text.js';
import type { Code } from './code.js';
import type { Operand } from './operand.js';

/** A call of a method of a scratch that writes the key from position 0 on, and gives its end. */
export function plainKey(code: Code, format: KeyFormat, columns: readonly Column[], operands: readonly Operand[]): string {
  if (columns.length !== 1) return `text(0, ${code.constant(jsonText(columns))}([${valuesOf(operands)}]))`;
  const [{ type }] = columns;
  const [{ value }] = operands;
  if (format === 'int') return `int32(0, ${value})`;
  if (format === 'long') return `int64(0, ${type.kind === 'timestamp' ? `Math.round(${value})` : value})`;
  return `text(0, ${code.constant(format === 'json' ? jsonOf(type) : plainText(type))}(${value}))`;
}

/** The operands' values as arguments. */
export function valuesOf(operands: readonly Operand[]): string {
  return operands.map(({ value }) => value).join(', ');
}
