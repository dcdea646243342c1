/** Plans as plain data, for `--json`. */
import { showExpr, showType, type Type, type TypedExpr } from '@rta/dsl';

/** Schemas are data already, and may have keys that mean something else. */
const SCHEMAS = new Set(['schema', 'readerSchema', 'keySchema', 'valueSchema']);

/**
 * A logical or physical plan as JSON has it: expressions and types as their text, long integers as numbers where those are exact (else as
 * text), without places in files.
 */
export function explainJson(value: unknown, key = ''): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value !== 'object' || value === null || SCHEMAS.has(key)) return value;
  if (value instanceof Uint8Array || Array.isArray(value)) return Array.from(value as ArrayLike<unknown>, (item) => explainJson(item));
  if (value instanceof Map) return explainJson(Object.fromEntries(value));
  if ('kind' in value && 'type' in value && 'span' in value) return showExpr(value as unknown as TypedExpr);
  if (key === 'type' && 'kind' in value) return showType(value as unknown as Type);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'span')
      .map(([name, part]) => [name, explainJson(part, name)]),
  );
}
