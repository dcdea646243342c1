/** A plan for people: the stages that it runs in, as a tree each. Pure; the same plan gives the same text. */
import { showDuration, showExpr, showTransform, type Plan } from '@rta/dsl';
import { isSingleBoard } from '../task/topology.js';
import { feedsOf, type PhysicalPlan, type SinkOutput, type SourceInput, type Stage, type StageInput, type StageNode } from './physical.js';
import { planStages } from './plan-stages.js';

/**
 * The physical plan: each stage with its inputs, what is done with their rows, where they go, and where its state is.
 *
 * @throws StagingError where the engine cannot run the plan
 */
export function explainText(plan: Plan): string {
  const physical = planStages(plan);
  const { stages, applicationId } = physical;
  const lines = [`${plan.pipeline}: ${stages.length === 1 ? '1 stage' : `${stages.length} stages`}, consumer group ${applicationId}`];
  lines.push(`late records: ${showPolicy(plan.late)}; bad records: ${showPolicy(plan.errors)}`);
  if (plan.standby !== undefined)
    lines.push(
      `standby: ${plan.standby === 1 ? 'another worker keeps a copy' : `${plan.standby} other workers keep copies`} of each task's state`,
    );
  for (const stage of stages) lines.push('', ...stageTree(physical, stage));
  return `${lines.join('\n')}\n`;
}

/** What a node is there for, in words: the same step stands in two stages where rows move in between. */
export function roleOf(node: StageNode): string {
  switch (node.op) {
    case 'filter':
      return 'filters';
    case 'project':
      return node.transform.columns.some(({ expr }) => expr.kind === 'call' && expr.external !== undefined)
        ? 'calls a function of yours, which is outside the law'
        : 'computes columns';
    case 'unnest':
      return 'makes a row of each item';
    case 'fold':
      return { full: 'aggregates', partial: 'pre-aggregates within a commit', merge: 'merges partial results', rows: 'keeps rows' }[
        node.mode
      ];
    case 'rank': {
      const { k } = node.transform;
      return { single: `best ${k}`, local: `best ${k} of each task`, global: `best ${k} of all` }[node.mode];
    }
    case 'send':
      return node.output === null ? `comes as the ${node.side === 0 ? 'left' : 'right'} side, where it is` : 'sends';
    case 'refer':
      return 'sends by the foreign key';
    case 'foreign':
      return 'joins on the foreign key';
    case 'join':
      return 'joins';
    case 'over':
      return node.mode === 'send' ? 'sends rows to their group' : 'looks back, in event-time order';
    case 'alert':
      return 'finds incidents';
    case 'spread':
      return 'gives each row of a list';
    case 'sink':
      return 'writes';
  }
}

/** The columns by which what a node sends to another stage is partitioned; empty: everything goes to one partition. */
export function partitionedBy(node: StageNode): readonly string[] {
  if (node.op === 'fold' || node.op === 'over') return node.transform.group.map(({ name }) => name);
  if (node.op === 'send' || node.op === 'refer') return node.transform.key.map(showExpr);
  if (node.op === 'foreign') return node.key ?? [];
  return node.op === 'rank' ? node.transform.group : [];
}

/** What a node does, as lines of a plan. */
export function transformText(node: Exclude<StageNode, { op: 'sink' }>): readonly string[] {
  if (node.op === 'fold' && node.mode === 'rows')
    return [`  by [${partitionedBy(node).join(', ')}]: ${node.columns.map(({ name }) => name).join(', ')}`];
  if (node.op !== 'send' && node.op !== 'refer') return showTransform(node.transform);
  return [
    `  ${node.transform.columns.map(({ name, expr }) => (expr.kind === 'column' && expr.name === name ? name : `${name}: ${showExpr(expr)}`)).join(', ')}`,
  ];
}

/** A format, and what a compacted topic is keyed by. */
function describeSink({ format, table, key }: SinkOutput): string {
  return `${format}${table ? ', compacted' : ''}, key ${key === null ? '-' : `[${key.join(', ')}]`}`;
}

