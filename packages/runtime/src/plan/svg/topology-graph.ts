/** What a drawing of a physical plan shows: topics, the nodes of stages with their state, and how rows go between them. */
import { showExpr } from '@rta/dsl';
import { partitionedBy, roleOf, transformText } from '../explain.js';
import { begins, ends } from '../halves.js';
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
  /** The step whose rows go along it: those that come to it, or those that it hands on; null: they are not counted. */
  readonly rows: { readonly step: string; readonly side: 'in' | 'out' } | null;
  /** The step that it leads to; null: a topic within the pipeline. */
  readonly toStep: string | null;
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
    return feedsOf(node)
      .map((feed): Omit<Edge, 'label' | 'to'> => {
        const into = { step: node.step, side: 'in' } as const;
        if ('input' in feed) return { from: topicId(stage.inputs[feed.input].topic), rows: begins(node) ? into : null, toStep: node.step };
        const before = stage.nodes[feed.node];
        const rows = ends(before) ? ({ step: before.step, side: 'out' } as const) : begins(node) ? into : null;
        return { from: nodeId(stage, feed.node), rows, toStep: node.step };
      })
      .map((edge): Edge => ({
        ...edge,
        to: node.op === 'sink' ? topicId(stage.outputs[node.output].topic) : nodeId(stage, i),
        label: null,
      }))
      .concat(edgesOut(stage, node, i));
  });
}

/** To a topic between two stages. */
function edgesOut(stage: Stage, node: StageNode, index: number): Edge[] {
  if (node.op === 'sink' || !('output' in node) || node.output === null) return [];
  const by = partitionedBy(node);
  const label = shortened(by.length === 0 ? 'one partition' : `by ${by.join(', ')}`);
  const rows = ends(node) ? ({ step: node.step, side: 'out' } as const) : null;
  return [{ from: nodeId(stage, index), to: topicId(stage.outputs[node.output].topic), label, rows, toStep: null }];
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
