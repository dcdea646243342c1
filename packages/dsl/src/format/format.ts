import type { Diagnostic, SourceText, Span } from '../diagnostics/diagnostic.js';
import { inOrder } from '../diagnostics/render.js';
import type { OperatorSpec } from '../check/operator-spec.js';
import { yamlMessages } from '../yaml/messages.js';
import { isNull, type YamlNode } from '../yaml/node.js';
import { parseYaml } from '../yaml/parse.js';
import { arrange } from './arrange.js';
import { sameExpression } from './expression-text.js';
import { commentsOf, layoutOf } from './layout.js';
import { writeLayout } from './write.js';

/** A formatted text, or why there is none. */
export interface FormatResult {
  /** Null where the text is not YAML, or holds an expression that is none. */
  readonly text: string | null;
  /** Errors only, in the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Formats a pipeline file or an `rta.yaml`: keys in the order of the grammar, expressions with one space around their operators, long lines
 * in blocks. Comments are kept, and the order of what people order. Formatting a formatted text changes nothing.
 */
export function formatFile(file: SourceText, operators: readonly OperatorSpec[]): FormatResult {
  const { root, diagnostics: syntax } = parseYaml(file);
  const errors = syntax.filter(({ severity, code }) => severity === 'error' && code !== yamlMessages.empty.code);
  if (errors.length > 0) return { text: null, diagnostics: inOrder(errors) };
  const source = { path: file.path, text: file.text.replaceAll('\r\n', '\n') };
  const layout = arrange(layoutOf(file), operators, (diagnostic) => errors.push(diagnostic));
  if (errors.length > 0) return { text: null, diagnostics: inOrder(errors) };
  const text = writeLayout(layout);
  if (text === source.text) return { text, diagnostics: [] };
  const lost = whatIsLost(file, root, text);
  return lost === null ? { text, diagnostics: [] } : { text: null, diagnostics: [yamlMessages.notFormatted(lost)] };
}

/** A file that would not be the same afterwards is left alone: the first place that differs. */
function whatIsLost(file: SourceText, root: YamlNode | null, text: string): Span | null {
  const after = parseYaml({ path: file.path, text }).root;
  const whole: Span = { source: file, start: 0, end: Math.min(1, file.text.length) };
  const left = commentsOf(text).map((comment) => comment.text);
  for (const { at, text: comment } of commentsOf(file.text)) {
    const index = left.indexOf(comment);
    if (index < 0) return { source: file, start: at, end: at + comment.length };
    left.splice(index, 1);
  }
  return root === null || after === null ? (root === after ? null : whole) : differsAt(root, after);
}

/** Where a tree is not as another one, the order of keys and how expressions are spaced aside. */
function differsAt(a: YamlNode, b: YamlNode): Span | null {
  if (a.kind === 'map' && b.kind === 'map' && a.entries.length === b.entries.length) {
    const others = new Map(b.entries.map((entry) => [entry.key, entry.value]));
    for (const { key, keySpan, value } of a.entries) {
      const other = others.get(key);
      const at = other === undefined ? keySpan : differsAt(value, other);
      if (at !== null) return at;
    }
    return null;
  }
  if (a.kind === 'seq' && b.kind === 'seq' && a.items.length === b.items.length) {
    for (const [i, item] of a.items.entries()) {
      const at = differsAt(item, b.items[i]);
      if (at !== null) return at;
    }
    return null;
  }
  if (a.kind !== 'scalar' || b.kind !== 'scalar' || isNull(a) !== isNull(b)) return a.span;
  const same = a.text === b.text && (a.style === 'plain') === (b.style === 'plain');
  return same || sameExpression(a.text, b.text) ? null : a.span;
}
