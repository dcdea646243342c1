/** What a drawing of a physical plan shows: topics, the nodes of stages with their state, and how rows go between them. */
import { showExpr } from '@rta/dsl';
import { partitionedBy, roleOf, transformText } from '../explain.js';
import { feedsOf, type PhysicalPlan, type SinkOutput, type Stage, type StageNode } from '../physical.js';

export interface TopologyGraph {
  readonly topics: readonly TopicShape[];
  readonly stages: readonly StageShape[];
  readonly edges: readonly Edge[];
}

export interface TopicShape {
  readonly id: string;
  readonly name: string;
  /** Whose it is: of the pipeline's inputs, its own, or its results. */
  readonly role: 'source' | 'internal' | 'sink';
  /** What is known of its records: the key and where times come from. */
  readonly note: string;
}

interface StageShape {
  readonly id: number;
  readonly title: string;
  readonly nodes: readonly NodeShape[];
}

export interface NodeShape {
  readonly id: string;
  readonly lines: readonly string[];
  /** All that it does, for those who point at it. */
  readonly detail: string;
  /** The changelog of its state; null where it keeps none. */
  readonly store: string | null;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
  /** What rows are partitioned by on their way. */
  readonly label: string | null;
}

/** The longest line of a node; the rest is in its detail. */
const LONGEST_LINE = 36;

/** The graph of a plan. Sinks are no nodes: the topic is what is drawn. */
export function topologyGraph({ stages }: PhysicalPlan): TopologyGraph {
  const topics = new Map<string, TopicShape>();
  for (const stage of stages) for (const input of stage.inputs) addInput(topics, input);
  for (const { outputs } of stages)
    for (const output of outputs)
      if (output.kind === 'sink' && !topics.has(output.topic))
        topics.set(output.topic, { id: topicId(output.topic), name: output.topic, role: 'sink', note: sinkNote(output) });
  return { topics: [...topics.values()], stages: stages.map(stageShape), edges: stages.flatMap(edgesOf) };
}

function addInput(topics: Map<string, TopicShape>, input: Stage['inputs'][number]): void {
  const { topic } = input;
  if (topics.has(topic)) return;
  const note = input.kind === 'source' ? `${keyNote(input.key)}, ${timeNote(input.time)}` : '';
  topics.set(topic, { id: topicId(topic), name: topic, role: input.kind === 'source' ? 'source' : 'internal', note });
}

function timeNote(time: Extract<Stage['inputs'][number], { kind: 'source' }>['time']): string {
  return time.from === 'column' ? `time ${showExpr(time.expr)}` : time.from === 'clock' ? 'time of the clock' : 'time of the record';
}

function keyNote(key: readonly string[] | null): string {
  return key === null || key.length === 0 ? 'no key' : `key ${key.join(', ')}`;
}

function sinkNote({ key, store }: SinkOutput): string {
  return store === undefined ? keyNote(key) : `${keyNote(key)}, to ${store}`;
}

function stageShape(stage: Stage): StageShape {
  const nodes = stage.nodes.flatMap((node, i) => (node.op === 'sink' ? [] : [nodeShape(stage, node, i)]));
  return { id: stage.id, title: `stage ${stage.id}`, nodes };
}

function nodeShape(stage: Stage, node: Exclude<StageNode, { op: 'sink' }>, index: number): NodeShape {
  const detail = transformText(node).map((line) => line.trim());
  const keeps = 'store' in node && node.store !== null;
  return {
    id: nodeId(stage, index),
    lines: [node.id, roleOf(node), shortened(detail[0] ?? '')].filter((line) => line !== ''),
    detail: detail.join('\n'),
    store: keeps ? stage.changelog : null,
  };
}

function edgesOf(stage: Stage): Edge[] {
  return stage.nodes.flatMap((node, i) => {
    const from = feedsOf(node).map((feed) => ('input' in feed ? topicId(stage.inputs[feed.input].topic) : nodeId(stage, feed.node)));
    if (node.op === 'sink') return from.map((id): Edge => ({ from: id, to: topicId(stage.outputs[node.output].topic), label: null }));
    const edges = from.map((id): Edge => ({ from: id, to: nodeId(stage, i), label: null }));
    if ('output' in node && node.output !== null) {
      const by = partitionedBy(node);
      const label = by.length === 0 ? 'one partition' : `by ${by.join(', ')}`;
      edges.push({ from: nodeId(stage, i), to: topicId(stage.outputs[node.output].topic), label: shortened(label) });
    }
    return edges;
  });
}

function nodeId(stage: Stage, index: number): string {
  return `s${stage.id}n${index}`;
}

function topicId(topic: string): string {
  return `topic ${topic}`;
}

function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length > LONGEST_LINE ? `${characters.slice(0, LONGEST_LINE - 1).join('')}…` : text;
}
