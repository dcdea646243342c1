import type { Diagnostic, SourceText, Span } from '../diagnostics/diagnostic.js';
import { MAX_DEPTH } from '../yaml/depth.js';
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from '../yaml/node.js';
import { CallFinder, type Call, type ReadSource } from './calls.js';
import { findText, type Literal } from './literal.js';
import { builderMessages } from './messages.js';
import { PIPELINE, type Pipeline } from './pipeline.js';
import { streamParts, type BuiltStep, type StreamParts } from './stream.js';

/** A built pipeline as the tree that its YAML twin is read to, every node at its place in the program. */
export interface BuiltTree {
  readonly root: YamlMap;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Turns what a module exports into the tree that `compileTree` takes.
 *
 * @param module the module, shown where no call can be found
 * @param readSource the text of a file that a stack names, for places
 */
export function buildTree(pipeline: Pipeline, module: SourceText, readSource: ReadSource): BuiltTree {
  const tree = new TreeBuilder(pipeline, new CallFinder(module.path, readSource));
  return { root: tree.root(), diagnostics: tree.diagnostics };
}

/** Where a value stands: what was written there, or else the nearest place that is known. */
interface Spot {
  readonly span: Span;
  readonly literal: Literal | null;
}

class TreeBuilder {
  readonly diagnostics: Diagnostic[] = [];
  private readonly names = new Map<StreamParts, string>();

  constructor(
    private readonly pipeline: Pipeline,
    private readonly calls: CallFinder,
  ) {}

  root(): YamlMap {
    const { name, options, place } = this.pipeline[PIPELINE];
    const call = this.calls.call(place, '');
    const written = call.args[1];
    for (const [key, value] of Object.entries(options.streams ?? {})) {
      const parts = streamParts(value);
      if (parts !== null && !this.names.has(parts)) this.names.set(parts, key);
    }
    const entries: YamlEntry[] = [{ key: 'pipeline', keySpan: call.span, value: this.node(name, argument(call, 0), 'pipeline') }];
    for (const [key, value] of Object.entries(options)) {
      if (value === undefined) continue;
      const at = entrySpot(written, key, call.span);
      if (key === 'steps') entries.push(...this.linear(value, at, options.source !== undefined || options.sources !== undefined));
      else entries.push({ key, keySpan: at.key, value: key === 'streams' ? this.streams(value, at) : this.node(value, at, key) });
    }
    if (options.source === undefined && options.sources === undefined) entries.push(...this.sourcesRead(call.span));
    return { kind: 'map', entries, flow: false, span: call.span };
  }

  /** `steps:`, and the source that it begins with. */
  private linear(value: unknown, at: KeySpot, saysSource: boolean): YamlEntry[] {
    const parts = streamParts(value);
    if (parts === null) {
      this.diagnostics.push(builderMessages.notSteps(at.span, 'steps'));
      return [];
    }
    const call = this.calls.call(parts.place, 'steps');
    const steps: YamlEntry = { key: 'steps', keySpan: at.key, value: this.steps(parts, 'steps', at.span) };
    const { source } = this.pipeline[PIPELINE].options;
    if (parts.from === null || (saysSource && parts.from === source)) return [steps];
    const from: YamlEntry = { key: 'source', keySpan: call.span, value: this.from(parts, call) };
    if (!saysSource) return [from, steps];
    this.diagnostics.push(builderMessages.otherSource(call.span, from.value.kind === 'scalar' ? from.value.text : 'several'));
    return [steps];
  }

  private streams(value: unknown, at: KeySpot): YamlNode {
    const entries = Object.entries(value as Record<string, unknown>).map(([name, each]): YamlEntry => {
      const spot = entrySpot(at.literal, name, at.span);
      const parts = streamParts(each);
      if (parts !== null) return { key: name, keySpan: spot.key, value: this.stream(parts, `streams.${name}`) };
      this.diagnostics.push(builderMessages.notSteps(spot.span, name));
      return { key: name, keySpan: spot.key, value: { kind: 'map', entries: [], flow: false, span: spot.span } };
    });
    return { kind: 'map', entries, flow: false, span: at.span };
  }

  private stream(parts: StreamParts, path: string): YamlMap {
    const call = this.calls.call(parts.place, path);
    const entries: YamlEntry[] = [];
    if (parts.from !== null) entries.push({ key: 'from', keySpan: call.span, value: this.from(parts, call) });
    if (parts.steps.length > 0) entries.push({ key: 'steps', keySpan: call.span, value: this.steps(parts, `${path}.steps`, call.span) });
    return { kind: 'map', entries, flow: false, span: call.span };
  }

