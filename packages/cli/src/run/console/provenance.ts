/** What the rows of a board are made of: steps and their lines in the file, and the committed offsets of the source partitions. */
import type { Provenance, ProvenanceStep } from '@rta/console';
import { parseYaml, positionAt, showDuration, type Plan, type SourceText, type Span, type StepNode, type YamlEntry, type YamlMap, type YamlNode } from '@rta/dsl'; // prettier-ignore
import { pipelineLag, planStages, type Log } from '@rta/runtime';
import { windowText } from './window-text.js';

/** Lines of a step that are shown; what is longer is cut. */
const LINES = 40;

/** Null: the plan has no such board. Rejects with LogError. */
export async function provenanceOf(log: Log, plan: Plan, name: string): Promise<Provenance | null> {
  const board = plan.boards?.find((each) => each.name === name);
  const sink = plan.sinks.find(({ id }) => id === board?.sink);
  if (sink === undefined) return null;
  const ids = ancestorsOf(plan, sink.input);
  const sources = plan.sources.filter(({ id }) => ids.has(id));
  const steps = plan.steps.filter(({ id }) => ids.has(id));
  const { inputs } = await pipelineLag(log, planStages(plan));
  const topics = new Set(sources.map(({ topic }) => topic));
  const read = new Map(
    inputs
      .filter(({ kind, topic }) => kind !== 'repartition' && topics.has(topic))
      .map(({ topic, partition, low, committed, watermark }) => [
        `${topic}/${partition}`,
        { topic, partition, from: low, to: committed, watermark },
      ]),
  );
  return {
    asOf: Date.now(),
    topic: sink.topic,
    steps: [
      ...sources.map((source) => stepOf('source', source.span)),
      ...steps.map(({ verb, span }) => stepOf(verb, span)),
      stepOf('sink', sink.span),
    ],
    window: windowOf(steps),
    inputs: [...read.values()],
  };
}

/** All nodes whose rows come to one, with itself. */
function ancestorsOf(plan: Plan, id: string): ReadonlySet<string> {
  const found = new Set([id]);
  for (const each of found) {
    const step = plan.steps.find((one) => one.id === each);
    for (const input of step === undefined ? [] : [step.input, ...(step.others ?? [])]) found.add(input);
  }
  return found;
}

/** Of the last aggregate. */
function windowOf(steps: readonly StepNode[]): string | null {
  const folds = steps.flatMap(({ transforms }) => transforms.filter((transform) => transform.type === 'fold'));
  const last = folds.at(-1);
  if (last === undefined) return null;
  if (last.window !== null) return windowText(last.window);
  return last.ttlMs === null ? null : `ttl ${showDuration(last.ttlMs)}`;
}

function stepOf(verb: string, span: Span): ProvenanceStep {
  const { source } = span;
  const place = placeOf(source, span);
  const [first, last] = [positionAt(source, place.start).line, positionAt(source, Math.max(place.start, place.end - 1)).line];
  return {
    verb,
    path: source.path,
    line: first,
    lines: source.text.split('\n').slice(first - 1, Math.min(last, first + LINES - 1)),
    columns: place.columns.map(({ key, keySpan, value }) => ({
      name: key,
      says: source.text.slice(value.span.start, value.span.end).trim(),
      line: positionAt(source, keySpan.start).line,
    })),
  };
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly columns: readonly YamlEntry[];
}

/** The whole of the step or sink that is named there. Files that are no YAML have the line alone. */
function placeOf(source: SourceText, { start, end }: Span): Place {
  const { root } = parseYaml(source);
  const found = root === null ? null : entryAt(root, start);
  if (found === null) return { start, end, columns: [] };
  const { map, entry, isItem } = found;
  const columns = entry.value.kind === 'map' ? entry.value.entries : [];
  return isItem
    ? { start: map.span.start, end: endOf(map), columns }
    : { start: entry.keySpan.start, end: endOf(entry.value), columns: [] };
}

/** Of a block its span has the beginning alone. */
function endOf(node: YamlNode): number {
  if (node.kind === 'scalar' || node.flow) return node.span.end;
  const last = node.kind === 'map' ? node.entries.at(-1)?.value : node.items.at(-1);
  // What is an alias stands before it.
  return Math.max(node.span.end, last === undefined ? 0 : endOf(last));
}

interface Found {
  readonly map: YamlMap;
  readonly entry: YamlEntry;
  /** The map is one of a list. */
  readonly isItem: boolean;
}

/** The entry whose key, or else whose value, begins there. */
function entryAt(node: YamlNode, start: number, isItem = false): Found | null {
  if (node.kind === 'seq') return firstOf(node.items, (item) => entryAt(item, start, true));
  if (node.kind !== 'map') return null;
  return firstOf(node.entries, (entry) =>
    entry.keySpan.start === start || entry.value.span.start === start ? { map: node, entry, isItem } : entryAt(entry.value, start),
  );
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | null): R | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}
