/** How an expression is written: one space around operators, double quotes, no more; long ones over several lines. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { tokenize, type Token } from '../expression/lexer.js';
import { parseExpression } from '../expression/parser.js';
import { quotedText } from '../expression/print.js';
import { plainSource, type ExprSource } from '../expression/source.js';
import { slice } from '../yaml/expr-source.js';

/** Words that are followed by a space even before a bracket: after any other a bracket is a call or an index. */
const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'where', 'over', 'previous', 'distinct', 'asc', 'desc', 'nulls', 'rows']);

/** Words after which an operand begins. */
const OPERATOR_WORDS = new Set(['and', 'or', 'not', 'in', 'where', 'distinct']);

/** How loosely what stands before a break is bound; a line is broken where it is loosest. */
const LOOSENESS: Readonly<Record<string, number>> = {
  where: 0,
  over: 0,
  '??': 1,
  or: 2,
  and: 3,
  ',': 4,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
  '%': 7,
};

/** What YAML cannot hold as it is, and expressions have no short escape for. */
const NOT_AS_IS = /[^\P{Cc}\t\n\r]|\p{Cs}|[\u2028\u2029\ufeff]/u;

/** What an expression's text is checked as: `order` may end in `desc` and `nulls first`. */
export type Reads = 'expression' | 'order';

/** Errors of form in an expression; of types nothing is known here. */
export function expressionErrors(source: ExprSource, reads: Reads): readonly Diagnostic[] {
  const ending =
    reads === 'order'
      ? (/(\s(asc|desc))?(\s+nulls\s+(first|last))?\s*$/i.exec(source.text)?.index ?? source.text.length)
      : source.text.length;
  return parseExpression(slice(source, 0, ending)).diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
}

/** The text of an expression on one line. It has the tokens of the original, parentheses too. */
export function expressionText(text: string): string {
  return spaced(tokensOf(text))
    .map(({ gap, text: token }) => gap + token)
    .join('');
}

/** Whether two texts are the same expression, apart from white space and quotes. */
export function sameExpression(one: string, other: string): boolean {
  const [a, b] = [tokensOf(one), tokensOf(other)];
  return (
    a.length === b.length && a.every((token, i) => token.kind !== 'bad' && token.kind === b[i].kind && contentOf(token) === contentOf(b[i]))
  );
}

/** The text of an expression in lines of at most `width` characters, as far as its tokens let; all but the first are indented. */
export function foldedExpression(text: string, width: number): readonly string[] {
  const pieces = spaced(tokensOf(text));
  const lines: string[] = [];
  let start = 0;
  while (start < pieces.length) {
    const indent = lines.length === 0 ? '' : '  '.repeat(Math.max(1, pieces[start].depth));
    const line = (end: number): string =>
      indent +
      pieces
        .slice(start, end)
        .map(({ gap, text: token }, i) => (i === 0 ? token : gap + token))
        .join('');
    let end = pieces.length;
    if (line(end).length > width) end = breakOf(pieces, start, (to) => line(to).length <= width);
    lines.push(line(end));
    start = end;
  }
  return lines;
}

interface Piece {
  /** What stands between it and the one before it on a line. */
  readonly gap: '' | ' ';
  readonly text: string;
  /** How many brackets are open around it. */
  readonly depth: number;
  /** How loosely it is bound to what stands before it; null: no line begins with it. */
  readonly loose: number | null;
}

/** The end of a line that starts at a piece: of the places that fit, the loosest, the last of these; else the first that there is. */
function breakOf(pieces: readonly Piece[], start: number, fits: (end: number) => boolean): number {
  let best: number | null = null;
  const rank = (at: number): number => pieces[at].depth * 10 + pieces[at].loose!;
  for (let at = start + 1; at < pieces.length; at++) {
    if (pieces[at].loose === null) continue;
    if (!fits(at)) return best ?? at;
    if (best === null || rank(at) <= rank(best)) best = at;
  }
  return best ?? pieces.length;
}

function tokensOf(text: string): readonly Token[] {
  return tokenize(plainSource(text)).tokens.filter(({ kind }) => kind !== 'end');
}

function spaced(tokens: readonly Token[]): readonly Piece[] {
  let depth = 0;
  return tokens.map((token, i) => {
    const before = i === 0 ? null : tokens[i - 1];
    if (token.text === ')' || token.text === ']') depth--;
    const loose =
      before?.text === ',' && before.kind === 'op' ? LOOSENESS[','] : isBinary(tokens, i) ? (LOOSENESS[token.text] ?? null) : null;
    const piece: Piece = { gap: gapOf(tokens, i), text: contentOf(token), depth, loose };
    if (token.text === '(' || token.text === '[') depth++;
    return piece;
  });
}

function gapOf(tokens: readonly Token[], i: number): '' | ' ' {
  if (i === 0) return '';
  const [before, token] = [tokens[i - 1], tokens[i]];
  const is = (one: Token, ...ops: readonly string[]): boolean => one.kind === 'op' && ops.includes(one.text);
  if (is(before, '(', '[', '.') || is(token, ')', ']', ',', '.')) return '';
  if (is(token, '(', '[') && (is(before, ')', ']') || (before.kind === 'word' && !KEYWORDS.has(before.text)) || before.kind === 'meta'))
    return '';
  if (is(before, '-') && !isBinary(tokens, i - 1)) return is(token, '-') ? ' ' : '';
  return ' ';
}

/** Whether a token stands between two operands: a minus may be a sign. */
function isBinary(tokens: readonly Token[], i: number): boolean {
  if (tokens[i].kind !== 'op' && !KEYWORDS.has(tokens[i].text)) return false;
  if (i === 0) return false;
  const before = tokens[i - 1];
  if (before.kind === 'op') return before.text === ')' || before.text === ']';
  return before.kind !== 'word' || !OPERATOR_WORDS.has(before.text);
}

/** A token as it is written. Texts get double quotes where that needs no more escapes. */
function contentOf(token: Token): string {
  if (token.kind !== 'string' || token.value === undefined) return token.text;
  if (NOT_AS_IS.test(token.value)) return token.text;
  if (token.value.includes('"') && !/['\\\n\r\t]/.test(token.value)) return `'${token.value}'`;
  return quotedText(token.value);
}
