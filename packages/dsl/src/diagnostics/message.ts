import type { Diagnostic, Severity, Span } from './diagnostic.js';

/** What a message says about one case. */
export interface MessageText {
  readonly span: Span;
  readonly message: string;
  readonly help?: string;
  readonly related?: Diagnostic['related'];
}

/** One message of the compiler: a function from the case to its diagnostic, with its stable code and a title for the list of codes. */
export type Message<A extends readonly unknown[]> = ((...args: A) => Diagnostic) & CodeInfo;

export interface CodeInfo {
  readonly code: string;
  readonly severity: Severity;
  /** What the code is about, in general: a line of the documentation. */
  readonly title: string;
}

/** Defines an error message. */
export function errorMessage<A extends readonly unknown[]>(code: string, title: string, build: (...args: A) => MessageText): Message<A> {
  return define('error', code, title, build);
}

/** Defines a warning message. */
export function warningMessage<A extends readonly unknown[]>(code: string, title: string, build: (...args: A) => MessageText): Message<A> {
  return define('warning', code, title, build);
}

/** Defines a piece of advice. */
export function adviceMessage<A extends readonly unknown[]>(code: string, title: string, build: (...args: A) => MessageText): Message<A> {
  return define('advice', code, title, build);
}

function define<A extends readonly unknown[]>(
  severity: Severity,
  code: string,
  title: string,
  build: (...args: A) => MessageText,
): Message<A> {
  return Object.assign((...args: A): Diagnostic => ({ code, severity, ...build(...args) }), { code, severity, title });
}

/** `a`, `a or b`, `a, b or c`: at most `limit` of them. */
export function listing(words: readonly string[], conjunction: 'and' | 'or' = 'or', limit = 12): string {
  if (words.length > limit) return `${words.slice(0, limit).join(', ')}, …`;
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words[words.length - 1]}`;
}

/** A name as messages write it. */
export function quote(name: string): string {
  return `\`${name}\``;
}
