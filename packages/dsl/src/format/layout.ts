/** A YAML text as the formatter has it: values with how they were written, comments and blank lines at what they belong to. */
import { isAlias, isMap, isPair, isScalar, isSeq, Lexer, parseDocument, type Node, type Pair, type Scalar } from 'yaml';
import type { SourceText, Span } from '../diagnostics/diagnostic.js';
import type { Reads } from './expression-text.js';

export type LayoutNode = LayoutScalar | LayoutAlias | LayoutMap | LayoutSeq;

interface LayoutBase {
  readonly anchor: string | null;
  /** The comment behind the value, with its `#`. */
  readonly after: string | null;
}

export interface LayoutScalar extends LayoutBase {
  readonly kind: 'scalar';
  readonly text: string;
  readonly style: 'plain' | 'quoted' | 'literal' | 'folded' | 'empty';
  readonly span: Span;
  /** Set where the language reads an expression. */
  readonly reads: Reads | null;
}

interface LayoutAlias extends LayoutBase {
  readonly kind: 'alias';
  readonly name: string;
}

export interface LayoutMap extends LayoutBase {
  readonly kind: 'map';
  readonly flow: boolean;
  readonly entries: readonly LayoutEntry[];
  /** Comment lines behind the last entry. */
  readonly end: readonly string[];
}

export interface LayoutSeq extends LayoutBase {
  readonly kind: 'seq';
  readonly flow: boolean;
  readonly items: readonly LayoutItem[];
  readonly end: readonly string[];
}

export interface LayoutItem {
  /** Comment lines, with their `#`, and blank lines in front. */
  readonly before: readonly string[];
  readonly value: LayoutNode;
}

export interface LayoutEntry extends LayoutItem {
  readonly key: LayoutScalar;
}

export interface LayoutFile {
  readonly before: readonly string[];
  readonly root: LayoutNode | null;
  readonly end: readonly string[];
}

/** Reads a text that is YAML without errors. */
export function layoutOf(source: SourceText): LayoutFile {
  const document = parseDocument(source.text, { schema: 'failsafe', logLevel: 'error' });
  const contents = document.contents as Node | null;
  const reader = new LayoutReader(source);
  const nothing = contents === null || (isScalar(contents) && contents.source === '' && contents.type === 'PLAIN');
  const root = nothing ? null : reader.item(contents);
  const before = [...linesOf(document.commentBefore), ...(document.commentBefore && root !== null ? [''] : []), ...(root?.before ?? [])];
  const value = root?.value ?? null;
  const end = linesOf(document.comment);
  if (value?.kind !== 'map' || value.flow || value.entries.length === 0) return { before, root: value, end };
  // What the file begins with stays there, whichever key comes first.
  const [first, ...others] = value.entries;
  return { before: [...before, ...first.before], root: { ...value, entries: [{ ...first, before: [] }, ...others] }, end };
}

/** The comments of a text with their places. */
export function commentsOf(text: string): readonly { readonly at: number; readonly text: string }[] {
  const comments: { at: number; text: string }[] = [];
  let at = 0;
  let before = '';
  for (const lexeme of new Lexer().lex(text)) {
    // Of scalars a mark says that the next lexeme is one; marks are not part of the text.
    const isMark = ['\u0002', '\u0018', '\u001f'].includes(lexeme);
    if (lexeme.startsWith('#') && before !== '\u001f') comments.push({ at, text: lexeme.trimEnd() });
    if (!isMark) at += lexeme.length;
    before = lexeme;
  }
  return comments;
}

class LayoutReader {
  private readonly comments: readonly { readonly at: number }[];

  constructor(private readonly source: SourceText) {
    this.comments = commentsOf(source.text);
  }

  /** A node and what stands in front of it. */
  item(node: Node): LayoutItem {
    return { before: this.before(node), value: this.node(node) };
  }

