import { columnExpr, messages, type NamedExpr, type Relation, type StepContext, type StepResult } from '@rta/dsl';
import { WINDOW_COLUMNS, windowEndOf } from '../window-columns.js';
import { rowsOfGroups } from './rows.js';
import { checkNewColumn, keepsOne, type TopKSettings } from './settings.js';

/** The first rows of a stream: rows come, and none of them leaves but for a better one. */
export function topKOfStream(context: StepContext, settings: TopKSettings): StepResult | null {
  const { input, window, emit, groupBy: group, verbSpan: span } = context;
  const { rank, list, take } = settings;
  if (group === null || window === 'broken') return null;
  const windowEnd = windowEndOf(context);
  const keepsWindow = windowEnd !== null;
  if (!checkTimes(context, keepsWindow)) return null;

  const added = group.filter((column) => !isPlain(column));
  const windowColumns = window === null ? [] : WINDOW_COLUMNS;
  const kept: readonly NamedExpr[] =
    take === null
      ? input.columns.map((column) => ({ name: column.name, expr: columnExpr(column, span) }))
      : take.columns.map(({ name, expr }) => ({ name, expr }));
  const rowNames = kept.map(({ name }) => name);
  const inFront = [
    ...group.filter((column) => list !== null || !isPlain(column) || !rowNames.includes(column.name)).map(({ name }) => name),
    ...windowColumns,
  ];
  for (const { name } of added) {
    const clashes = list === null ? rowNames.includes(name) : false;
    if (clashes) context.report(messages.columnTwice(context.modifier('groupBy')!.keySpan, name, 'give the group column another name'));
  }
  for (const name of windowColumns) {
    if (group.some((column) => column.name === name)) context.report(messages.windowColumn(context.modifier('groupBy')!.keySpan, name));
    else if (list === null && rowNames.includes(name))
      context.report(messages.topKInput(context.modifier('window')!.keySpan, name, 'the window'));
  }
  checkNewColumn(context, rank, list === null ? [...inFront, ...rowNames] : rowNames, 'rank');
  checkNewColumn(context, list, inFront, 'list');
  const isTable = emit.mode !== 'final';
  if (isTable && list === null && rank === null && !keepsOne(settings))
    context.report(
      messages.boardNeedsRank(
        span,
        settings.k === 1 ? 'several rows may tie for the first place' : 'the rows of a stream have no key of their own',
      ),
    );

  checkEvery(context, settings);

  const output = [...(rank !== null && list === null ? [rank.name] : []), ...inFront, ...(list === null ? rowNames : [list.name])];
  const { transforms, columns } = rowsOfGroups({
    group,
    window,
    closes: windowEnd,
    ttlMs: context.ttlMs,
    emit,
    k: settings.k,
    by: settings.by,
    ties: settings.ties,
    rank: rank?.name ?? null,
    list: list?.name ?? null,
    kept,
    output,
    span,
  });
  const groupKey = [...group.map(({ name }) => name), ...windowColumns];
  const relation: Relation = {
    kind: isTable ? 'table' : 'stream',
    columns,
    key: rank !== null && list === null && !keepsOne(settings) ? [...groupKey, rank.name] : groupKey,
    windowed: window !== null || keepsWindow,
  };
  return { transforms, output: relation, missing: take?.failed ?? [] };
}

function isPlain({ name, expr }: NamedExpr): boolean {
  return expr.kind === 'column' && expr.name === name;
}

/** After a restart it is not known which ranks were out: they must not have become fewer. */
function checkEvery(context: StepContext, settings: TopKSettings): void {
  const { emit, window, ttlMs } = context;
  if (emit.mode !== 'every' || settings.list !== null || keepsOne(settings)) return;
  const isSession = window !== null && window !== 'broken' && window.kind === 'session';
  const why = settings.ties ? '`ties: all`' : ttlMs !== null ? '`ttl`' : isSession ? 'sessions' : null;
  if (why !== null) context.report(messages.topKEvery(context.modifier('emit')!.keySpan, why));
}

/** Whether window, emission and ttl go together. */
function checkTimes(context: StepContext, keepsWindow: boolean): boolean {
  const { window, emit, report } = context;
  if (window !== null && window !== 'broken' && window.kind === 'sliding') {
    report(messages.topKInSliding(context.modifier('window')!.keySpan));
    return false;
  }
  if (emit.mode === 'final' && window === null && !keepsWindow) {
    report(messages.finalTopK(context.modifier('emit')!.keySpan));
    return false;
  }
  const ttl = context.modifier('ttl');
  if (ttl === null || (window === null && !keepsWindow)) return true;
  report(messages.topKTtl(ttl.keySpan, 'the board goes when its window closes', 'leave `ttl` out; `grace` keeps a window open longer'));
  return false;
}
