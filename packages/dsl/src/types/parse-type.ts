import { BOOLEAN, BYTES, DATE, DOUBLE, FLOAT, INT, LONG, MAX_DECIMAL_PRECISION, nullable, STRING, TIMESTAMP } from './lattice.js';
import type { Type } from './type.js';

const WORDS: Readonly<Record<string, Type>> = {
  boolean: BOOLEAN,
  int: INT,
  long: LONG,
  float: FLOAT,
  double: DOUBLE,
  string: STRING,
  bytes: BYTES,
  timestamp: TIMESTAMP,
  date: DATE,
};

/** What a type is called where one is written. */
export const TYPE_WORDS: readonly string[] = [...Object.keys(WORDS), 'decimal(10, 2)', 'array<T>', 'map<T>', 'T?'];

/** Nesting that no type of use reaches; bounds the recursion. */
const MAX_NESTING = 20;

/** The type that a text names, as messages write types: `long`, `string?`, `array<string>`, `decimal(10, 2)`. Null where it names none. */
export function parseType(text: string, nesting = 0): Type | null {
  const written = text.trim();
  if (nesting > MAX_NESTING) return null;
  if (Object.hasOwn(WORDS, written)) return WORDS[written];
  if (written.endsWith('?')) {
    const of = parseType(written.slice(0, -1), nesting + 1);
    return of === null || of.kind === 'nullable' ? null : nullable(of);
  }
  const [, outer, inner] = /^(array|map)\s*<([\s\S]*)>$/.exec(written) ?? [];
  if (outer !== undefined) {
    const of = parseType(inner, nesting + 1);
    if (of === null) return null;
    return outer === 'array' ? { kind: 'array', items: of } : { kind: 'map', values: of };
  }
  const digits = /^decimal\s*\(\s*(\d{1,2})\s*(?:,\s*(\d{1,2})\s*)?\)$/.exec(written);
  if (digits === null) return null;
  const [precision, scale] = [Number(digits[1]), Number((digits[2] as string | undefined) ?? 0)];
  return precision >= 1 && precision <= MAX_DECIMAL_PRECISION && scale <= precision ? { kind: 'decimal', precision, scale } : null;
}
