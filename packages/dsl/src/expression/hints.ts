import { definite, isText } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import { AGGREGATE_NAMES, functionLibrary } from './functions/library.js';
import type { Scope } from './scope.js';

const NULL_WORDS: ReadonlySet<string> = new Set(['none', 'nil', 'undefined', 'null']);

/**
 * What an unknown name probably stands for, where that is not another column: a text without its quotes (beside what it is compared with), a
 * field of a record, null, a function.
 */
export function unknownNameHint(name: string, scope: Scope, beside?: Type): string | undefined {
  const lower = name.toLowerCase();
  if (NULL_WORDS.has(lower)) return 'there is `null`';
  if (lower === 'true' || lower === 'false') return `there is \`${lower}\``;
  const other = beside && definite(beside);
  if (other?.kind === 'enum' && other.symbols.includes(name)) return `a text has quotes: \`"${name}"\``;
  const paths = scope.columns.flatMap((column) => fieldPaths(column.name, column.type, 3)).filter((path) => path.endsWith(`.${name}`));
  if (paths.length > 0) return `did you mean \`${paths[0]}\`?`;
  if (AGGREGATE_NAMES.has(name)) return `the aggregate is written \`${name}(${name === 'count' ? '' : 'x'})\``;
  if (functionLibrary.has(name)) return `the function is written \`${functionLibrary.get(name)?.signature ?? name}\``;
  const near = scope.columns.some((column) => column.name.toLowerCase() === lower);
  return other && isText(other) && !near
    ? `columns here are ${scope.columns.map((column) => `\`${column.name}\``).join(', ')}; a text has quotes: \`"${name}"\``
    : undefined;
}

/** What a field that is none probably stands for: a function that other languages put behind its argument. */
export function fieldHint(name: string): string | undefined {
  const fn = name === 'size' || name === 'len' ? 'length' : name;
  return functionLibrary.has(fn) ? `functions stand in front: \`${fn}(x)\`` : undefined;
}

/** `column.field…` of all fields down to a depth. */
function fieldPaths(path: string, type: Type, depth: number): string[] {
  const record = definite(type);
  if (record.kind !== 'record' || depth === 0) return [];
  return record.fields.flatMap((field) => [`${path}.${field.name}`, ...fieldPaths(`${path}.${field.name}`, field.type, depth - 1)]);
}
