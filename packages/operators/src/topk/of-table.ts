import {
  type Column,
  columnExpr,
  messages,
  type NamedExpr,
  type Relation,
  type StepContext,
  type StepResult,
  type Transform,
} from '@rta/dsl';
import { windowEndOf } from '../window-columns.js';
import { RANK_TYPE, rowsOfGroups } from './rows.js';
import { checkNewColumn, keepsOne, type TopKSettings } from './settings.js';

/** The first rows of a table: an index of its rows as they are now. */
export function topKOfTable(context: StepContext, settings: TopKSettings): StepResult | null {
  const { input, groupBy, emit, verbSpan: span } = context;
  const { k, by, ties, rank, list, take } = settings;
  if (context.modifier('window') !== null) context.report(messages.windowOnTable(context.modifier('window')!.keySpan));
  const ttl = context.modifier('ttl');
  if (ttl !== null)
    context.report(
      messages.topKTtl(ttl.keySpan, 'this ranks a table, whose rows leave by themselves', 'put `ttl` on the aggregate before'),
    );
  if (groupBy === null) return null;
  const group = groupBy.map(({ name }) => name);
  // Boards are grouped by columns: what is computed for that is computed before.
  const added = groupBy.filter((column) => !isColumn(column, column.name));
  for (const { name } of added) {
    if (input.columns.some((column) => column.name === name))
      context.report(messages.columnTwice(context.modifier('groupBy')!.keySpan, name, 'give the group column another name'));
  }
  const ranked: readonly Column[] = [...added.map(({ name, expr }) => ({ name, type: expr.type })), ...input.columns];
  const windowEnd = windowEndOf(context);
  const keepsWindow = windowEnd !== null;
  if (emit.mode === 'final' && !keepsWindow) context.report(messages.finalTopK(context.modifier('emit')!.keySpan));
  const inputKey = input.key ?? [];
  const rowNames = take === null ? ranked.map(({ name }) => name) : take.columns.map(({ name }) => name);
  const missingGroup = group.filter((name) => list !== null || !rowNames.includes(name));
  checkNewColumn(context, rank, list === null ? [...ranked.map(({ name }) => name), ...rowNames] : rowNames, 'rank');
  checkNewColumn(context, list, missingGroup, 'list');
  const needsKey = list === null && rank === null && !keepsOne(settings);
  if (needsKey && inputKey.length === 0) context.report(messages.boardNeedsRank(span, 'the rows of this table have no key of their own'));
  const rest = rank !== null ? [rank.name] : needsKey ? inputKey.filter((name) => !group.includes(name)) : [];
  const isFinal = emit.mode === 'final';
  const base: Pick<Relation, 'kind' | 'windowed'> = { kind: isFinal ? 'stream' : 'table', windowed: keepsWindow };
  const named = (names: readonly string[]): NamedExpr[] =>
    names.map((name) => ({
      name,
      expr: columnExpr(
        ranked.find((column) => column.name === name)!,
        span,
      ),
    }));
  const prepared: Transform[] =
    added.length === 0 ? [] : [{ type: 'project', columns: [...added, ...named(input.columns.map(({ name }) => name))] }];
  const taken = take === null ? named(rowNames) : take.columns.map(({ name, expr }) => ({ name, expr }));
  // A list is emitted as it is asked for, from a board that is up to date.
  const boardEmit = list !== null && emit.mode === 'every' ? ({ mode: 'updates' } as const) : emit;
  const boardRank = list === null ? (rank?.name ?? null) : null;
  const ranking: Transform = {
    type: 'rank',
    group,
    k,
    by,
    tieBreak: inputKey,
    rank: boardRank,
    ties,
    emit: boardEmit,
    ...(keepsWindow ? { closes: true } : {}),
  };
  if (list !== null) {
    const order = [...by, ...named(inputKey).map(({ expr }) => ({ expr, descending: false, nullsFirst: false }))];
    const { transforms, columns } = rowsOfGroups({
      ...{ group: named(group), window: null, closes: isFinal ? windowEnd : null, ttlMs: null, emit, k: MOST_ROWS, by: order, ties: false },
      ...{ rank: rank?.name ?? null, list: list.name, kept: taken, output: [...group, list.name], span },
    });
    return { transforms: [...prepared, ranking, ...transforms], output: { ...base, columns, key: group }, missing: take?.failed ?? [] };
  }
  const rankColumns: readonly Column[] = rank === null ? [] : [{ name: rank.name, type: RANK_TYPE }];
  const key = [...group, ...rest];
  if (take === null) return { transforms: [...prepared, ranking], output: { ...base, columns: [...rankColumns, ...ranked], key } };
  const lost = rest.filter((name) => name !== rank?.name && !taken.some((column) => column.name === name && isColumn(column, name)));
  if (lost.length > 0) context.report(messages.topKTakeKey(take.entry.keySpan, lost));
  const ranks: NamedExpr[] = rankColumns.map((column) => ({ name: column.name, expr: columnExpr(column, span) }));
  const projected = [...ranks, ...named(missingGroup), ...taken];
  return {
    transforms: [...prepared, ranking, { type: 'project', columns: projected }],
    output: { ...base, columns: projected.map(({ name, expr }) => ({ name, type: expr.type })), key },
    missing: take.failed,
  };
}

/** The board has them all already. */
const MOST_ROWS = 2 ** 31 - 1;

function isColumn({ expr }: NamedExpr, name: string): boolean {
  return expr.kind === 'column' && expr.name === name;
}
