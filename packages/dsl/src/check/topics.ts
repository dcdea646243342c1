import type { PipelineAst } from '../ast/ast.js';
import type { Span } from '../diagnostics/diagnostic.js';
import type { SinkNode, SourceNode, TopicDeclaration } from '../plan/plan.js';
import { messages } from './messages.js';
import type { Session } from './session.js';

/** The pipeline's topic declarations, and those of `rta.yaml` for the topics that it touches. */
export function topicsOf(ast: PipelineAst, touched: ReadonlySet<string>, session: Session): readonly TopicDeclaration[] {
  const own = new Set(ast.topics.map((topic) => topic.name));
  const shared = session.project?.topics ?? [];
  return [...ast.topics, ...shared.filter((topic) => touched.has(topic.name) && !own.has(topic.name))];
}

/** Checks that each topic is declared for what it is used as, and that `late` and `errors` topics are nobody else's. */
export function checkTopics(
  ast: PipelineAst,
  sources: readonly SourceNode[],
  sinks: readonly SinkNode[],
  topics: readonly TopicDeclaration[],
  session: Session,
): void {
  const cleanups = new Map(topics.map((topic) => [topic.name, topic.cleanup]));
  for (const source of sources) {
    if (source.output.kind === 'stream' && cleanups.get(source.topic)?.includes('compact') === true)
      session.report(messages.compactedStream(source.span, source.topic));
  }
  for (const sink of sinks) {
    const compact = cleanups.get(sink.topic)?.includes('compact');
    if (compact === false && sink.compacted) session.report(messages.tableNotCompacted(sink.span, sink.topic));
    if (compact === true && sink.key === null) session.report(messages.compactedWithoutKey(sink.span, sink.topic));
  }
  const aside = (policy: { readonly policy: string; readonly topic?: string } | undefined, span: Span | undefined): void => {
    if (policy?.topic === undefined || span === undefined) return;
    const { topic } = policy;
    if (sources.some((source) => source.topic === topic)) session.report(messages.readsOwnSink(span, topic));
    const sink = sinks.find((candidate) => candidate.topic === topic);
    if (sink !== undefined) session.report(messages.topicTwice(span, topic, `the sink \`${sink.name}\``));
  };
  aside(ast.late?.value, ast.late?.span);
  aside(ast.errors?.value, ast.errors?.span);
}
