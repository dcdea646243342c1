import type { Column } from '@rta/dsl';
import type { PhysicalPlan, Stage, StageNode } from '../plan/physical.js';
import { keySchema, layoutOf } from './state-layout.js';

/**
 * What the bytes in a plan's stores, changelogs and repartition topics mean: of two plans with equal ones, one can go on with what the other has
 * left, records under way included.
 */
export function planLayout({ applicationId, stages }: PhysicalPlan): string {
  return JSON.stringify([applicationId, stages.map(stageLayout)]);
}

function stageLayout(stage: Stage): unknown {
  return {
    inputs: stage.inputs.map(({ topic }) => topic),
    stores: stage.stores.map((spec, i) => {
      const { id, inputKey, inputColumns, key, columns } = stage.nodes[spec.node];
      const keys = [of(inputKey, inputColumns), of(key, columns)];
      return [spec.kind, id, layoutOf(stage, i).fingerprint, ...keys];
    }),
    changelog: stage.changelog,
    sends: stage.outputs.flatMap(({ kind, topic }, output) =>
      kind === 'repartition' ? [[topic, stage.nodes.filter((node) => 'output' in node && node.output === output).map(sent)]] : [],
    ),
  };
}

/** The columns of what a node sends; of what goes into a store as it is, that says them. */
function sent(node: StageNode): unknown {
  switch (node.op) {
    case 'send':
    case 'refer':
      return keySchema(node.transform.columns.map(({ name, expr }) => ({ name, type: expr.type })));
    case 'foreign':
      return keySchema(node.columns);
    default:
      return node.op;
  }
}

function of(names: readonly string[] | null, columns: readonly Column[]): unknown {
  return names === null ? null : keySchema(columns.filter(({ name }) => names.includes(name)));
}
