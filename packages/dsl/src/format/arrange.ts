/** What the language says of a layout: the order of keys, and which texts are expressions. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { PIPELINE } from '../ast/pipeline-schema.js';
import { MODIFIERS } from '../ast/shapes.js';
import type { OperatorSpec } from '../check/operator-spec.js';
import { PROJECT } from '../project/project-schema.js';
import { exprSource } from '../yaml/expr-source.js';
import type { YamlScalar } from '../yaml/node.js';
import type { JsonSchema } from '../yaml/schema.js';
import { expressionErrors, expressionText, type Reads } from './expression-text.js';
import type { LayoutEntry, LayoutFile, LayoutNode, LayoutScalar } from './layout.js';

/** Modifiers that stand in front of the verb; the others stand behind it. */
const IN_FRONT = ['groupBy', 'window'];

/** Sorts keys as the grammar has them and writes expressions anew; those that are none are reported. */
export function arrange(file: LayoutFile, operators: readonly OperatorSpec[], report: (diagnostic: Diagnostic) => void): LayoutFile {
  if (file.root?.kind !== 'map') return file;
  const keys = file.root.entries.map(({ key }) => key.text);
  const schema = keys.some((key) => PIPELINE_ONLY.has(key)) ? PIPELINE : PROJECT;
  const arranger = new Arranger(operators, !hasAnchors(file.root), report);
  return { ...file, root: arranger.node(file.root, schema) };
}

const PIPELINE_ONLY = new Set(
  Object.keys(PIPELINE.properties as object).filter((key) => !Object.hasOwn(PROJECT.properties as object, key)),
);
PIPELINE_ONLY.add('pipeline');

class Arranger {
  constructor(
    private readonly operators: readonly OperatorSpec[],
    /** An alias stands behind its anchor, so where there are any, keys stay where they are. */
    private readonly sorts: boolean,
    private readonly report: (diagnostic: Diagnostic) => void,
  ) {}

  node(node: LayoutNode, schema: JsonSchema | null): LayoutNode {
    const reads = schema?.['x-reads'];
    if (node.kind === 'scalar') return reads === 'expression' || reads === 'order' ? this.expression(node, reads) : node;
    if (node.kind === 'seq') {
      const items = reads === 'columns' ? schema : asSchema(schema?.items);
      return { ...node, items: node.items.map((item) => ({ ...item, value: this.node(item.value, items) })) };
    }
    if (node.kind === 'alias') return node;
    const properties = schema?.['x-reads'] === 'step' ? this.step(node.entries) : asSchema(schema?.properties);
    const others = reads === 'columns' ? EXPRESSION : asSchema(schema?.additionalProperties);
    const entries = node.entries.map((entry) => {
      const own = properties !== null && Object.hasOwn(properties, entry.key.text);
      return { ...entry, value: this.node(entry.value, own ? asSchema(properties[entry.key.text]) : others) };
    });
    return { ...node, entries: properties === null || !this.sorts ? entries : sorted(entries, Object.keys(properties)) };
  }

  /** The keys of one step, in order. */
  private step(entries: readonly LayoutEntry[]): JsonSchema | null {
    const verb = this.operators.find((operator) => entries.some(({ key }) => key.text === operator.verb));
    const names = Object.keys(MODIFIERS);
    const shapes = (some: readonly string[]): JsonSchema => Object.fromEntries(some.map((name) => [name, MODIFIERS[name]]));
    const behind = shapes(names.filter((name) => !IN_FRONT.includes(name)));
    return { ...shapes(IN_FRONT), ...(verb === undefined ? {} : { [verb.verb]: verb.configSchema }), ...behind };
  }

  private expression(node: LayoutScalar, reads: Reads): LayoutScalar {
    if (node.style === 'empty') return node;
    const style: YamlScalar['style'] =
      node.style === 'literal' || node.style === 'folded' ? 'block' : node.style === 'plain' ? 'plain' : quoteOf(node);
    const errors = expressionErrors(exprSource({ kind: 'scalar', text: node.text, style, span: node.span }), reads);
    for (const error of errors) this.report(error);
    return errors.length > 0 ? node : { ...node, text: expressionText(node.text), reads };
  }
}

const EXPRESSION: JsonSchema = { 'x-reads': 'expression' };

function quoteOf({ span }: LayoutScalar): 'single' | 'double' {
  return span.source.text[span.start] === "'" ? 'single' : 'double';
}

function asSchema(value: unknown): JsonSchema | null {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : null;
}

/** By a list of names; a key that is not in it stays behind the one that it followed. */
function sorted(entries: readonly LayoutEntry[], names: readonly string[]): readonly LayoutEntry[] {
  let last = -1;
  const ranked = entries.map((entry) => {
    const rank = names.indexOf(entry.key.text);
    if (rank >= 0) last = rank;
    return { entry, rank: last };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry);
}

function hasAnchors(node: LayoutNode): boolean {
  if (node.anchor !== null || node.kind === 'alias') return true;
  if (node.kind === 'map') return node.entries.some((entry) => hasAnchors(entry.value));
  return node.kind === 'seq' && node.items.some((item) => hasAnchors(item.value));
}
