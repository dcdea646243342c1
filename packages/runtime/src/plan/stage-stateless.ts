import type { FilterTransform, ProjectTransform, Relation, StepNode } from '@rta/dsl';
import type { Place } from './place.js';
import type { StageBuilder } from './stage-builder.js';

/** A filter or a projection, where the rows are. */
export function stageStateless(builder: StageBuilder, place: Place, step: StepNode, transform: FilterTransform | ProjectTransform): Place {
  switch (transform.type) {
    case 'filter':
      return builder.add(
        place,
        { op: 'filter', transform, ...builder.base(place, step, place.relation) },
        place.relation,
        place.partitionedBy,
      );
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
