import { adviceMessages, type Diagnostic, type Plan, type SourceNode, type StepNode, type Transform } from '@rta/dsl';
import { spanOf } from '../window-times.js';
import type { PlanGraph } from './plan-graph.js';

/** From how many windows on a lateness is long. */
const MANY_WINDOWS = 10;

/** Lateness, retention and quiet partitions: how long results wait, and what is gone before they are made. */
export function timeAdvice(graph: PlanGraph): Diagnostic[] {
  return [
    ...graph.plan.sources.flatMap((source) => [...sourceAdvice(graph, source), ...retentionAdvice(graph, source)]),
    ...graph.plan.steps.flatMap((step) => step.transforms.flatMap((transform) => joinAdvice(graph, step, transform))),
  ];
}

function sourceAdvice(graph: PlanGraph, source: SourceNode): Diagnostic[] {
  if (source.output.kind === 'table') return [];
  const behind = graph.plan.steps.filter((step) => graph.sourcesOf(step.id).includes(source));
  const found: Diagnostic[] = [];
  const { partitions = null } = graph.topic(source.topic) ?? {};
  const waiting = behind.filter(({ transforms }) => transforms.some(waitsForWatermark));
  if (source.idleMs === null && partitions !== 1 && waiting.length > 0)
    found.push(adviceMessages.idleHolds(source.span, source.name, partitions, idsOf(waiting)));
  const strict = behind.filter(({ transforms }) => transforms.some(dropsLate));
  if (source.latenessMs === 0 && strict.length > 0 && source.time.from === 'column')
    found.push(adviceMessages.noLateness(source.span, source.name, idsOf(strict)));
  for (const step of behind)
    for (const transform of step.transforms) {
      const size = transform.type === 'fold' && transform.window?.kind === 'hopping' ? transform.window.sizeMs : null;
      if (size !== null && source.latenessMs > MANY_WINDOWS * size)
        found.push(adviceMessages.latenessBeyondWindow(step.span, size, source.latenessMs, source.name));
    }
  return found;
}

/** What a declared retention is too short for. */
function retentionAdvice(graph: PlanGraph, source: SourceNode): Diagnostic[] {
  const retention = graph.topic(source.topic)?.retentionMs ?? null;
  if (retention === null || source.output.kind === 'table') return [];
  const found: Diagnostic[] = [];
  if (source.latenessMs > retention)
    found.push(adviceMessages.latenessBeyondRetention(source.span, source.topic, source.latenessMs, retention));
  for (const step of graph.plan.steps) {
    if (!graph.sourcesOf(step.id).includes(source)) continue;
    const needed = Math.max(0, ...step.transforms.map(timeOf));
    if (needed > retention) found.push(adviceMessages.beyondRetention(step.span, `\`${step.id}\``, needed, source.topic, retention));
  }
  return found;
}

/** How much event time a result of a transform goes back, ms. */
function timeOf(transform: Transform): number {
  switch (transform.type) {
    case 'fold':
      return transform.window === null
        ? (transform.ttlMs ?? 0)
        : 'sizeMs' in transform.window
          ? transform.window.sizeMs
          : spanOf(transform.window);
    case 'over':
      return Math.max(transform.ttlMs ?? 0, ...transform.accumulators.map(({ over }) => (over.unit === 'ms' ? over.size : 0)));
    case 'join':
      return transform.how.kind === 'within' ? transform.how.beforeMs + transform.how.afterMs : 0;
    default:
      return 0;
  }
}

/** Whether rows, or their leaving, wait for the watermark. */
function waitsForWatermark(transform: Transform): boolean {
  if (transform.type === 'fold') return transform.window !== null || transform.ttlMs !== null;
  return transform.type === 'over' || (transform.type === 'join' && transform.how.kind !== 'latest');
}

/** Whether a record that is older than the watermark is out, be it by a millisecond. */
function dropsLate(transform: Transform): boolean {
  if (transform.type === 'fold') return transform.ordered === true || transform.window !== null;
  return transform.type === 'over' || (transform.type === 'join' && transform.how.kind === 'within' && transform.how.graceMs === 0);
}

/** As-of joins wait for their table. */
function joinAdvice(graph: PlanGraph, step: StepNode, transform: Transform): Diagnostic[] {
  if (transform.type !== 'join' || transform.how.kind !== 'asOf') return [];
  const left = Math.max(0, ...graph.sourcesOf(step.input).map(({ latenessMs }) => latenessMs));
  return graph
    .sourcesOf(step.others?.[0] ?? '')
    .filter((table) => table.latenessMs > left)
    .map((table) => adviceMessages.tableWaits(step.span, table.name, table.latenessMs, left));
}

function idsOf(steps: readonly Plan['steps'][number][]): readonly string[] {
  return steps.map(({ id }) => id);
}
