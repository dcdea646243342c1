import type { PipelineAst, StreamAst } from '../ast/ast.js';
import type { SourceNode, StepNode } from '../plan/plan.js';
import type { Span } from '../diagnostics/diagnostic.js';
import type { Spanned } from '../yaml/read.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { Session } from './session.js';
import { checkSource, type CheckedSource } from './sources.js';
import { checkSteps } from './steps.js';
import { checkUnion, type UnionInput } from './union.js';

/** The sources and streams of a pipeline, checked; what sinks and tests refer to. */
export interface Graph {
  readonly sources: readonly SourceNode[];
  readonly steps: readonly StepNode[];
  /** The rows at the end of a stream or source; null when they are unknown, which was reported. */
  resolve(from: Spanned<string> | null, at: Span): Flow | null;
  /** Reports what nothing reads. Call it when all has been resolved. */
  reportUnused(): void;
}

/** Checks sources and streams; streams may be in any order. */
export function checkStreams(ast: PipelineAst, session: Session): Graph {
  return new GraphBuilder(ast, session).build();
}

class GraphBuilder {
  private readonly sources = new Map<string, CheckedSource | null>();
  /** Sources that only joins name. */
  private readonly joinedSources = new Map<string, CheckedSource | null>();
  private readonly sourceSpans = new Map<string, Span>();
  private readonly streams = new Map<string, StreamAst>();
  private readonly done = new Map<StreamAst, Flow | null>();
  private readonly pending: StreamAst[] = [];
  private readonly steps: StepNode[] = [];
  private readonly used = new Set<string>();

  constructor(
    private readonly ast: PipelineAst,
    private readonly session: Session,
  ) {}

  build(): Graph {
    this.readSources();
    for (const stream of this.ast.streams) {
      if (stream.name === null) continue;
      if (this.streams.has(stream.name)) this.session.report(messages.sourceTwice(stream.span, 'the stream', stream.name));
      else if (this.sources.has(stream.name)) this.session.report(messages.sourceTwice(stream.span, 'a source or stream', stream.name));
      else this.streams.set(stream.name, stream);
    }
    for (const stream of this.ast.streams) this.flowOf(stream);
    return {
      sources: [...this.sources.values(), ...this.joinedSources.values()].flatMap((source) => (source === null ? [] : [source.node])),
      steps: this.steps,
      resolve: (from, at) => this.resolveSink(from, at),
      reportUnused: () => this.reportUnused(),
    };
  }

  private readSources(): void {
    const { session } = this;
    const shared = session.project?.sources;
    const names = [...(shared?.keys() ?? [])];
    const isMisspelt = this.ast.misspelt.has('source') || this.ast.misspelt.has('sources');
    if (this.ast.sources.length === 0 && !isMisspelt) session.report(messages.noSource(this.ast.span, names));
    for (const ref of this.ast.sources) {
      const name = ref.kind === 'own' ? ref.source.name : ref.name.value;
      const use = ref.kind === 'own' ? ref.source.span : ref.name.span;
      if (this.sources.has(name)) {
        session.report(messages.sourceTwice(use, 'the source', name));
        continue;
      }
      this.sourceSpans.set(name, use);
      const declared = ref.kind === 'own' ? ref.source : shared?.get(name);
      if (declared === undefined) session.report(messages.unknownSource(use, name, names));
      const source = declared === undefined ? null : checkSource(declared, use, session);
      const same = [...this.sources.values()].find((other) => other?.node.topic === source?.node.topic && source !== null);
      if (same) session.report(messages.topicReadTwice(use, source!.node.topic, same.node.name));
      this.sources.set(name, source);
    }
  }

  /** The rows at the end of a stream; null when unknown. */
  private flowOf(stream: StreamAst): Flow | null {
    const known = this.done.get(stream);
    if (known !== undefined) return known;
    if (this.pending.includes(stream)) {
      const circle = [...this.pending.slice(this.pending.indexOf(stream)), stream].map((each) => each.name ?? 'steps');
      this.session.report(messages.streamCycle(stream.from?.span ?? stream.span, circle));
      return null;
    }
    this.pending.push(stream);
    const input = this.inputOf(stream);
    const { nodes, flow } = checkSteps(stream.steps, stream.name, input, this.session, (from) => this.joined(from));
    this.pending.pop();
    this.steps.push(...nodes);
    this.done.set(stream, flow);
    return flow;
  }

  private inputOf(stream: StreamAst): Flow | null {
    const { union, from, name, span } = stream;
    if (union === null) return from === null ? this.onlySource(span) : this.named(from);
    const inputs = union.map((each): UnionInput => ({ name: each.value, span: each.span, flow: this.named(each) }));
    const merged = checkUnion(`${name ?? 'steps'}.from`, inputs, this.session);
    if (merged === null) return null;
    this.steps.push(merged.node);
    return merged.flow;
  }

  /** What a join names: also a source of rta.yaml that the pipeline does not list. */
  private joined(from: Spanned<string>): Flow | null {
    const name = from.value;
    const shared = this.session.project?.sources.get(name);
    if (this.streams.has(name) || this.sources.has(name) || name === 'source' || shared === undefined) return this.named(from);
    const source = this.joinedSources.get(name) ?? checkSource(shared, from.span, this.session);
    this.joinedSources.set(name, source);
    return source?.flow ?? null;
  }

  private named(from: Spanned<string>): Flow | null {
    const name = from.value;
    const stream = this.streams.get(name);
    if (stream !== undefined) {
      this.used.add(name);
      return this.flowOf(stream);
    }
    if (this.sources.has(name)) {
      this.used.add(name);
      return this.sources.get(name)?.flow ?? null;
    }
    if (name === 'source') return this.onlySource(from.span);
    this.session.report(messages.unknownStream(from.span, name, [...this.streams.keys(), ...this.sources.keys()]));
    return null;
  }

  private onlySource(at: Span): Flow | null {
    const names = [...this.sources.keys()];
    if (names.length > 1) {
      this.session.report(messages.fromNeeded(at, names));
      for (const name of names) this.used.add(name);
    }
    if (names.length !== 1) return null;
    this.used.add(names[0]);
    return this.sources.get(names[0])?.flow ?? null;
  }

  private resolveSink(from: Spanned<string> | null, at: Span): Flow | null {
    if (from !== null) return this.named(from);
    const last = this.ast.streams.at(-1);
    if (last === undefined) return this.ast.misspelt.has('steps') || this.ast.misspelt.has('streams') ? null : this.onlySource(at);
    if (last.name !== null) this.used.add(last.name);
    return this.done.get(last) ?? null;
  }

  private reportUnused(): void {
    for (const [name, stream] of this.streams) {
      if (!this.used.has(name)) this.session.report(messages.unusedStream(stream.span, 'stream', name));
    }
    for (const name of this.sources.keys()) {
      if (!this.used.has(name)) this.session.report(messages.unusedStream(this.sourceSpans.get(name)!, 'source', name));
    }
  }
}
