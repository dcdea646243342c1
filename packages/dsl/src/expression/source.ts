import type { SourceText, Span } from '../diagnostics/diagnostic.js';

/**
 * The text of one expression and where it stands. YAML's quoting and folding make the text differ from the file's, so `at` maps an index
 * of `text` (a UTF-16 index) to the offset in `source.text`.
 */
export interface ExprSource {
  readonly text: string;
  readonly source: SourceText;
  at(index: number): number;
}

/** An expression that is a text of its own: of the command line, a doc example, a test. */
export function plainSource(text: string, path = '<expression>'): ExprSource {
  return { text, source: { path, text }, at: (index) => index };
}

/** The file span of `text[start, end)`. An empty range gives an empty span. */
export function spanOf(from: ExprSource, start: number, end: number): Span {
  return { source: from.source, start: from.at(start), end: end > start ? from.at(end - 1) + 1 : from.at(start) };
}

/** From the start of one span to the end of another of the same source. */
export function joinSpans(first: Span, last: Span): Span {
  return { source: first.source, start: first.start, end: Math.max(first.end, last.end) };
}
