import type { Diagnostic, SourceText, Span } from '../diagnostics/diagnostic.js';

/**
 * YAML as the compiler reads it: every scalar is text, told apart only by how it was written. What a text means (a number, a duration, an
 * expression, the string `007`) is decided by whoever reads it, by the type that is wanted there.
 */
export type YamlNode = YamlScalar | YamlMap | YamlSeq;

export interface YamlScalar {
  readonly kind: 'scalar';
  /** The value, with quotes, escapes and folding undone. */
  readonly text: string;
  /**
   * `empty`: nothing was written. `repaired`: YAML broke the value apart; it was reported and put together again. `broken`: what it stands
   * for is unknown, and was reported. `built`: a text of a program; `span` is its literal, or else the call that gave it.
   */
  readonly style: 'plain' | 'single' | 'double' | 'block' | 'empty' | 'repaired' | 'broken' | 'built';
  readonly span: Span;
}

export interface YamlMap {
  readonly kind: 'map';
  readonly entries: readonly YamlEntry[];
  readonly flow: boolean;
  readonly span: Span;
}

export interface YamlEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: YamlNode;
}

export interface YamlSeq {
  readonly kind: 'seq';
  readonly items: readonly YamlNode[];
  readonly flow: boolean;
  readonly span: Span;
}

/** A parsed text. `root` is null when it is empty or too broken to go on with. */
export interface YamlFile {
  readonly source: SourceText;
  readonly root: YamlNode | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** The entry of a key, or null. */
export function entryOf(node: YamlNode | null | undefined, key: string): YamlEntry | null {
  if (node?.kind !== 'map') return null;
  return node.entries.find((entry) => entry.key === key) ?? null;
}

/** The value of a key, or null. */
export function valueOf(node: YamlNode | null | undefined, key: string): YamlNode | null {
  return entryOf(node, key)?.value ?? null;
}

/** Whether the node is nothing, or the plain word null. */
export function isNull(node: YamlNode): boolean {
  return (
    node.kind === 'scalar' &&
    (node.style === 'empty' || node.style === 'broken' || (node.style === 'plain' && /^(null|Null|NULL|~)$/.test(node.text)))
  );
}

/** The text of a scalar that holds something; null for maps, lists and nulls. */
export function textOf(node: YamlNode | null | undefined): string | null {
  return node?.kind !== 'scalar' || isNull(node) ? null : node.text;
}

/** What a node is, for messages. */
export function describe(node: YamlNode): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'seq') return 'a list';
  return isNull(node) ? 'nothing' : 'a single value';
}
