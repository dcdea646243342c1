import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import { errorMessage } from '../diagnostics/message.js';

/*
 * What is said of an expression's form (RTA10xx): one function per message. What is said of names and types is in `messages-types.ts`.
 * Codes are stable: the number of a message that goes stays unused.
 */

// ---- Words and numbers ----

export const emptyExpression = errorMessage('RTA1001', 'an expression is missing', (span: Span) => ({
  span,
  message: 'an expression is missing here',
}));

export const unexpectedCharacter = errorMessage('RTA1002', 'a character that means nothing', (span: Span, character: string) => ({
  span,
  message: `\`${character}\` means nothing in an expression`,
  help: '“”„‘’«»'.includes(character)
    ? 'texts take straight quotes: "…"'
    : character === '`'
      ? 'column names take no quotes, texts take "…"'
      : 'only letters, digits and `_` may be in a name; other texts take quotes',
}));

export const malformedNumber = errorMessage('RTA1003', 'neither a number nor a duration', (span: Span, text: string) => ({
  span,
  message: `\`${text}\` is neither a number nor a duration`,
  help: /^\d+\.\d+(d|h|m|s|ms)$/.test(text)
    ? 'a duration has whole numbers: `1h30m` rather than `1.5h`'
    : /^0[xXbBoO]/.test(text)
      ? 'numbers are decimal'
      : /^[\d_]+$/.test(text)
        ? `digits stand without separators: \`${text.replaceAll('_', '')}\``
        : 'durations look like `90s`, `5m`, `1h30m`, `10ms` or `1d`, with the greater unit first; a name begins with a letter',
}));

export const unknownEscape = errorMessage('RTA1004', 'an unknown escape in a text', (span: Span, character: string) => ({
  span,
  message: `\`\\${character}\` is no escape`,
  help: `a backslash itself is written twice: "\\\\${character}"`,
}));

export const unterminatedString = errorMessage('RTA1005', 'a text without its closing quote', (span: Span, quote: string) => ({
  span,
  message: `the text that begins here has no closing ${quote}`,
}));

// ---- Structure ----

const WANTED: Readonly<Record<string, string>> = {
  operand: 'a value',
  end: 'an operator or the end of the expression',
  field: 'the name of a field',
};

function wantedText(wanted: string): string {
  return WANTED[wanted] ?? `\`${wanted}\``;
}

export const unexpectedEnd = errorMessage('RTA1006', 'an expression that is not complete', (span: Span, wanted: string) => ({
  span,
  message: `the expression ends where ${wantedText(wanted)} is expected`,
}));

export const unexpectedToken = errorMessage(
  'RTA1007',
  'something else was expected',
  (span: Span, text: string, wanted: string, reserved: boolean) => ({
    span,
    message: `expected ${wantedText(wanted)}, found \`${text}\``,
    help: reserved && wanted !== 'end' ? `\`${text}\` is a word of the language and cannot be a column's name` : undefined,
  }),
);

export const tooDeep = errorMessage('RTA1008', 'an expression that nests too deep', (span: Span, limit: number) => ({
  span,
  message: `the expression nests deeper than ${limit} levels`,
  help: 'split it over several `derive` steps; a long chain of `or` may be `x in [a, b, …]`',
}));

export const chainedComparison = errorMessage('RTA1009', 'comparisons in a chain', (span: Span) => ({
  span,
  message: 'comparisons do not chain',
  help: 'join two with `and`: `a < b and b < c`',
}));

export const listExpected = errorMessage('RTA1010', '`in` without a list', (span: Span) => ({
  span,
  message: '`in` takes a list, an array or a map',
  help: 'for example `state in ["or", "id"]`, `"new" in tags`',
}));

export const listInParentheses = errorMessage('RTA1011', 'a list in parentheses', (span: Span) => ({
  span,
  message: 'a list stands in square brackets',
  help: 'for example `state in ["or", "id"]`',
}));

export const emptyList = errorMessage('RTA1012', 'an empty list', (span: Span) => ({
  span,
  message: 'the list is empty, so nothing is in it',
  help: 'name at least one value',
}));

