/**
 * Plans as Mermaid flowcharts: `flowchart`, topics as stadiums, steps as boxes, state as cylinders, a subgraph per stage. Node names are ours;
 * what comes from users stands in quoted texts only.
 */
import { showStore, showTransform, type Plan } from '@rta/dsl';
import { partitionedBy, roleOf, transformText } from './explain.js';
import { feedsOf, type SinkOutput, type Stage, type StageNode } from './physical.js';
import { planStages } from './plan-stages.js';

/**
 * The physical plan as a flowchart, topics between its stages.
 *
 * @throws StagingError where the engine cannot run the plan
 */
export function explainMermaid(plan: Plan): string {
  const { stages } = planStages(plan);
  const topics = new Map<string, string>();
  const topic = (name: string): string => {
    if (!topics.has(name)) topics.set(name, `t${topics.size}`);
    return topics.get(name)!;
  };
  const boxes = stages.flatMap((stage) => [
    `  subgraph s${stage.id}["stage ${stage.id}"]`,
    ...stage.nodes.flatMap((node, i) => (node.op === 'sink' ? [] : [`    ${nodeName(stage, i)}["${nodeText(node)}"]`])),
    ...(stage.changelog === null ? [] : [`    c${stage.id}[("${text(stage.changelog)}")]`]),
    '  end',
  ]);
  const edges = stages.flatMap((stage) => stageEdges(stage, topic));
  const names = [...topics].map(([name, id]) => `  ${id}(["${text(name)}"])`);
  return `${['flowchart LR', ...names, ...boxes, ...edges].join('\n')}\n`;
}

/** The logical plan as a flowchart: sources, steps, sinks. */
export function explainLogicalMermaid(plan: Plan): string {
  const names = new Map<string, string>();
  const lines = ['flowchart LR'];
  for (const source of plan.sources) {
    names.set(source.id, `n${names.size}`);
    lines.push(`  ${names.get(source.id)!}(["${text(source.topic)}"])`);
  }
  for (const step of plan.steps) {
    names.set(step.id, `n${names.size}`);
    const what = step.transforms.flatMap((transform) => showTransform(transform).slice(0, 1)).map((line) => text(line.trim()));
    lines.push(
      `  ${names.get(step.id)!}["${[text(step.id), ...what].join('<br/>')}"]`,
      ...[step.input, ...(step.others ?? [])].map((input) => `  ${names.get(input)!} --> ${names.get(step.id)!}`),
    );
  }
  for (const [i, sink] of plan.sinks.entries()) {
    lines.push(`  k${i}(["${text(sink.topic)}"])`, `  ${names.get(sink.input)!} --> k${i}`);
    if (sink.store !== undefined) lines.push(storeEdge(`k${i}`, showStore(sink.store)));
  }
  return `${lines.join('\n')}\n`;
}

function stageEdges(stage: Stage, topic: (name: string) => string): string[] {
  return stage.nodes.flatMap((node, i) => {
    const from = feedsOf(node).map((feed) => ('input' in feed ? topic(stage.inputs[feed.input].topic) : nodeName(stage, feed.node)));
    if (node.op === 'sink') {
      const sink = stage.outputs[node.output] as SinkOutput;
      const name = topic(sink.topic);
      return [...from.map((other) => `  ${other} --> ${name}`), ...(sink.store === undefined ? [] : [storeEdge(name, sink.store)])];
    }
    const edges = from.map((name) => `  ${name} --> ${nodeName(stage, i)}`);
    if ('output' in node && node.output !== null) {
      const by = partitionedBy(node);
      const how = by.length === 0 ? 'one partition' : `by ${by.join(', ')}`;
      edges.push(`  ${nodeName(stage, i)} -->|"${text(how)}"| ${topic(stage.outputs[node.output].topic)}`);
    }
    if ('store' in node && node.store !== null) edges.push(`  ${nodeName(stage, i)} -.- c${stage.id}`);
    return edges;
  });
}

/** From a topic to the store that its rows go on to. */
function storeEdge(topic: string, store: string): string {
  return `  ${topic} --> ${topic}s[("${text(store)}")]`;
}

function nodeName(stage: Stage, node: number): string {
  return `s${stage.id}n${node}`;
}

function nodeText(node: Exclude<StageNode, { op: 'sink' }>): string {
  return [node.id, roleOf(node), transformText(node)[0].trim()].map(text).join('<br/>');
}

/** Within Mermaid's quotes: what would end them or be markup becomes an entity. */
function text(plain: string): string {
  return plain.replace(/[#"<>&`\\]/g, (c) => `#${c.charCodeAt(0)};`).replace(/\s+/g, ' ');
}
