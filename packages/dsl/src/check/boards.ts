import type { BoardAst } from '../ast/ast.js';
import { BOARD_TOTALS, type Board, type BoardRange } from '../plan/board.js';
import { definite } from '../types/lattice.js';
import type { Spanned } from '../yaml/read.js';
import { messages } from './messages.js';
import type { CheckedSink } from './sinks.js';
import type { Session } from './session.js';
import type { Graph } from './streams.js';

/** Resolves boards to the sinks that they show, and their columns. */
export function checkBoards(boards: readonly BoardAst[], graph: Graph, sinks: readonly CheckedSink[], session: Session): readonly Board[] {
  return boards.flatMap((board) => {
    const found = sinkOf(board, graph, sinks, session);
    if (found === null) return [];
    const { node: sink, missing } = found;
    const names = sink.columns.map((column) => column.name);
    const column = (setting: Spanned<string> | null): string | null => {
      if (setting === null || names.includes(setting.value)) return setting?.value ?? null;
      if (!missing.has(setting.value)) session.report(messages.unknownColumn(setting.span, setting.value, names));
      return null;
    };
    const { name, show } = board;
    const columns = { label: column(board.label), value: column(board.value), by: column(board.by) };
    const range = rangeOf(board, found, column(board.time), session);
    return [{ name, sink: sink.id, show, ...columns, ...(range === null ? {} : { range }) }];
  });
}

/** Null: it has none, or what is wrong with it is reported. */
function rangeOf(board: BoardAst, { node: sink }: CheckedSink, time: string | null, session: Session): BoardRange | null {
  const { name, show } = board;
  const total = BOARD_TOTALS.find((word) => word === board.total?.value) ?? 'sum';
  if (board.time === null) {
    if (board.total !== null) session.report(messages.boardTotal(board.total.span));
    return null;
  }
  if (time === null) return null;
  const { type } = sink.columns.find((each) => each.name === time)!;
  if (sink.store?.kind !== 'table') session.report(messages.boardOfRange(board.span, name, sink.name));
  else if (definite(type).kind !== 'timestamp') session.report(messages.boardTime(board.time.span, time, type));
  else if (board.value === null && total !== 'count' && show !== 'table' && show !== 'funnel')
    session.report(messages.boardValue(board.span, name));
  return { time, total };
}

/** `from` names a sink, or a stream that a sink writes; default the only sink, or the only one that is a topic. */
function sinkOf(board: BoardAst, graph: Graph, sinks: readonly CheckedSink[], session: Session): CheckedSink | null {
  if (sinks.length === 0) return null;
  if (board.from === null) {
    const topics = sinks.filter(({ node }) => node.store === undefined);
    if (topics.length === 1) return topics[0];
    if (sinks.length === 1) return sinks[0];
    session.report(
      messages.fromNeeded(
        board.span,
        sinks.map(({ node }) => node.name),
      ),
    );
    return null;
  }
  const { value } = board.from;
  const named = sinks.find(({ node }) => node.name === value);
  if (named !== undefined) return named;
  const flow = graph.resolve(board.from, board.span);
  return sinks.find(({ node }) => node.input === flow?.id) ?? null;
}