export const oneIndex = errorMessage('RTA1013', 'an index of several values', (span: Span) => ({
  span,
  message: 'an index is one value',
  help: 'for an array of arrays: `x[0][1]`',
}));

export const tuple = errorMessage('RTA1014', 'several expressions in parentheses', (span: Span) => ({
  span,
  message: 'parentheses hold one expression',
  help: 'a function has its name in front: `greatest(a, b)`; a list stands in `[ ]` after `in`',
}));

export const methodCall = errorMessage('RTA1015', 'a method call', (span: Span, name: string) => ({
  span,
  message: 'values have no methods',
  help: `functions take the value as their argument: \`${name}(x)\``,
}));

export const overForm = errorMessage('RTA1016', 'a malformed `over`', (span: Span) => ({
  span,
  message: '`over` takes a duration or a number of rows',
  help: 'for example `over 10s`, `over 3 rows`, `over previous 30 rows`',
}));

export const afterCallOnly = errorMessage('RTA1017', '`where` or `over` without its aggregate', (span: Span, word: string) => ({
  span,
  message: `\`${word}\` stands only behind an aggregate`,
  help:
    word === 'where' ? 'for example `count() where price > 100`; rows are chosen by a `filter` step' : 'for example `avg(score) over 10s`',
}));

export const asName = errorMessage('RTA1018', '`as` in an expression', (span: Span) => ({
  span,
  message: 'there is no `as` here',
  help: 'the new name stands in front: `total: sum(score)`',
}));

export const orderWord = errorMessage('RTA1019', '`asc` or `desc` in an expression', (span: Span, word: string) => ({
  span,
  message: `\`${word}\` is no part of an expression`,
  help: 'orders are written in `by`: `by: [score desc]`',
}));

export const spacedDuration = errorMessage('RTA1020', 'a duration with a space', (span: Span, number: string, unit: string) => ({
  span,
  message: 'a duration is written without a space',
  help: `use \`${number}${/^mi?ll|^ms/i.test(unit) ? 'ms' : unit[0].toLowerCase()}\``,
}));

export const emptyArray = errorMessage('RTA1021', 'an array without items', (span: Span) => ({
  span,
  message: 'an array without items has no type',
  help: 'name at least one item',
}));

// ---- Words and symbols of other languages ----

export const foreignOperator = errorMessage('RTA1050', 'an operator of another language', (span: Span, found: string, native: string) => ({
  span,
  message: `\`${found}\` is written \`${native}\` here`,
  help: found === '||' ? 'use `or`; texts are joined by `concat(a, b)`' : `use \`${native}\``,
}));

export const bang = errorMessage('RTA1051', '`!` for `not`', (span: Span) => ({
  span,
  message: '`!` is written `not` here',
  help: 'use `not x` (YAML would take a leading `!` for a tag)',
}));

export const isNull = errorMessage('RTA1052', '`is null`', (span: Span, native: string) => ({
  span,
  message: `\`is${native === '!=' ? ' not' : ''}\` is written \`${native}\` here`,
  help: `use \`${native} null\`: \`==\` and \`!=\` are null-safe`,
}));

const ternary = errorMessage('RTA1053', '`? :`', (span: Span) => ({
  span,
  message: 'there is no `? :`',
  help: 'use `if(condition, a, b)`, or `a ?? b` to replace a null',
}));

export const caseWhen = errorMessage('RTA1054', '`case when`', (span: Span) => ({
  span,
  message: 'there is no `case when`',
  help: 'use `if(condition, value, condition, value, otherwise)`',
}));

/** `pattern` is the text behind `like`, if it is a literal. */
export const like = errorMessage('RTA1055', '`like`', (span: Span, pattern: string | undefined) => {
  const text = JSON.stringify((pattern ?? '…').replaceAll('%', ''));
  const names = ['startsWith', 'contains', 'endsWith'];
  const fitting = pattern === undefined ? -1 : !pattern.startsWith('%') ? 0 : pattern.length > 1 && pattern.endsWith('%') ? 1 : 2;
  const uses = (fitting < 0 ? names : [names[fitting]]).map((name) => `\`${name}(x, ${text})\``);
  return { span, message: 'there is no `like`', help: `use ${uses.join(' or ')}` };
});

