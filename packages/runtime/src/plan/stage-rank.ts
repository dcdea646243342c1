import type { Column, RankTransform, Relation, StepNode } from '@rta/dsl';
import type { Place } from './place.js';
import type { StageBuilder } from './stage-builder.js';

/** A board: whole where the rows of its groups are together, else in two levels. */
export function stageRank(builder: StageBuilder, place: Place, step: StepNode, transform: RankTransform, output: Relation | null): Place {
  const ranked: Column[] = transform.rank === null ? [] : [{ name: transform.rank, type: { kind: 'long' } }];
  const key =
    transform.rank !== null
      ? [...transform.group, transform.rank]
      : transform.k === 1 && !transform.ties
        ? transform.group
        : place.relation.key;
  const relation: Relation = output ?? {
    kind: transform.emit.mode === 'final' ? 'stream' : 'table',
    columns: [...ranked, ...place.relation.columns],
    key,
    windowed: false,
  };
  if (transform.emit.mode === 'every') place = { ...place, periodic: true };
  const whole = place.partitionedBy?.every((name) => transform.group.includes(name)) ?? false;
  if (whole)
    return builder.add(
      place,
      { op: 'rank', mode: 'single', transform, store: null, output: null, ...builder.base(place, step, relation) },
      relation,
      transform.group,
    );
  const next = builder.newStage();
  const to = builder.send(place, next, place.relation.columns);
  builder.add(
    place,
    { op: 'rank', mode: 'local', transform, store: null, output: to, ...builder.base(place, step, place.relation) },
    place.relation,
    null,
  );
  const received: Place = { ...place, stage: next, feeds: [{ input: 0 }], partitionedBy: transform.group, folded: false };
  next.stores.push({ kind: 'rows', node: 0 });
  return builder.add(
    received,
    { op: 'rank', mode: 'global', transform, store: 0, output: null, ...builder.base(received, step, relation) },
    relation,
    transform.group,
  );
}