/** Where a source's times and keys come from. */
function describeSource({
  format,
  key,
  checkKey,
  checkPartition,
  time,
  latenessMs,
  idleMs,
  maxAheadMs,
  maxDriftMs,
  start,
  ...rest
}: SourceInput): string {
  const at = time.from === 'column' ? showExpr(time.expr) : time.from === 'record' ? "the record's timestamp" : 'the clock';
  const parts = [
    format,
    `key ${key === null ? '-' : key.join(', ')}${checkKey ? ` (checked${checkPartition ? ', its partition too' : ''})` : ''}`,
    `event time ${at}`,
    `lateness ${showDuration(latenessMs)}`,
  ];
  if (idleMs !== null) parts.push(`idle ${showDuration(idleMs)}`);
  if (maxAheadMs !== null) parts.push(`at most ${showDuration(maxAheadMs)} ahead`);
  if (maxDriftMs !== null) parts.push(`at most ${showDuration(maxDriftMs)} apart`);
  if (start === 'latest') parts.push('from the latest record on');
  if (rest.onIncompatibleSchemaChange !== 'stop') parts.push(`schema change: ${rest.onIncompatibleSchemaChange}`);
  return parts.join(', ');
}

function stageTree(plan: PhysicalPlan, stage: Stage): string[] {
  const tasks = isSingleBoard(stage) ? 'one task' : `a task per partition of ${stage.inputs[0].topic}`;
  const lines = [`stage ${stage.id}: ${tasks}`];
  if (stage.changelog !== null)
    lines.push(`  state: ${stage.stores.map((store) => storeText(stage, store)).join(', ')} → ${stage.changelog}`);
  for (const [i, input] of stage.inputs.entries()) {
    lines.push(`  ${inputText(plan, input)}`);
    if (input.kind === 'source') lines.push(`  │ reads ${input.used.length} of ${input.columns.length} columns: ${input.used.join(', ')}`);
    lines.push(...children(stage, (node) => feedsOf(node).some((feed) => 'input' in feed && feed.input === i), '  '));
  }
  return lines;
}

function inputText(plan: PhysicalPlan, input: StageInput): string {
  if (input.kind === 'source') return `${input.topic} (${describeSource(input)})`;
  const sender = plan.stages[input.fromStage];
  return `${input.topic} (from stage ${sender.id})`;
}

function storeText(stage: Stage, { kind, node }: Stage['stores'][number]): string {
  return `${kind === 'fold' ? 'groups' : kind === 'version' ? 'versions' : kind === 'alert' ? 'incidents' : 'rows'} of ${stage.nodes[node].id}`;
}

/** The nodes fed by one place, drawn below it. */
function children(stage: Stage, fedBy: (node: StageNode) => boolean, indent: string): string[] {
  const nodes = stage.nodes.flatMap((node, i) => (fedBy(node) ? [{ node, i }] : []));
  return nodes.flatMap(({ node, i }, n) => {
    const last = n === nodes.length - 1;
    const below = `${indent}${last ? '   ' : '│  '}`;
    if (node.op === 'sink') {
      const sink = stage.outputs[node.output] as SinkOutput;
      return [`${indent}${last ? '└' : '├'}─▶ ${sink.topic} (${describeSink(sink)})${sink.store === undefined ? '' : ` ─▶ ${sink.store}`}`];
    }
    const deeper = children(stage, (other) => feedsOf(other).some((feed) => 'node' in feed && feed.node === i), below);
    const sent = 'output' in node && node.output !== null ? [`${below}└─▶ ${sentText(stage, node, node.output)}`] : [];
    const bar = deeper.length + sent.length > 0 ? '│' : ' ';
    const what = transformText(node).map((line) => `${below}${bar} ${line.slice(2)}`);
    return [`${indent}${last ? '└' : '├'}─ ${node.id}: ${roleOf(node)}`, ...what, ...deeper, ...sent];
  });
}

function sentText(stage: Stage, node: StageNode, index: number): string {
  const output = stage.outputs[index];
  const by = partitionedBy(node);
  const how = by.length === 0 ? 'one partition' : `by [${by.join(', ')}]`;
  return output.kind === 'repartition' ? `${output.topic} (to stage ${output.toStage}, ${how})` : output.topic;
}

function showPolicy(policy: Plan['late'] | Plan['errors']): string {
  return policy.policy === 'topic' ? `→ ${policy.topic}` : policy.policy;
}
