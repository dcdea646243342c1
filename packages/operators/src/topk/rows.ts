/** How the first rows of each group are kept: by a fold whose one accumulator is a list of rows. */
import {
  type Accumulator,
  type Column,
  columnExpr,
  type Emit,
  type FoldTransform,
  type NamedExpr,
  type Order,
  type Span,
  type Transform,
  type Type,
  type TypedExpr,
  type WindowSpec,
} from '@rta/dsl';

import { WINDOW_COLUMNS } from '../window-columns.js';

/** No column of a pipeline has a dot in its name. */
const ROWS = 'topK.rows';
export const RANK_TYPE: Type = { kind: 'long' };

export interface RowsOfGroups {
  readonly group: readonly NamedExpr[];
  readonly window: WindowSpec | null;
  /** See FoldTransform. */
  readonly closes: TypedExpr | null;
  readonly ttlMs: number | null;
  readonly emit: Emit;
  readonly k: number;
  readonly by: readonly Order[];
  readonly ties: boolean;
  readonly rank: string | null;
  readonly list: string | null;
  /** The columns of the rows that are kept. */
  readonly kept: readonly NamedExpr[];
  /** Of those that are not in `group`, what comes out, in this order: names of rank, list, group, window and kept columns. */
  readonly output: readonly string[];
  readonly span: Span;
}

/** The transforms, and the columns that they give. */
export function rowsOfGroups(rows: RowsOfGroups): { readonly transforms: readonly Transform[]; readonly columns: readonly Column[] } {
  const { span, rank, list } = rows;
  const prepared = prepare(rows);
  const { group, by, kept } = prepared;
  // What the group has need not be kept with each of its rows, unless it is listed.
  const isGroup = ({ name, expr }: NamedExpr): boolean =>
    group.some((other) => other.name === name && other.expr.kind === 'column' && expr.kind === 'column' && other.expr.name === expr.name);
  const fields = kept.filter((column) => list !== null || !isGroup(column)).map(({ name, expr }): Column => ({ name, type: expr.type }));
  const ranked: Column[] = rank === null ? [] : [{ name: rank, type: RANK_TYPE }];
  const record: Type = {
    kind: 'record',
    name: list === null ? 'row' : `${list}_row`,
    fields: list === null ? fields : [...ranked, ...fields],
  };
  const alone = list === null && rows.k === 1 && !rows.ties;
  const type: Type = alone ? record : { kind: 'array', items: record };
  const top = { by, ties: rows.ties, rank: list === null ? null : rank };
  const accumulator: Accumulator = { fn: 'topRows', arg: null, where: null, limit: rows.k, top, type };
  const accumulated: TypedExpr = { kind: 'accumulator', index: 0, type, span };
  const results: NamedExpr[] = alone
    ? fields.map(({ name, type: of }) => ({ name, expr: { kind: 'field', of: accumulated, field: name, type: of, span } }))
    : [{ name: list ?? ROWS, expr: accumulated }];
  const fold: FoldTransform = {
    type: 'fold',
    group,
    window: rows.window,
    ttlMs: rows.ttlMs,
    accumulators: [accumulator],
    results,
    emit: rows.emit,
    ...(rows.closes === null ? {} : { closes: group.find(({ name }) => name === 'window_end')!.expr }),
  };
  const windowColumns: Column[] =
    rows.window === null ? [] : WINDOW_COLUMNS.map((name) => ({ name, type: { kind: 'timestamp', unit: 'millis' } }));
  const spreads = list === null && !alone;
  const given: Column[] = [
    ...(spreads ? ranked : []),
    ...group.map(({ name, expr }): Column => ({ name, type: expr.type })),
    ...windowColumns,
    ...(spreads ? fields : results.map(({ name, expr }): Column => ({ name, type: expr.type }))),
  ];
  // The rank of the one row that is kept is known.
  const one: NamedExpr[] = alone && rank !== null ? [{ name: rank, expr: { kind: 'literal', value: 1, type: RANK_TYPE, span } }] : [];
  const exprs = [...given.map((column): NamedExpr => ({ name: column.name, expr: columnExpr(column, span) })), ...one];
  const columns = rows.output.map((name) => exprs.find((column) => column.name === name)!);
  return {
    transforms: [
      ...prepared.project,
      fold,
      ...(spreads ? [{ type: 'spread', column: ROWS, rank, repeats: rows.emit.mode === 'every' } satisfies Transform] : []),
      { type: 'project', columns },
    ],
    columns: columns.map(({ name, expr }) => ({ name, type: expr.type })),
  };
}

/** Rows are kept as columns that there are: what `take` computes is computed before, beside what the rest needs. */
function prepare({ group, by, kept, span }: RowsOfGroups): Pick<RowsOfGroups, 'group' | 'by' | 'kept'> & { readonly project: Transform[] } {
  const isPlain = ({ name, expr }: NamedExpr): boolean => expr.kind === 'column' && expr.name === name;
  if (kept.every(isPlain)) return { group, by, kept, project: [] };
  const named = (name: string, expr: TypedExpr): NamedExpr => ({ name, expr });
  const groups = group.map(({ name, expr }) => named(`topK.${name}`, expr));
  const orders = by.map(({ expr }, i) => named(`topK.by${String(i)}`, expr));
  const reading = ({ name, expr }: NamedExpr): TypedExpr => columnExpr({ name, type: expr.type }, span);
  return {
    group: group.map(({ name }, i) => named(name, reading(groups[i]))),
    by: by.map((order, i) => ({ ...order, expr: reading(orders[i]) })),
    kept: kept.map((column) => named(column.name, reading(column))),
    project: [{ type: 'project', columns: [...kept, ...groups, ...orders] }],
  };
}
