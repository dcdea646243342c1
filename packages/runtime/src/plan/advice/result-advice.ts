import { adviceMessages, type Diagnostic } from '@rta/dsl';
import type { PlanGraph } from './plan-graph.js';

/** Results that depend on more than the input, and topics of results that grow without end. */
export function resultAdvice(graph: PlanGraph): Diagnostic[] {
  const { plan } = graph;
  const found: Diagnostic[] = [];
  for (const source of plan.sources) if (source.time.from === 'clock') found.push(adviceMessages.processingTime(source.span, source.name));
  for (const step of plan.steps)
    for (const transform of step.transforms) {
      if (transform.type === 'join' && transform.how.kind === 'latest') {
        const [table] = graph.sourcesOf(step.others?.[0] ?? '');
        found.push(adviceMessages.versionLatest(step.span, table.name));
      }
    }
  for (const sink of plan.sinks) {
    const topic = graph.topic(sink.topic);
    if (sink.compacted && graph.relationOf(sink.input).windowed && topic?.cleanup?.includes('delete') !== true)
      found.push(adviceMessages.windowsPileUp(sink.span, sink.topic, topic !== null));
  }
  return found;
}
