import type { BoardAst } from '../ast/ast.js';
import type { Board } from '../plan/plan.js';
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
    return [{ name, sink: sink.id, show, label: column(board.label), value: column(board.value), by: column(board.by) }];
  });
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
