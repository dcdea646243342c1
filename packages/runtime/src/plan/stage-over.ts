import type { OverTransform, Relation, StepNode } from '@rta/dsl';
import { columnsIn, type Needed, neededOfInput } from './columns-needed.js';
import { columnsGiven } from './columns-used.js';
import { overColumns } from './over-columns.js';
import type { StageNode } from './physical.js';
import type { Place } from './place.js';
import { type StageBuilder, StagingError } from './stage-builder.js';
import { stageStateless } from './stage-stateless.js';

/**
 * Rows are sorted where those of a group meet; what is computed of single rows is computed before, where they come from. Columns that nobody
 * needs are left behind.
 *
 * @param needed of the rows that it gives
 */
export function stageOver(builder: StageBuilder, places: readonly Place[], step: StepNode, whole: OverTransform, needed: Needed): Place {
  const { relation: input } = places[0];
  if (input.kind === 'table') throw new StagingError(`"${step.verb}" with \`over\` takes streams, and this is a table`, step.span);
  const transform = needed === null ? whole : { ...whole, columns: columnsGiven(whole.columns, needed) };
  const wanted = needed === null ? input.columns : columnsIn(input.columns, neededOfInput(whole, needed));
  const { project, over } = overColumns(transform, input.columns, wanted);
  const prepared = project === null ? places : places.map((place) => stageStateless(builder, place, step, project));
  const relation: Relation = { ...input, columns: over.columns.map(({ name, expr }) => ({ name, type: expr.type })) };
  const kept = (names: readonly (string | null)[] | null): readonly string[] | null => {
    const found = names?.map((name) => over.columns.find(({ expr }) => expr.kind === 'column' && expr.name === name)?.name);
    return found?.every((name) => name !== undefined) ? found : null;
  };
  const sorted = (mode: 'full' | 'receive', from: Place, partitionedBy: readonly string[] | null): Place => {
    const store = from.stage.stores.length;
    from.stage.stores.push({ kind: 'trail', node: from.stage.nodes.length });
    const node: StageNode = { op: 'over', mode, transform: over, store, output: null, ...builder.base(from, step, relation) };
    return builder.add(from, node, relation, partitionedBy);
  };
  const [place] = prepared;
  if (prepared.length === 1 && builder.together(place, over.group)) return sorted('full', place, kept(place.partitionedBy));
  const next = builder.newStage();
  for (const each of prepared) {
    const output = builder.send(each, next, each.relation.columns);
    const node: StageNode = { op: 'over', mode: 'send', transform: over, store: null, output, ...builder.base(each, step, each.relation) };
    builder.add(each, node, each.relation, null);
  }
  const feeds = next.inputs.map((_, i) => ({ input: i }));
  const partitionedBy = kept(over.group.map(({ expr }) => (expr.kind === 'column' ? expr.name : null)));
  return sorted('receive', { ...place, stage: next, feeds, folded: false }, partitionedBy);
}