  private from(parts: StreamParts, call: Call): YamlNode {
    return this.node(parts.from, argument(call, 0), 'from');
  }

  private steps(parts: StreamParts, path: string, span: Span): YamlNode {
    return { kind: 'seq', items: parts.steps.map((step, index) => this.step(step, `${path}[${index}]`)), flow: false, span };
  }

  private step(step: BuiltStep, path: string): YamlMap {
    const { span } = this.calls.call(step.place, path);
    const entries = step.entries
      .filter(({ value }) => value !== undefined)
      .map(({ key, value, place, arg, within }): YamlEntry => {
        const call = this.calls.call(place, path);
        const at: KeySpot = within ? entrySpot(call.args[arg], key, call.span) : { key: call.span, ...argument(call, arg) };
        return { key, keySpan: at.key, value: this.node(value, at, key) };
      });
    return { kind: 'map', entries, flow: false, span };
  }

  private node(value: unknown, spot: Spot, key: string, depth = 0): YamlNode {
    const { span } = spot;
    if (depth > MAX_DEPTH) return this.refused(span, key, `nested deeper than ${MAX_DEPTH} levels`);
    const parts = streamParts(value);
    if (parts !== null) return this.reference(parts, span);
    switch (typeof value) {
      case 'string':
        return text(value, spot);
      case 'number':
      case 'bigint':
      case 'boolean':
      case 'undefined':
        return { kind: 'scalar', style: 'plain', text: String(value ?? 'null'), span };
      case 'object':
        break;
      default:
        return this.refused(span, key, `a ${typeof value}`);
    }
    if (value === null) return { kind: 'scalar', style: 'plain', text: 'null', span };
    if (value instanceof Date) return { kind: 'scalar', style: 'built', text: value.toISOString(), span };
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, index) => this.node(item, spotOf(spot.literal?.items?.[index], span), key, depth + 1));
      return { kind: 'seq', items, flow: false, span };
    }
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return {
      kind: 'map',
      entries: entries.map(([name, each]): YamlEntry => {
        const at = entrySpot(spot.literal, name, span);
        return { key: name, keySpan: at.key, value: this.node(each, at, name, depth + 1) };
      }),
      flow: false,
      span,
    };
  }

  private refused(span: Span, key: string, what: string): YamlScalar {
    this.diagnostics.push(builderMessages.notData(span, key, what));
    return { kind: 'scalar', style: 'broken', text: '', span };
  }

  /** The name of a stream that is read. */
  private reference(parts: StreamParts, span: Span): YamlScalar {
    const name = this.names.get(parts);
    if (name !== undefined) return { kind: 'scalar', style: 'built', text: name, span };
    this.diagnostics.push(builderMessages.streamWithoutName(span));
    return { kind: 'scalar', style: 'broken', text: '', span };
  }

  /** The sources that streams read by name, where nothing declares them: those of `rta.yaml`. */
  private sourcesRead(span: Span): YamlEntry[] {
    const { options } = this.pipeline[PIPELINE];
    const streams = options.streams ?? {};
    const read = Object.values(streams).flatMap((each) => streamParts(each)?.from ?? []);
    const names = new Set(read.filter((from): from is string => typeof from === 'string' && !Object.hasOwn(streams, from)));
    if (names.size === 0) return [];
    const items = [...names].map((name): YamlScalar => ({ kind: 'scalar', style: 'built', text: name, span }));
    return [{ key: 'sources', keySpan: span, value: { kind: 'seq', items, flow: false, span } }];
  }
}

function text(value: string, { span, literal }: Spot): YamlScalar {
  const found = literal?.kind === 'text' ? span : findText(span.source, value);
  return { kind: 'scalar', style: 'built', text: value, span: found ?? span };
}

/** The place of an entry's key, and that of its value. */
interface KeySpot extends Spot {
  readonly key: Span;
}

function entrySpot(map: Literal | null | undefined, key: string, fallback: Span): KeySpot {
  const entry = map?.entries?.get(key);
  if (entry === undefined) return { key: fallback, span: fallback, literal: null };
  return { key: entry.keySpan, ...spotOf(entry.value, entry.keySpan) };
}

function argument(call: Call, index: number): Spot {
  return spotOf(call.args[index], call.span);
}

function spotOf(literal: Literal | undefined, fallback: Span): Spot {
  if (literal === undefined) return { span: fallback, literal: null };
  return { span: literal.span, literal };
}