export const between = errorMessage('RTA1056', '`between`', (span: Span) => ({
  span,
  message: 'there is no `between`',
  help: 'use `x >= a and x <= b`',
}));

export const countStar = errorMessage('RTA1057', '`count(*)`', (span: Span, name: string) => ({
  span,
  message: '`*` is no argument',
  help: `rows are counted by \`${name.toLowerCase()}()\``,
}));

export const interval = errorMessage('RTA1058', '`interval`', (span: Span) => ({
  span,
  message: 'a duration has no `interval` in front',
  help: 'durations look like `90s`, `5m`, `1h30m`, `10ms` or `1d`',
}));

export const typedLiteral = errorMessage('RTA1059', 'a type in front of a text', (span: Span, type: string, text: string) => ({
  span,
  message: `\`${type}\` is a function`,
  help: `use \`${type}(${JSON.stringify(text)})\``,
}));

export const castAs = errorMessage('RTA1060', '`cast(x as type)`', (span: Span) => ({
  span,
  message: 'there is no `cast(x as type)`',
  help: 'types are functions: `int(x)`, `long(x)`, `double(x)`, `string(x)`, `timestamp(x)`',
}));

export const infixFunction = errorMessage('RTA1063', 'a function between its arguments', (span: Span, name: string) => ({
  span,
  message: `\`${name}\` does not stand between its arguments`,
  help:
    name === 'contains' || name === 'includes' || name === 'has'
      ? 'use `contains(x, part)`, or `item in array`'
      : `use \`${name}(text, ${name === 'matches' ? 'pattern' : 'part'})\``,
}));

export const distinctAlone = errorMessage('RTA1064', '`distinct` outside of an aggregate', (span: Span) => ({
  span,
  message: '`distinct` stands in the call of an aggregate',
  help: 'different values are counted by `count(distinct x)`; a step that keeps one row of each is `groupBy` with `dedupe`',
}));

export const bareTime = errorMessage('RTA1065', 'a time without quotes', (span: Span) => ({
  span,
  message: 'a time is a text in quotes, made a timestamp',
  help: 'write `timestamp("2026-01-31T12:00:10Z")`; the parts of a time are `hour(x)`, `minute(x)`',
}));

export const ifThen = errorMessage('RTA1061', '`if … then`', (span: Span) => ({
  span,
  message: '`if` is a function',
  help: 'use `if(condition, a, b)`',
}));

/** Symbols without a native operator, and what to write instead. */
const NO_NATIVE: Readonly<Record<string, string>> = {
  '?.': 'null propagates by itself: `a.b` is null where `a` is',
  '**': 'use `pow(x, y)`',
  '^': 'use `pow(x, y)`',
  '//': 'integer division is `div(a, b)`',
  '::': 'types are functions: `int(x)`, `string(x)`, `timestamp(x)`',
  '->': 'a field is `a.b`',
  '=>': '"greater or equal" is `>=`',
  '=~': 'use `matches(text, pattern)`',
  '!~': 'use `matches(text, pattern)`',
  '&': 'use `and`',
  '|': 'use `or`',
  ';': 'an expression stands without `;`',
  '{': 'an expression makes no records or maps',
};

const noSuchSymbol = errorMessage('RTA1062', 'a symbol of another language', (span: Span, symbol: string) => ({
  span,
  message: `there is no \`${symbol}\``,
  help: NO_NATIVE[symbol],
}));

/** The message for a symbol that no operator of the language stands for, or null if it is not such a symbol. */
export function withoutNative(symbol: string): ((span: Span) => Diagnostic) | null {
  if (symbol === '?') return ternary;
  return Object.hasOwn(NO_NATIVE, symbol) ? (span) => noSuchSymbol(span, symbol) : null;
}
