import type { SourceText, Span } from '../../diagnostics/diagnostic.js';
import { MAX_DEPTH } from '../../yaml/depth.js';
import type { YamlEntry, YamlNode, YamlScalar } from '../../yaml/node.js';

/** What is no JSON, and where. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads the JSON value in [start, end) of a text into the nodes that YAML is read into: numbers stay text, so none loses digits.
 *
 * @throws JsonSyntaxError at the first character that does not fit
 */
export function jsonNode(source: SourceText, start: number, end: number): YamlNode {
  const reader = new JsonReader(source, start, end);
  const node = reader.value(0);
  reader.expectEnd();
  return node;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const WORD = /true|false|null/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;

class JsonReader {
  constructor(
    private readonly source: SourceText,
    private at: number,
    private readonly end: number,
  ) {}

  value(depth: number): YamlNode {
    if (depth > MAX_DEPTH) throw new JsonSyntaxError(this.at, `this is nested deeper than ${MAX_DEPTH} levels`);
    this.skip();
    const start = this.at;
    switch (this.peek()) {
      case '{':
        return this.object(start, depth);
      case '[':
        return this.array(start, depth);
      case '"':
        return this.string();
      default: {
        const text = this.match(WORD) ?? this.match(NUMBER);
        if (text === null) throw new JsonSyntaxError(start, this.unexpected('a value'));
        return { kind: 'scalar', text, style: 'plain', span: this.span(start) };
      }
    }
  }

  expectEnd(): void {
    this.skip();
    if (this.at < this.end) throw new JsonSyntaxError(this.at, 'after the value nothing more was expected');
  }

  private object(start: number, depth: number): YamlNode {
    const entries: YamlEntry[] = [];
    this.list('}', () => {
      this.skip();
      if (this.peek() !== '"') throw new JsonSyntaxError(this.at, this.unexpected('a name in double quotes'));
      const { text: key, span: keySpan } = this.string();
      if (entries.some((entry) => entry.key === key)) throw new JsonSyntaxError(keySpan.start, `\`${key}\` is there twice`);
      this.skip();
      if (this.peek() !== ':') throw new JsonSyntaxError(this.at, this.unexpected('`:`'));
      this.at++;
      entries.push({ key, keySpan, value: this.value(depth + 1) });
    });
    return { kind: 'map', entries, flow: true, span: this.span(start) };
  }

  private array(start: number, depth: number): YamlNode {
    const items: YamlNode[] = [];
    this.list(']', () => items.push(this.value(depth + 1)));
    return { kind: 'seq', items, flow: true, span: this.span(start) };
  }

  /** From the opening bracket to `close`, with commas between. */
  private list(close: string, item: () => void): void {
    this.at++;
    this.skip();
    for (let first = true; this.peek() !== close; first = false) {
      if (!first) {
        if (this.peek() !== ',') throw new JsonSyntaxError(this.at, this.unexpected(`\`,\` or \`${close}\``));
        this.at++;
      }
      item();
      this.skip();
    }
    this.at++;
  }

  private string(): YamlScalar {
    const start = this.at;
    const text = this.match(STRING);
    if (text === null) throw new JsonSyntaxError(start, 'a closing quote is missing');
    try {
      return { kind: 'scalar', text: JSON.parse(text) as string, style: 'double', span: this.span(start) };
    } catch {
      throw new JsonSyntaxError(start, 'this text has a character that JSON wants escaped, or an escape that JSON does not know');
    }
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const text = pattern.exec(this.source.text)?.[0];
    if (text === undefined || this.at + text.length > this.end) return null;
    this.at += text.length;
    return text;
  }

  private peek(): string | undefined {
    return this.at < this.end ? this.source.text[this.at] : undefined;
  }

  private skip(): void {
    while (this.at < this.end && ' \t\r\n'.includes(this.source.text[this.at])) this.at++;
  }

  private unexpected(expected: string): string {
    const found = this.peek();
    return `${expected} was expected, ${found === undefined ? 'and the line ends' : `not \`${found}\``}`;
  }

  private span(start: number): Span {
    return { source: this.source, start, end: this.at };
  }
}
