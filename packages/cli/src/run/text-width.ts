/** Text in a terminal's columns. */

const SEGMENTS = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WIDE =
  /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}])/u;
// Text of records may hold escape sequences; a terminal must not obey them.
const CONTROL = /\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/gu;

/** The text without anything that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(CONTROL, '·');
}

/** Columns that a printable text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of SEGMENTS.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text in exactly `width` columns: cut with `…`, or filled with blanks at the end or in front. */
export function fit(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const cut = truncate(text, width);
  const fill = ' '.repeat(Math.max(0, width - widthOf(cut)));
  return side === 'left' ? cut + fill : fill + cut;
}

/** The text in at most `width` columns. */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const { segment } of SEGMENTS.segment(text)) {
    const size = WIDE.test(segment) ? 2 : 1;
    if (used + size > width - 1) break;
    cut += segment;
    used += size;
  }
  return width > 0 ? `${cut}…` : '';
}
