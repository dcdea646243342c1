import type { FilterTransform, ProjectTransform, Relation, StepNode, UnnestTransform } from '@rta/dsl';
import type { StageNode } from './physical.js';
import type { Place } from './place.js';
import { type StageBuilder, StagingError } from './stage-builder.js';

/** What is done with each row by itself, where the rows are. */
export function stageStateless(
  builder: StageBuilder,
  place: Place,
  step: StepNode,
  transform: FilterTransform | ProjectTransform | UnnestTransform,
): Place {
  switch (transform.type) {
    case 'filter':
      return builder.add(
        place,
        { op: 'filter', transform, ...builder.base(place, step, place.relation) },
        place.relation,
        place.partitionedBy,
      );
    case 'unnest': {
      if (place.relation.kind === 'table') throw new StagingError('`unnest` takes streams, and this is a table', step.span);
      const { column } = transform;
      const { columns, key } = place.relation;
      const replaces = columns.some(({ name }) => name === column.name);
      const relation: Relation = {
        ...place.relation,
        columns: replaces ? columns.map((one) => (one.name === column.name ? column : one)) : [...columns, column],
        key: without(key, column.name),
      };
      const node: StageNode = { op: 'unnest', transform, ...builder.base(place, step, relation) };
      return builder.add(place, node, relation, without(place.partitionedBy, column.name));
    }
    case 'project': {
      const columns = transform.columns.map((c) => ({ name: c.name, type: c.expr.type }));
      const kept = (name: string): string | null =>
        transform.columns.find((c) => c.expr.kind === 'column' && c.expr.name === name)?.name ?? null;
      const renamed = (names: readonly string[] | null): readonly string[] | null => {
        const mapped = names?.map(kept) ?? null;
        return mapped === null || mapped.includes(null) ? null : (mapped as string[]);
      };
      const relation: Relation = { ...place.relation, columns, key: renamed(place.relation.key) };
      return builder.add(
        place,
        { op: 'project', transform, ...builder.base(place, step, relation) },
        relation,
        renamed(place.partitionedBy),
      );
    }
  }
}

/** Names that do not go by one that now is of something else. */
function without(names: readonly string[] | null, name: string): readonly string[] | null {
  return names?.includes(name) ? null : names;
}
