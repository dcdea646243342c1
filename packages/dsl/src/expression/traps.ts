import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import type { Token } from './lexer.js';
import * as messages from './messages.js';

/** An operator of another language at the cursor. */
export interface ForeignOperator {
  /** The native operator that it is read as, so that the rest is still checked; null if there is none. */
  readonly native: string | null;
  readonly negated: boolean;
  /** In tokens. */
  readonly length: number;
  readonly problem: (span: Span) => Diagnostic;
  /** `is null` and `is not null`: there is no right side. */
  readonly isNull?: boolean;
}

/** Symbols of other languages with a native operator of the same meaning. */
const SYNONYMS: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '=': '==', '===': '==', '!==': '!=', '<>': '!=', '?:': '??' };
const WORD_SYNONYMS: Readonly<Record<string, string>> = { AND: 'and', OR: 'or', IN: 'in', And: 'and', Or: 'or', eq: '==', ne: '!=' };

/** The operator of another language that stands at `at`, if one does. */
export function foreignOperator(tokens: readonly Token[], at: number): ForeignOperator | null {
  const token = tokens[at];
  const word = (offset: number): string => (tokens[at + offset]?.kind === 'word' ? tokens[at + offset].text.toLowerCase() : '');
  const synonym = (table: Readonly<Record<string, string>>): ForeignOperator | null => {
    if (!Object.hasOwn(table, token.text)) return null;
    const native = table[token.text];
    return { native, negated: false, length: 1, problem: (span) => messages.foreignOperator(span, token.text, native) };
  };
  if (token.kind === 'op') {
    const none = messages.withoutNative(token.text);
    return synonym(SYNONYMS) ?? (none ? { native: null, negated: false, length: 1, problem: none } : null);
  }
  if (word(0) === 'is') {
    const not = word(1) === 'not';
    const isNull = word(not ? 2 : 1) === 'null';
    const native = not ? '!=' : '==';
    return {
      native,
      negated: false,
      length: isNull ? (not ? 3 : 2) : not ? 2 : 1,
      problem: (span) => messages.isNull(span, native),
      isNull,
    };
  }
  const negated = word(0) === 'not';
  const verb = word(negated ? 1 : 0);
  if (negated && verb === 'in')
    return { native: 'in', negated, length: 2, problem: (span) => messages.foreignOperator(span, 'NOT IN', 'not in') };
  if (verb === 'like' || verb === 'ilike' || verb === 'rlike') {
    const pattern = tokens[at + (negated ? 2 : 1)]?.value;
    return { native: null, negated, length: 1, problem: (span) => messages.like(span, pattern) };
  }
  if (verb === 'between') return { native: null, negated, length: 1, problem: messages.between };
  return synonym(WORD_SYNONYMS);
}

/** What to say of a construct of another language where an operand is expected: `case when`, `NOT x`, `timestamp '…'`. */
export function foreignPrefix(tokens: readonly Token[], at: number): ((span: Span) => Diagnostic) | null {
  const [token, next] = [tokens[at], tokens[at + 1]];
  if (token.kind !== 'word') return null;
  const lower = token.text.toLowerCase();
  const operandFollows = next.kind === 'word' || next.kind === 'string' || next.kind === 'integer';
  if (lower === 'case' && (next.kind === 'word' || next.kind === 'string')) return messages.caseWhen;
  if (lower === 'not' && token.text !== 'not' && (operandFollows || next.text === '('))
    return (span) => messages.foreignOperator(span, token.text, 'not');
  if (lower === 'interval' && operandFollows) return messages.interval;
  if ((lower === 'timestamp' || lower === 'date') && next.kind === 'string')
    return (span) => messages.typedLiteral(span, lower, next.value ?? '');
  if (lower === 'cast' && next.text === '(' && tokens.slice(at, at + 40).some((other) => other.text.toLowerCase() === 'as'))
    return messages.castAs;
  if (lower === 'if' && operandFollows) return messages.ifThen;
  return null;
}

/** What to say of a word or symbol that stands where the expression should go on or end. */
export function foreignWord(tokens: readonly Token[], at: number): ((span: Span) => Diagnostic) | null {
  const { kind, text } = tokens[at];
  if (text === ':' && at > 0 && tokens[at - 1].kind === 'integer') return messages.bareTime;
  if (kind === 'op') return messages.withoutNative(text);
  if (kind !== 'word') return null;
  const previous = at > 0 ? tokens[at - 1] : undefined;
  if (previous?.kind === 'word' && previous.text.toLowerCase() === 'distinct') return messages.distinctAlone;
  if (/^(contains|includes|has|startsWith|endsWith|matches)$/.test(text)) return (span) => messages.infixFunction(span, text);
  if (text === 'where' || text === 'over') return (span) => messages.afterCallOnly(span, text);
  if (text === 'as' || text === 'AS') return messages.asName;
  if (text === 'desc' || text === 'asc' || text === 'DESC' || text === 'ASC') return (span) => messages.orderWord(span, text);
  if (previous?.kind === 'integer' && /^(ms|s|m|h|d|sec|min|seconds?|minutes?|hours?|days?|millis(econds)?)$/i.test(text)) {
    return (span) => messages.spacedDuration(span, previous.text, text);
  }
  return null;
}
