import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { parseDuration } from './duration.js';
import * as messages from './messages.js';
import { spanOf, type ExprSource } from './source.js';

/** A lexeme: `text` is its source text, `start` and `end` are indexes of the expression's text. */
export interface Token {
  /** `bad` was reported by the lexer already. `meta` is a `$name`. */
  readonly kind: 'integer' | 'double' | 'duration' | 'string' | 'word' | 'meta' | 'op' | 'bad' | 'end';
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Of strings: the text without quotes and escapes. */
  readonly value?: string;
  /** Of durations: milliseconds. */
  readonly ms?: number;
}

/** Longest first. The second line is not of the language: the parser answers each with the native form. */
const OPERATORS = [
  ...['??', '==', '!=', '<=', '>=', '<', '>', '+', '-', '*', '/', '%', '(', ')', '[', ']', ',', '.'],
  ...[
    '===',
    '!==',
    '<>',
    '&&',
    '||',
    '?:',
    '?.',
    '**',
    '//',
    '::',
    '->',
    '=>',
    '=~',
    '!~',
    '=',
    '!',
    '?',
    ':',
    '&',
    '|',
    '^',
    '~',
    ';',
    '{',
    '}',
  ],
].sort((a, b) => b.length - a.length);

const SPACE = /\s+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const META = /\$[A-Za-z_][A-Za-z0-9_]*/y;
/** A number with whatever letters and digits hang on it: `5m`, `1h30m`, `1e-3`, and wrong ones such as `5min`. */
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]\d+)?[A-Za-z0-9_]*/y;
const EXPONENT = /^\d+(\.\d+)?([eE][+-]?\d+)?$/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'", '/': '/' };

/** Splits an expression's text into tokens; the last is `end`. What it cannot read is reported and becomes a `bad` token. */
export function tokenize(from: ExprSource): { readonly tokens: readonly Token[]; readonly diagnostics: readonly Diagnostic[] } {
  const { text } = from;
  const tokens: Token[] = [];
  const diagnostics: Diagnostic[] = [];
  const take = (pattern: RegExp, at: number): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  let at = 0;
  while (at < text.length) {
    const start = at;
    const space = take(SPACE, at);
    if (space !== null) {
      at += space.length;
      continue;
    }
    const word = take(WORD, at);
    const meta = take(META, at);
    const number = take(NUMBER, at);
    let token: Omit<Token, 'start' | 'end'>;
    if (word !== null) token = { kind: 'word', text: word };
    else if (meta !== null) token = { kind: 'meta', text: meta };
    else if (number !== null) token = readNumber(number, (problem) => diagnostics.push(problem), from, start);
    else if (text[at] === '"' || text[at] === "'") token = readString(from, start, (problem) => diagnostics.push(problem));
    else {
      const operator = OPERATORS.find((op) => text.startsWith(op, start));
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      token = operator === undefined ? { kind: 'bad', text: character } : { kind: 'op', text: operator };
      if (operator === undefined) diagnostics.push(messages.unexpectedCharacter(spanOf(from, at, at + character.length), character));
    }
    at += token.text.length;
    tokens.push({ ...token, start, end: at });
    if (token.kind === 'bad') break; // what follows would be told again
  }
  tokens.push({ kind: 'end', text: '', start: at, end: at });
  return { tokens, diagnostics };
}

function readNumber(text: string, report: (problem: Diagnostic) => void, from: ExprSource, start: number): Omit<Token, 'start' | 'end'> {
  if (/^\d+$/.test(text)) return { kind: 'integer', text };
  if (EXPONENT.test(text)) return { kind: 'double', text };
  const ms = parseDuration(text);
  if (ms !== null) return { kind: 'duration', text, ms };
  report(messages.malformedNumber(spanOf(from, start, start + text.length), text));
  return { kind: 'bad', text };
}

function readString(from: ExprSource, start: number, report: (problem: Diagnostic) => void): Omit<Token, 'start' | 'end'> {
  const { text } = from;
  const quote = text[start];
  let value = '';
  let at = start + 1;
  while (at < text.length && text[at] !== quote) {
    if (text[at] !== '\\') {
      value += text[at++];
      continue;
    }
    const unicode = /^\\u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})/.exec(text.slice(at, at + 10));
    const code = unicode ? parseInt(unicode[1] ?? unicode[2], 16) : NaN;
    if (unicode && code <= 0x10ffff) {
      value += String.fromCodePoint(code);
      at += unicode[0].length;
    } else {
      const escaped = text[at + 1] ?? '';
      if (!(escaped in ESCAPES) && escaped !== '') report(messages.unknownEscape(spanOf(from, at, at + 2), escaped));
      value += ESCAPES[escaped] ?? escaped;
      at += 2;
    }
  }
  if (at >= text.length) {
    report(messages.unterminatedString(spanOf(from, start, text.length), quote));
    return { kind: 'bad', text: text.slice(start) };
  }
  return { kind: 'string', text: text.slice(start, at + 1), value };
}
