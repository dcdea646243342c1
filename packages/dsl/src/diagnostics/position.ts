import type { SourceText, Span } from './diagnostic.js';

/** A place as people count: line and column from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const lineStartsOf = new WeakMap<SourceText, readonly number[]>();

/** Offsets at which the lines of a text start. */
export function lineStarts(source: SourceText): readonly number[] {
  const known = lineStartsOf.get(source);
  if (known !== undefined) return known;
  const starts = [0];
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1)) starts.push(at + 1);
  lineStartsOf.set(source, starts);
  return starts;
}

/** The line and column of an offset; an offset past the end is the end. */
export function positionAt(source: SourceText, offset: number): Position {
  const at = Math.max(0, Math.min(offset, source.text.length));
  const starts = lineStarts(source);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: at - starts[low] + 1 };
}

/** The offset of a line and column; past the end of its line it is that end. */
export function offsetAt(source: SourceText, { line, column }: Position): number {
  const starts = lineStarts(source);
  if (line > starts.length) return source.text.length;
  return Math.min(starts[line - 1] + column - 1, line < starts.length ? starts[line] - 1 : source.text.length);
}

/** The text of a line (from 1) without its line break. */
export function lineText(source: SourceText, line: number): string {
  const starts = lineStarts(source);
  const end = line < starts.length ? starts[line] - 1 : source.text.length;
  return source.text.slice(starts[line - 1], end).replace(/\r$/, '');
}

/** What stands there. */
export function textOfSpan({ source, start, end }: Span): string {
  return source.text.slice(start, end);
}
