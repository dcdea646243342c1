import { isAlias, isMap, isPair, isScalar, isSeq, type Document, type Node, type Scalar } from 'yaml';
import type { Diagnostic, SourceText, Span } from '../diagnostics/diagnostic.js';
import { MAX_DEPTH } from './depth.js';
import { yamlMessages } from './messages.js';
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from './node.js';
import { commentTrap, isBalanced, type Trap } from './traps.js';

const MAX_NODES = 100_000;

/** The nodes of a document, or the place where YAML split an expression inside a flow collection. */
export interface Converted {
  readonly root: YamlNode | null;
  readonly diagnostics: readonly Diagnostic[];
  /** The offset of a flow scalar whose quotes or parentheses do not close: its expression was split. */
  readonly split: number | null;
}

/** Turns the `yaml` library's document into our nodes: aliases and `<<` resolved, repaired expressions put back. */
export function convert(source: SourceText, document: Document.Parsed, repairs: ReadonlyMap<number, Trap>): Converted {
  const converter = new Converter(source, repairs);
  const contents = document.contents as Node | null;
  const root =
    contents === null || (isScalar(contents) && contents.source === '' && contents.type === 'PLAIN')
      ? null
      : converter.node(contents, 0, false);
  if (converter.size(root) > MAX_NODES) {
    converter.diagnostics.push(yamlMessages.tooLarge({ source, start: 0, end: 1 }, 'the aliases of this file expand to too much'));
    return { root: null, diagnostics: converter.diagnostics, split: null };
  }
  return { root, diagnostics: converter.diagnostics, split: converter.split };
}

class Converter {
  readonly diagnostics: Diagnostic[] = [];
  split: number | null = null;
  private readonly anchors = new Map<string, Node>();
  private readonly converted = new Map<Node, YamlNode>();
  private readonly sizes = new Map<YamlNode, number>();

  constructor(
    private readonly source: SourceText,
    private readonly repairs: ReadonlyMap<number, Trap>,
  ) {}

  /** How many nodes a tree has when aliases are counted each time. */
  size(node: YamlNode | null): number {
    if (node === null) return 0;
    const known = this.sizes.get(node);
    if (known !== undefined) return known;
    let total = 1;
    if (node.kind === 'map') for (const entry of node.entries) total += this.size(entry.value);
    if (node.kind === 'seq') for (const item of node.items) total += this.size(item);
    this.sizes.set(node, total);
    return total;
  }

  node(node: unknown, depth: number, flow: boolean, at = 0): YamlNode {
    if (depth > MAX_DEPTH) {
      const span = this.span(at, at + 1);
      if (depth === MAX_DEPTH + 1) this.diagnostics.push(yamlMessages.tooLarge(span, `this is nested deeper than ${MAX_DEPTH} levels`));
      return empty(span);
    }
    if (isAlias(node)) return this.alias(node.source, this.nodeSpan(node));
    if (isScalar(node)) return this.remember(node, this.scalar(node, flow));
    if (isMap(node)) return this.remember(node, this.map(node.items, node.flow === true, this.nodeSpan(node), depth));
    if (isSeq(node)) {
      const span = this.nodeSpan(node);
      const isFlow = node.flow === true;
      const items = node.items.map((item) =>
        isPair(item) ? this.map([item], isFlow, this.pairSpan(item, span), depth + 1) : this.node(item, depth + 1, isFlow, span.start),
      );
      return this.remember(node, { kind: 'seq', items, flow: isFlow, span });
    }
    return empty(this.span(at, at));
  }

  /** Anchors name a node once it is complete, so an alias inside its own anchor finds nothing. */
  private remember(node: Node, result: YamlNode): YamlNode {
    const anchor = 'anchor' in node ? node.anchor : undefined;
    if (typeof anchor === 'string') this.anchors.set(anchor, node);
    this.converted.set(node, result);
    return result;
  }

  private alias(name: string, span: Span): YamlNode {
    const target = this.anchors.get(name);
    const found = target === undefined ? undefined : this.converted.get(target);
    if (found !== undefined) return found;
    this.diagnostics.push(yamlMessages.unknownAnchor(span, name, [...this.anchors.keys()]));
    return { kind: 'scalar', text: '', style: 'broken', span };
  }

