/**
 * Folds that keep the rows of tables by their keys, so that they can be handed on as they change, and be taken back: of each row as it is, nothing
 * is added up. Their accumulators are
 * - `newest`: the columns that `type` (a record) has as fields, of the row as it was put last; none where it was deleted
 * - `owned`: the same of a row that is joined elsewhere, by a foreign key that may change (SEMANTICS rule 13). Each place that has joined it
 *   says so, with the version of the row, and says when it has left; the greatest version counts, and the row is gone when all have left
 *
 * A group has a row while all accumulators have one whose type is not nullable, and is gone when none has. Its columns are those of the group and of the
 * accumulators, its time is the latest of theirs.
 */
import type { Accumulator, Column, FoldTransform, NamedExpr, Relation, SourceNode, Span, Type } from '@rta/dsl';
import type { StageNode } from './physical.js';
import type { Place } from './place.js';
import type { StageBuilder } from './stage-builder.js';

type RecordType = Extract<Type, { kind: 'record' }>;

/** An accumulator of rows with these columns. Optional: there may be a row without. */
export function rowsOf(fn: 'newest' | 'owned', columns: readonly Column[], optional: boolean): Accumulator {
  const record: Type = { kind: 'record', name: 'row', fields: columns };
  return { fn, arg: null, where: null, type: optional ? { kind: 'nullable', of: record } : record };
}

/** The columns of such an accumulator, as they are kept. */
export function keptColumns({ type }: Accumulator): readonly Column[] {
  return ((type.kind === 'nullable' ? type.of : type) as RecordType).fields;
}

/** As what they are stored: c0, c1, …, since names of columns may be none of Avro's. */
export function storedRow(accumulator: Accumulator): Type {
  return { kind: 'record', name: 'row', fields: keptColumns(accumulator).map(({ type }, i) => ({ name: `c${i}`, type })) };
}

/** A fold that keeps rows: `key` are columns of what comes out. */
export function rowsFold(key: readonly Column[], accumulators: readonly Accumulator[], span: Span): FoldTransform {
  const group = key.map(({ name, type }): NamedExpr => ({ name, expr: { kind: 'column', name, type, span } }));
  return { type: 'fold', group, window: null, ttlMs: null, accumulators, results: [], emit: { mode: 'updates' } };
}

/** Adds a fold of mode `rows` to the stage of a place. */
export function addRowsFold(
  builder: StageBuilder,
  place: Place,
  step: { readonly id: string },
  transform: FoldTransform,
  relation: Relation,
  partitionedBy: readonly string[] | null,
  sides?: readonly (readonly number[])[],
): Place {
  const store = place.stage.stores.length;
  place.stage.stores.push({ kind: 'fold', node: place.stage.nodes.length });
  const node: StageNode = {
    op: 'fold',
    mode: 'rows',
    transform,
    store,
    output: null,
    ...(sides === undefined ? {} : { sides }),
    ...builder.base(place, step, relation),
  };
  return { ...builder.add(place, node, relation, partitionedBy), folded: true };
}

/** Keeps the rows of a source of `kind: table`: the last record of a key is its row, one without a value deletes it. */
export function keepRows(builder: StageBuilder, place: Place, { id, span }: SourceNode): Place {
  const { relation } = place;
  const { key, rest } = splitColumns(relation);
  return addRowsFold(builder, place, { id }, rowsFold(key, [rowsOf('newest', rest, false)], span), relation, relation.key);
}

/** The columns of a table: those of its key, in its order, and the others. */
export function splitColumns({ columns, key }: Relation): { readonly key: readonly Column[]; readonly rest: readonly Column[] } {
  const names = key ?? [];
  return {
    key: names.map((name) => columns.find((column) => column.name === name)!),
    rest: columns.filter(({ name }) => !names.includes(name)),
  };
}
