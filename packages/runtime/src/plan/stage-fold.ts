import type { Column, FoldTransform, Relation, StepNode } from '@rta/dsl';
import { gathersPanes, hasPanes } from './panes.js';
import type { Place } from './place.js';
import { type StageBuilder, StagingError } from './stage-builder.js';
import { retracting, type TableFacts, whyNotOverTable } from './table-folds.js';

/** An aggregate: in one go where the rows of a group are together, else in two halves. */
export function stageFold(builder: StageBuilder, places: readonly Place[], step: StepNode, transform: FoldTransform): Place {
  const [place] = places;
  const overTable = place.relation.kind === 'table';
  if (overTable) {
    const problem = whyNotOverTable(transform, place);
    if (problem !== null) throw new StagingError(problem, step.span);
    transform = retracting(transform);
  }
  // What is sent elsewhere is of panes in both ways.
  let sent = transform;
  if (builder.options.panes !== false) {
    if (hasPanes(transform) || gathersPanes(transform)) sent = { ...transform, panes: true };
    transform = gathersPanes(transform) ? { ...transform, gathers: true } : sent;
  }
  const facts: TableFacts = { periodic: transform.emit.mode === 'every', inexactTimes: overTable };
  const groups = transform.group.map((g) => ({ name: g.name, type: g.expr.type }));
  const windowColumns: Column[] = transform.window
    ? ['window_start', 'window_end'].map((name) => ({ name, type: { kind: 'timestamp', unit: 'millis' } }))
    : [];
  const columns = [...groups, ...windowColumns, ...transform.results.map((r) => ({ name: r.name, type: r.expr.type }))];
  const relation: Relation = {
    kind: transform.emit.mode === 'final' ? 'stream' : 'table',
    columns,
    key: [...groups, ...windowColumns].map((c) => c.name),
    windowed: transform.window !== null,
  };
  const partitionedBy = groups.map((g) => g.name);
  if (places.length === 1 && !place.folded && builder.together(place, transform.group)) {
    const store = place.stage.stores.length;
    const added = builder.add(
      place,
      { op: 'fold', mode: 'full', transform, store, output: null, ...builder.base(place, step, relation) },
      relation,
      partitionedBy,
    );
    place.stage.stores.push({ kind: 'fold', node: place.stage.nodes.length - 1 });
    return { ...added, ...facts, folded: true };
  }
  const next = builder.newStage();
  for (const each of places) {
    const output = builder.send(each, next, each.relation.columns);
    builder.add(
      each,
      { op: 'fold', mode: 'partial', transform: sent, store: null, output, ...builder.base(each, step, relation) },
      relation,
      null,
    );
  }
  const feeds = next.inputs.map((_, input) => ({ input }));
  const received: Place = { ...place, stage: next, feeds, partitionedBy, folded: false };
  next.stores.push({ kind: 'fold', node: 0 });
  const merged = builder.add(
    received,
    { op: 'fold', mode: 'merge', transform, store: 0, output: null, ...builder.base(received, step, relation) },
    relation,
    partitionedBy,
  );
  return { ...merged, ...facts, folded: true };
}