  private scalar(node: Scalar, flow: boolean): YamlScalar {
    const [start, end] = node.range ?? [0, 0];
    const repair = this.repairs.get(start);
    if (repair !== undefined) {
      const text = this.source.text.slice(repair.start, repair.end);
      return { kind: 'scalar', text, style: 'repaired', span: this.span(repair.start, repair.end) };
    }
    const text = typeof node.value === 'string' ? node.value : '';
    const style = styleOf(node);
    if (style === 'plain') {
      if (text === '') return empty(this.span(start, start));
      const trap = flow ? null : commentTrap(this.source, start, end);
      if (trap !== null) {
        this.diagnostics.push(trap.diagnostic);
        const whole = this.source.text.slice(trap.start, trap.end);
        return { kind: 'scalar', text: whole, style: 'repaired', span: this.span(trap.start, trap.end) };
      }
      if (flow && this.split === null && !isBalanced(text)) this.split = start;
    }
    // A block scalar's range goes on to the next line.
    return {
      kind: 'scalar',
      text,
      style,
      span: this.span(start, style === 'block' ? start + this.source.text.slice(start, end).trimEnd().length : end),
    };
  }

  private map(items: readonly unknown[], flow: boolean, span: Span, depth: number): YamlMap {
    const entries: YamlEntry[] = [];
    const merged: YamlEntry[] = [];
    const seen = new Map<string, Span>();
    for (const item of items) {
      if (!isPair(item)) continue;
      const keyNode: unknown = item.key;
      if (isMap(keyNode) || isSeq(keyNode) || isAlias(keyNode)) {
        this.diagnostics.push(yamlMessages.keyNotText(this.nodeSpan(keyNode)));
        continue;
      }
      const key = isScalar(keyNode) ? this.scalar(keyNode, flow) : empty(span);
      const value =
        item.value === null ? empty(this.span(key.span.end, key.span.end)) : this.node(item.value, depth + 1, flow, key.span.end);
      if (key.text === '<<' && key.style === 'plain') {
        merged.push(...this.merge(value, key.span));
        continue;
      }
      const first = seen.get(key.text);
      if (first !== undefined) {
        this.diagnostics.push(yamlMessages.duplicateKey(key.span, key.text, first));
        continue;
      }
      seen.set(key.text, key.span);
      entries.push({
        key: key.text,
        keySpan: key.span,
        value: value.kind === 'scalar' && value.style === 'empty' ? empty(key.span) : value,
      });
    }
    for (const entry of merged) {
      if (seen.has(entry.key)) continue;
      seen.set(entry.key, entry.keySpan);
      entries.push(entry);
    }
    return { kind: 'map', entries, flow, span };
  }

  private merge(value: YamlNode, span: Span): readonly YamlEntry[] {
    if (value.kind === 'map') return value.entries;
    if (value.kind === 'seq' && value.items.every((item) => item.kind === 'map')) return value.items.flatMap((item) => item.entries);
    this.diagnostics.push(yamlMessages.merge(span));
    return [];
  }

  private pairSpan(item: { readonly key: unknown; readonly value?: unknown }, fallback: Span): Span {
    const start = rangeOf(item.key)?.[0] ?? fallback.start;
    return this.span(start, rangeOf(item.value)?.[1] ?? rangeOf(item.key)?.[1] ?? start);
  }

  private nodeSpan(node: Node): Span {
    const range = rangeOf(node) ?? [0, 0];
    // A block collection's range goes on over blank lines and comments.
    const text = this.source.text.slice(range[0], range[1]);
    return this.span(range[0], range[0] + text.trimEnd().length);
  }

  private span(start: number, end: number): Span {
    const length = this.source.text.length;
    return { source: this.source, start: Math.min(start, length), end: Math.min(Math.max(start, end), length) };
  }
}

function rangeOf(node: unknown): readonly [number, number] | null {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
  return Array.isArray(range) ? [Number(range[0]), Number(range[1])] : null;
}

function empty(span: Span): YamlScalar {
  return { kind: 'scalar', text: '', style: 'empty', span };
}

function styleOf(node: Scalar): YamlScalar['style'] {
  switch (node.type) {
    case 'QUOTE_SINGLE':
      return 'single';
    case 'QUOTE_DOUBLE':
      return 'double';
    case 'BLOCK_FOLDED':
    case 'BLOCK_LITERAL':
      return 'block';
    default:
      return 'plain';
  }
}
