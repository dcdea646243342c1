import { changesOf } from './changes.js';
import { lineEnd, type Edit } from './edit.js';
import { jsonRow, type RowsFailure } from './new-row.js';

/** Brings the lines of a file of JSON rows up to date. */
export function jsonLineEdits(failure: RowsFailure, text: string): readonly Edit[] {
  const { changed, replaced, removed, added } = changesOf(failure);
  const end = text.length;
  const first = text === '' || text.endsWith('\n') ? '' : '\n';
  return [
    ...changed.map(({ expected, actual }) => {
      const { start, end } = expected.span;
      return { start, end, text: jsonRow(actual, failure, new Set([...Object.keys(expected.values), '$deleted'])) };
    }),
    ...replaced.map(({ expected, actual }) => ({ start: expected.span.start, end: expected.span.end, text: jsonRow(actual, failure) })),
    ...removed.map(({ span }) => ({ start: span.start, end: Math.min(lineEnd(text, span.end) + 1, end), text: '' })),
    ...added.map(({ after, actual }, i) => {
      const row = jsonRow(actual, failure);
      if (after !== null) return { start: lineEnd(text, after.span.end), end: lineEnd(text, after.span.end), text: `\n${row}` };
      return failure.expectedCount === 0
        ? { start: end, end, text: `${i === 0 ? first : ''}${row}\n` }
        : { start: 0, end: 0, text: `${row}\n` };
    }),
  ];
}
