import type { Diagnostic, SourceText, Span } from '../diagnostics/diagnostic.js';
import { yamlMessages } from './messages.js';

/** An expression that YAML breaks apart, as offsets `[start, end)` of the text, and what to say of it. */
export interface Trap {
  readonly start: number;
  readonly end: number;
  readonly diagnostic: Diagnostic;
}

/** `- key: VALUE`: the part in front of a value on its line, and the value. */
const LINE = /^(\s*(?:-\s+)*(?:(?:"[^"\n]*"|'[^'\n]*'|[^\s#:{}[\]"'][^:#{}[\]\n]*)\s*:(?=\s|$)\s*)?)(.*)$/;

/** The trap behind a YAML error at an offset, or null if it is not one of those known. */
export function trapAt(source: SourceText, offset: number, code: string): Trap | null {
  const lineStart = source.text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1;
  const lineEnd = endOfLine(source.text, lineStart);
  const line = source.text.slice(lineStart, lineEnd);
  const match = LINE.exec(line);
  if (match === null) return flowTrapAt(source, offset);
  const start = lineStart + match[1].length;
  const value = match[2].trimEnd();
  if (value === '') return flowTrapAt(source, offset);
  if (/^[{[]/.test(value)) {
    const inside = flowTrapAt(source, offset);
    if (inside !== null) return inside;
  }
  const end = start + value.length;
  const span: Span = { source, start, end };
  if (offset < start) return flowTrapAt(source, offset);
  if (/^["'[`!*@%&{]/.test(value) && !value.startsWith('{{')) {
    if (isCompleteFlow(source.text, start, end)) return null;
    return { start, end, diagnostic: yamlMessages.beginsWith(span, value) };
  }
  if (/^[>|]\s*[^\s+\-\d]/.test(value) || /^[>|]=?\s+\S/.test(value))
    return { start, end, diagnostic: yamlMessages.beginsWith(span, value) };
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && /:(\s|$)/.test(value) && match[1].includes(':')) {
    return { start, end, diagnostic: yamlMessages.colonSplits(span, value) };
  }
  return flowTrapAt(source, offset);
}

/**
 * The expression around an offset inside a flow collection that YAML splits at a comma or bracket of its own. The collection is read
 * again by this scanner, which knows calls, lists and texts of expressions.
 */
export function flowTrapAt(source: SourceText, offset: number): Trap | null {
  const { text } = source;
  // The offset may be in any line of the collection, so the nearest lines above are tried too.
  let lineStart = text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1;
  for (let tries = 0; tries < 8; tries++) {
    const lineEnd = endOfLine(text, lineStart);
    const match = LINE.exec(text.slice(lineStart, lineEnd));
    const value = match?.[2] ?? '';
    if (match !== null && /^[{[]/.test(value)) {
      const traps: Trap[] = [];
      const open = lineStart + match[1].length;
      scanFlow(source, open, traps, 0);
      const hit =
        traps.find((trap) => offset >= trap.start - 1 && offset <= trap.end) ??
        traps.find((trap) => trap.end > offset || trap.start > lineStart);
      return hit ?? null;
    }
    if (lineStart === 0) return null;
    lineStart = text.lastIndexOf('\n', lineStart - 2) + 1;
  }
  return null;
}

/** The trap of a plain scalar that a ` #` behind it cut off, or null. */
export function commentTrap(source: SourceText, start: number, end: number): Trap | null {
  const text = source.text.slice(start, end);
  const lineEnd = endOfLine(source.text, end);
  if (!/^[ \t]+#/.test(source.text.slice(end, lineEnd)) || isBalanced(text)) return null;
  const whole = source.text.slice(start, lineEnd).trimEnd();
  return { start, end: start + whole.length, diagnostic: yamlMessages.commentCuts({ source, start, end: start + whole.length }, whole) };
}

/** Whether quotes, parentheses and brackets of an expression's text are closed. */
export function isBalanced(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') {
      const close = endOfString(text, at);
      if (close === -1) return false;
      at = close;
    } else if (text[at] === '(' || text[at] === '[') depth++;
    else if (text[at] === ')' || text[at] === ']') depth--;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** Reads the flow collection that opens at `open`; gives the offset after it, or -1 when it is not closed. */
function scanFlow(source: SourceText, open: number, traps: Trap[], level: number): number {
  const { text } = source;
  const bracket = text[open];
  const close = bracket === '{' ? '}' : ']';
  let at = open + 1;
  while (at < text.length && level < 20) {
    at = skipSpace(text, at);
    if (text[at] === close) return at + 1;
    if (text[at] === ',') {
      at++;
      continue;
    }
    if (bracket === '{') {
      const key = /^(?:"[^"\n]*"|'[^'\n]*'|[^\s,:{}[\]][^,:{}[\]\n]*?)\s*(?::(?=[\s,[\]{}"]|$)|(?=[,}]))/.exec(text.slice(at, at + 400));
      if (key === null) return -1;
      at = skipSpace(text, at + key[0].length);
      if (!key[0].endsWith(':')) continue;
    } else {
      const single = /^[A-Za-z_]\w*:\s+/.exec(text.slice(at, at + 400));
      if (single !== null) at += single[0].length;
    }
    const next = scanValue(source, at, bracket, traps, level);
    // No progress: a bracket of the other kind closes here.
    if (next <= at) return -1;
    at = next;
  }
  return -1;
}

/** Reads one value inside a flow collection as an expression would be read; gives the offset after it. */
function scanValue(source: SourceText, start: number, bracket: string, traps: Trap[], level: number): number {
  const { text } = source;
  const first = text[start];
  if (first === '{' || first === '[') {
    const inner: Trap[] = [];
    const after = scanFlow(source, start, inner, level + 1);
    if (after !== -1 && /^\s*([,}\]]|$)/.test(text.slice(after, after + 200))) {
      traps.push(...inner);
      return after;
    }
  }
  if (first === "'" || first === '"') {
    const close = first === '"' ? endOfString(text, start) : endOfSingle(text, start);
    if (close !== -1 && /^\s*([,}\]]|$)/.test(text.slice(close + 1, close + 200))) return close + 1;
  }
  let depth = 0;
  let splits = false;
  let at = start;
  for (; at < text.length && text[at] !== '\n'; at++) {
    const character = text[at];
    if (character === '"') {
      const close = endOfString(text, at);
      if (close === -1) return -1;
      if (/[,[\]{}]/.test(text.slice(at, close)) || at === start) splits = true;
      at = close;
    } else if (character === '(' || character === '[' || (character === '{' && depth > 0)) {
      if (character === '[') splits = true;
      depth++;
    } else if (depth > 0 && (character === ')' || character === ']' || character === '}')) depth--;
    else if (depth > 0 && character === ',') splits = true;
    else if (character === ',' || character === '}' || character === ']') break;
  }
  if (depth > 0) return -1;
  const end = start + text.slice(start, at).trimEnd().length;
  if (splits && end > start) {
    const span: Span = { source, start, end };
    const expression = text.slice(start, end);
    const begins = /^["[`!*]/.test(expression);
    traps.push({
      start,
      end,
      diagnostic: begins ? yamlMessages.beginsWith(span, expression) : yamlMessages.flowSplits(span, expression, bracket),
    });
  } else if (/^[`!*@%]/.test(text.slice(start, end)) && !/^\*\w+$/.test(text.slice(start, end))) {
    const span: Span = { source, start, end };
    traps.push({ start, end, diagnostic: yamlMessages.beginsWith(span, text.slice(start, end)) });
  }
  return at;
}

function isCompleteFlow(text: string, start: number, end: number): boolean {
  if (text[start] !== '{') return false;
  const source: SourceText = { path: '', text };
  return scanFlow(source, start, [], 0) === end;
}

function endOfString(text: string, open: number): number {
  for (let at = open + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return -1;
}

function endOfSingle(text: string, open: number): number {
  for (let at = open + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] !== "'") continue;
    if (text[at + 1] === "'") at++;
    else return at;
  }
  return -1;
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (next < text.length && /\s/.test(text[next])) next++;
  return next;
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline;
}
