import type { YamlScalar } from './node.js';

/** Escapes of a double-quoted scalar that take a number of hexadecimal digits. */
const HEX_ESCAPES: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * The file offset of each UTF-16 unit of a scalar's text. Characters other than white space correspond one to one between the text and the
 * file, except for escapes; a run of white space (which folding may shorten) is matched as a run.
 */
export function alignText(scalar: YamlScalar): readonly number[] {
  const { text, span, style } = scalar;
  const file = span.source.text;
  const offsets: number[] = [];
  let at = span.start;
  if (style === 'built' && !isLiteral(file, span)) return [];
  if (style === 'single' || style === 'double' || style === 'built') at += 1;
  if (style === 'block') at = afterLine(file, at, span.end);
  let index = 0;
  while (index < text.length) {
    if (isSpace(text[index]) && !isEscape(file, at, style)) {
      let runEnd = index;
      while (runEnd < text.length && isSpace(text[runEnd])) runEnd++;
      let fileEnd = at;
      while (fileEnd < span.end && isSpace(file[fileEnd])) fileEnd++;
      if (isEscape(file, fileEnd, style)) runEnd = Math.min(runEnd, index + (fileEnd - at));
      for (let i = index; i < runEnd; i++) offsets.push(Math.min(at + (i - index), Math.max(at, fileEnd - 1)));
      index = runEnd;
      at = fileEnd;
      continue;
    }
    while (at < span.end && (isSpace(file[at]) || isLineContinuation(file, at, style))) at++;
    const length = escapeLength(file, at, style);
    // An escape beyond the basic plane gives two units from one place.
    const units = length > 6 && text.codePointAt(index)! > 0xffff ? 2 : 1;
    for (let i = 0; i < units && index < text.length; i++, index++) offsets.push(Math.min(at, Math.max(span.start, span.end - 1)));
    at += length;
  }
  return offsets;
}

/** How many file characters make the next character of the text. */
function escapeLength(file: string, at: number, style: YamlScalar['style']): number {
  if (style === 'single' && file[at] === "'" && file[at + 1] === "'") return 2;
  if ((style === 'double' || style === 'built') && file[at] === '\\') return 2 + (HEX_ESCAPES[file[at + 1]] ?? 0);
  return 1;
}

/** Whether a program's text is written out: a literal of JavaScript, whose escapes are those of YAML as far as their lengths go. */
function isLiteral(file: string, { start, end }: YamlScalar['span']): boolean {
  return /['"`]/.test(file.charAt(start)) && end - start >= 2 && file[end - 1] === file[start];
}

/** A white-space character that was written as an escape: `\n`, `\t`, `\ `. */
function isEscape(file: string, at: number, style: YamlScalar['style']): boolean {
  return (style === 'double' || style === 'built') && file[at] === '\\' && !isLineContinuation(file, at, style);
}

/** A backslash at the end of a line joins two lines of a double-quoted scalar. */
function isLineContinuation(file: string, at: number, style: YamlScalar['style']): boolean {
  return style === 'double' && file[at] === '\\' && /^\\[ \t]*\r?\n/.test(file.slice(at, at + 80));
}

function afterLine(file: string, at: number, end: number): number {
  const newline = file.indexOf('\n', at);
  return newline === -1 || newline >= end ? end : newline + 1;
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r';
}
