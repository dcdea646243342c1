import type { Column, Relation, SpreadTransform, StepNode } from '@rta/dsl';
import type { Place } from './place.js';
import type { StageBuilder } from './stage-builder.js';

/** Records of an array as rows, where the array is. */
export function stageSpread(builder: StageBuilder, place: Place, step: StepNode, transform: SpreadTransform): Place {
  const { relation: input } = place;
  const ranked: Column[] = transform.rank === null ? [] : [{ name: transform.rank, type: { kind: 'long' } }];
  const others = input.columns.filter(({ name }) => name !== transform.column);
  const key = input.key === null || transform.rank === null ? input.key : [...input.key, transform.rank];
  const relation: Relation = { ...input, key, columns: [...ranked, ...others, ...fieldsOf(transform, input.columns)] };
  const added = builder.add(place, { op: 'spread', transform, ...builder.base(place, step, relation) }, relation, place.partitionedBy);
  // Of a list that changes only the rows that do are handed on, so a row may have the time of an earlier list.
  return input.kind === 'table' ? { ...added, inexactTimes: true } : added;
}

/** The columns that the records become. */
function fieldsOf({ column }: SpreadTransform, columns: readonly Column[]): readonly Column[] {
  const type = columns.find(({ name }) => name === column)?.type;
  if (type?.kind !== 'array' || type.items.kind !== 'record') throw new Error(`${column} is no array of records`);
  return type.items.fields;
}