  private node(node: Node): LayoutNode {
    if (isAlias(node)) return { kind: 'alias', name: node.source, anchor: null, after: linesOf(node.comment)[0] ?? null };
    if (isScalar(node)) return this.scalar(node);
    if (isMap(node)) {
      const { flow, ...rest } = this.collection(node);
      return { kind: 'map', entries: node.items.map((pair) => this.entry(pair as Pair<Node, Node | null>)), flow, ...rest };
    }
    if (isSeq(node)) {
      const { flow, ...rest } = this.collection(node);
      const items = node.items.map((item): LayoutItem => {
        if (!isPair(item)) return this.item(item as Node);
        const entry = this.entry(item as Pair<Node, Node | null>);
        return { before: [], value: { kind: 'map', flow: true, entries: [entry], end: [], anchor: null, after: null } };
      });
      return { kind: 'seq', items, flow, ...rest };
    }
    return this.nothing();
  }

  /** A comment in a flow collection needs lines, so that it is written as a block. */
  private collection(node: Node & { readonly flow?: boolean; readonly anchor?: string }) {
    const [start, end] = node.range ?? [0, 0];
    const inside = this.comments.some(({ at }) => at >= start && at < end);
    const flow = node.flow === true && !inside;
    const comment = linesOf(node.comment);
    return { flow, anchor: node.anchor ?? null, after: flow ? (comment[0] ?? null) : null, end: flow ? [] : comment };
  }

  private entry(pair: Pair<Node, Node | null>): LayoutEntry {
    const key = isScalar(pair.key) ? this.scalar(pair.key) : this.nothing();
    const value = pair.value === null ? this.nothing() : this.node(pair.value);
    const inside = pair.value === null ? [] : this.before(pair.value);
    const before = this.before(pair.key);
    const first = value.kind === 'map' ? value.entries : value.kind === 'seq' ? value.items : [];
    if (inside.length === 0 || first.length === 0 || ('flow' in value && value.flow)) {
      return { key: { ...key, after: null }, before: [...before, ...comments(linesOf(key.after), inside)], value };
    }
    return { key, before, value: inFront(value, inside) };
  }

  private before(node: Node): readonly string[] {
    return [...(node.spaceBefore === true ? [''] : []), ...linesOf(node.commentBefore)];
  }

  private scalar(node: Scalar): LayoutScalar {
    const [start, end] = node.range ?? [0, 0];
    const text = typeof node.value === 'string' ? node.value : '';
    return {
      kind: 'scalar',
      text,
      style: text === '' && node.type === 'PLAIN' ? 'empty' : STYLES[node.type as keyof typeof STYLES],
      span: { source: this.source, start, end },
      reads: null,
      anchor: node.anchor ?? null,
      after: linesOf(node.comment)[0] ?? null,
    };
  }

  private nothing(): LayoutScalar {
    const span = { source: this.source, start: 0, end: 0 };
    return { kind: 'scalar', text: '', style: 'empty', span, reads: null, anchor: null, after: null };
  }
}

const STYLES = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'quoted',
  QUOTE_DOUBLE: 'quoted',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
} as const;

/** Lines in front of the first child of a block. */
function inFront(node: LayoutNode, lines: readonly string[]): LayoutNode {
  const put = <Item extends LayoutItem>([first, ...others]: readonly Item[]): Item[] => [
    { ...first, before: [...lines, ...first.before] },
    ...others,
  ];
  if (node.kind === 'map') return { ...node, entries: put(node.entries) };
  return node.kind === 'seq' ? { ...node, items: put(node.items) } : node;
}

function comments(...lines: readonly (readonly string[])[]): string[] {
  return lines.flat().filter((line) => line !== '');
}

/** The lines of a comment as the library has them, with their `#`. */
function linesOf(comment: string | null | undefined): readonly string[] {
  if (comment === null || comment === undefined || comment === '') return [];
  return comment.split('\n').map((line) => (line === '' ? '' : `#${line}`.trimEnd()));
}
