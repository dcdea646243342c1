import type { SourceText, Span } from '../diagnostics/diagnostic.js';

/**
 * What a program has written at a call, as far as it is written out: objects, lists and texts, with their places. The rest is `code`.
 * Values come from running the program; this only says where they stand in it, so a wrong guess costs a worse place, no more.
 */
export interface Literal {
  readonly kind: 'map' | 'list' | 'text' | 'code';
  readonly span: Span;
  /** Of a map: by key, the first of its name. */
  readonly entries?: ReadonlyMap<string, { readonly keySpan: Span; readonly value: Literal }>;
  readonly items?: readonly Literal[];
}

/** The arguments of the call whose name ends at an offset; none where that is no call. */
export function readArguments(source: SourceText, end: number): readonly Literal[] {
  const reader = new LiteralReader(source, end);
  return reader.callArguments();
}

/** The only place in a program where a text stands between quotes; null where there is none or more than one. */
export function findText(source: SourceText, text: string): Span | null {
  const places: Span[] = [];
  for (const quote of ["'", '"', '`']) {
    const written = `${quote}${text}${quote}`;
    for (let at = source.text.indexOf(written); at !== -1; at = source.text.indexOf(written, at + 1))
      places.push({ source, start: at, end: at + written.length });
  }
  return places.length === 1 ? places[0] : null;
}

const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const NAME = /[A-Za-z_$][\w$]*|\d+/y;

class LiteralReader {
  constructor(
    private readonly source: SourceText,
    private at: number,
  ) {}

  callArguments(): readonly Literal[] {
    this.skipSpace();
    if (this.peek() === '<') this.skipTypeArguments();
    if (this.peek() !== '(') return [];
    this.at++;
    return this.items(')');
  }

  private items(close: string): Literal[] {
    const found: Literal[] = [];
    for (;;) {
      this.skipSpace();
      if (this.atEnd() || this.peek() === close) break;
      const before = this.at;
      found.push(this.value());
      this.skipSpace();
      if (this.peek() === ',') this.at++;
      if (this.at === before) break;
    }
    this.at++;
    return found;
  }

  private value(): Literal {
    const start = this.at;
    const first = this.peek();
    const literal = first === '{' ? this.map() : first === '[' ? this.list() : isQuote(first) ? this.text() : null;
    this.skipSpace();
    if (literal !== null && (this.atEnd() || ',)]}'.includes(this.peek()))) return literal;
    // Part of something larger: `a + 'b'`, `{}.x`, a call.
    this.skipCode();
    return { kind: 'code', span: this.span(start, this.at) };
  }

  private map(): Literal {
    const start = this.at++;
    const entries = new Map<string, { keySpan: Span; value: Literal }>();
    for (;;) {
      this.skipSpace();
      if (this.atEnd() || this.peek() === '}') break;
      const before = this.at;
      this.entry(entries);
      this.skipSpace();
      if (this.peek() === ',') this.at++;
      if (this.at === before) break;
    }
    this.at++;
    return { kind: 'map', span: this.span(start, this.at), entries };
  }

  private entry(entries: Map<string, { keySpan: Span; value: Literal }>): void {
    const start = this.at;
    const key = this.key();
    const keySpan = this.span(start, this.at);
    this.skipSpace();
    if (key !== null && this.peek() === ':') {
      this.at++;
      this.skipSpace();
      const value = this.value();
      if (!entries.has(key)) entries.set(key, { keySpan, value });
      return;
    }
    // Shorthand, spread, a method, a computed key.
    this.skipCode();
    if (key !== null && !entries.has(key)) entries.set(key, { keySpan, value: { kind: 'code', span: keySpan } });
  }

  private key(): string | null {
    if (isQuote(this.peek())) {
      const { span } = this.text();
      return this.source.text.slice(span.start + 1, span.end - 1);
    }
    NAME.lastIndex = this.at;
    const match = NAME.exec(this.source.text);
    if (match === null) return null;
    this.at += match[0].length;
    return match[0];
  }

  private list(): Literal {
    const start = this.at++;
    const items = this.items(']');
    return { kind: 'list', span: this.span(start, this.at), items };
  }

  private text(): Literal {
    const start = this.at;
    const computed = this.skipText();
    return { kind: computed ? 'code' : 'text', span: this.span(start, this.at) };
  }

  /** Passes a text; whether it holds `${…}`. */
  private skipText(): boolean {
    const quote = this.peek();
    let computed = false;
    for (this.at++; !this.atEnd() && this.peek() !== quote; this.at++) {
      if (this.peek() === '\\') this.at++;
      else if (quote === '`' && this.source.text.startsWith('${', this.at)) {
        computed = true;
        this.at++;
        this.skipBrackets();
        this.at--;
      }
    }
    this.at++;
    return computed;
  }

  /** Passes code up to the comma or bracket that ends it. */
  private skipCode(): void {
    while (!this.atEnd()) {
      this.skipSpace();
      const character = this.peek();
      if (',)]}'.includes(character)) return;
      if (isQuote(character)) this.skipText();
      else if (character in CLOSES) this.skipBrackets();
      else this.at++;
    }
  }

  private skipBrackets(): void {
    const close = CLOSES[this.peek()];
    this.at++;
    while (!this.atEnd() && this.peek() !== close) {
      this.skipSpace();
      const character = this.peek();
      if (character === close) break;
      if (isQuote(character)) this.skipText();
      else if (character in CLOSES) this.skipBrackets();
      else this.at++;
    }
    this.at++;
  }

  private skipTypeArguments(): void {
    const open = this.source.text.indexOf('(', this.at);
    if (open !== -1) this.at = open;
  }

  private skipSpace(): void {
    const space = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
    space.lastIndex = this.at;
    this.at += space.exec(this.source.text)?.[0].length ?? 0;
  }

  private peek(): string {
    return this.source.text.charAt(this.at);
  }

  private atEnd(): boolean {
    return this.at >= this.source.text.length;
  }

  private span(start: number, end: number): Span {
    const { length } = this.source.text;
    return { source: this.source, start: Math.min(start, length), end: Math.min(end, length) };
  }
}

function isQuote(character: string): boolean {
  return character === "'" || character === '"' || character === '`';
}
