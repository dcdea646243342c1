import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import { parseDuration } from '../expression/duration.js';
import { hasVariables, resolveVariables, type Environment } from './env.js';
import { yamlMessages } from './messages.js';
import { entryOf, isNull, type YamlEntry, type YamlNode } from './node.js';

/** A value with its place. */
export interface Spanned<T> {
  readonly value: T;
  readonly span: Span;
}

/** Reads settings (texts, numbers, durations) out of nodes whose structure was checked: what does not fit is null without a word. */
export class SettingsReader {
  constructor(
    readonly env: Environment,
    readonly report: (diagnostic: Diagnostic) => void,
  ) {}

  /** The text of a setting with its variables resolved. */
  text(node: YamlNode | null): Spanned<string> | null {
    if (node?.kind !== 'scalar' || isNull(node)) return null;
    const value = hasVariables(node.text) ? resolveVariables(node.text, this.env, node.span, this.report) : node.text;
    return value === null ? null : { value, span: node.span };
  }

  /** The setting under a key of a map. */
  textAt(node: YamlNode | null, key: string): Spanned<string> | null {
    return this.text(entryOf(node, key)?.value ?? null);
  }

  /** One of a few words. */
  wordAt<W extends string>(node: YamlNode | null, key: string, words: readonly W[]): W | null {
    const text = this.textAt(node, key);
    return words.find((word) => word === text?.value) ?? null;
  }

  integerAt(node: YamlNode | null, key: string): number | null {
    const text = this.textAt(node, key);
    return text !== null && /^-?\d{1,15}$/.test(text.value) ? Number(text.value) : null;
  }

  /** Milliseconds; reports what is no duration. */
  durationAt(node: YamlNode | null, key: string): Spanned<number> | null {
    const entry = entryOf(node, key);
    return entry === null ? null : this.duration(entry);
  }

  duration(entry: YamlEntry): Spanned<number> | null {
    const text = this.text(entry.value);
    if (text === null) return null;
    const value = parseDuration(text.value);
    if (value !== null) return { value, span: text.span };
    const written = entry.value.kind === 'scalar' ? entry.value.text : '';
    this.report(yamlMessages.badDuration(text.span, `\`${entry.key}\``, written));
    return null;
  }
}
