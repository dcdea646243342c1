import type { BoardAst } from '../ast/ast.js';
import type { Board, SinkNode } from '../plan/plan.js';
import type { Spanned } from '../yaml/read.js';
import { messages } from './messages.js';
import type { Session } from './session.js';
import type { Graph } from './streams.js';

/** Resolves boards to the sinks that they show, and their columns. */
export function checkBoards(boards: readonly BoardAst[], graph: Graph, sinks: readonly SinkNode[], session: Session): readonly Board[] {
  return boards.flatMap((board) => {
    const sink = sinkOf(board, graph, sinks, session);
    if (sink === null) return [];
    const names = sink.columns.map((column) => column.name);
    const column = (setting: Spanned<string> | null): string | null => {
      if (setting === null || names.includes(setting.value)) return setting?.value ?? null;
      session.report(messages.unknownColumn(setting.span, setting.value, names));
      return null;
    };
    const { name, show } = board;
    return [{ name, sink: sink.id, show, label: column(board.label), value: column(board.value), by: column(board.by) }];
  });
}

/** `from` names a sink, or a stream that a sink writes; default the only sink. */
function sinkOf(board: BoardAst, graph: Graph, sinks: readonly SinkNode[], session: Session): SinkNode | null {
  if (sinks.length === 0) return null;
  if (board.from === null) {
    if (sinks.length === 1) return sinks[0];
    session.report(
      messages.fromNeeded(
        board.span,
        sinks.map((sink) => sink.name),
      ),
    );
    return null;
  }
  const { value } = board.from;
  const named = sinks.find((sink) => sink.name === value);
  if (named !== undefined) return named;
  const flow = graph.resolve(board.from, board.span);
  return sinks.find((sink) => sink.input === flow?.id) ?? null;
}
