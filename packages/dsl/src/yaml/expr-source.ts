import type { Span } from '../diagnostics/diagnostic.js';
import { spanOf, type ExprSource } from '../expression/source.js';
import { alignText } from './align.js';
import type { YamlScalar } from './node.js';

/** A scalar as an expression: its text with the file offset of every character. */
export function exprSource(scalar: YamlScalar): ExprSource {
  const { text, span } = scalar;
  let offsets: readonly number[] | null = null;
  return {
    text,
    source: span.source,
    at(index) {
      offsets ??= alignText(scalar);
      if (offsets.length === 0) return span.start;
      return index < offsets.length ? offsets[index] : offsets[offsets.length - 1] + 1;
    },
  };
}

/** The part `[start, end)` of an expression's text as one of its own. */
export function slice(source: ExprSource, start: number, end: number): ExprSource {
  return { text: source.text.slice(start, end), source: source.source, at: (index) => source.at(index + start) };
}

/** The file span of a whole expression text. */
export function wholeSpan(source: ExprSource): Span {
  return spanOf(source, 0, source.text.length);
}
