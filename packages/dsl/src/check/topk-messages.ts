import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';

/** The messages about `topK`. */
export const topKMessages = {
  boardNeedsRank: errorMessage('RTA3115', '`topK` counts by a key that is not there', (span: Span, why: string) => ({
    span,
    message: `${why}, so the board needs \`rank\``,
    help: 'name the rank column: `rank: rank`',
  })),
  finalTopK: errorMessage('RTA3209', '`emit: final` on a board that is never final', (span: Span) => ({
    span,
    message: '`emit: final` needs a window, or the window among the groups: without it a board is never final',
    help: 'add `window: { tumbling: 1m }` on a stream, or write `groupBy: [window_start, window_end]` after a windowed aggregate',
  })),
  topKInSliding: errorMessage('RTA3231', '`topK` in sliding windows', (span: Span) => ({
    span,
    message: 'a sliding window ends with each row, which would have a board of its own; `topK` has no such windows',
    help: 'write `{ hopping: 5m, every: 1m }` for a board each minute, or `derive` with `over` for values that look back',
  })),
  topKTtl: errorMessage('RTA3232', '`ttl` of a board that needs none', (span: Span, why: string, help: string) => ({
    span,
    message: `\`ttl\` has no meaning here: ${why}`,
    help,
  })),
  topKTakeKey: errorMessage('RTA3233', '`take` without the key of the board', (span: Span, names: readonly string[]) => ({
    span,
    message: `the rows of this board are told apart by ${listing(names.map(quote), 'and')}, which \`take\` leaves out`,
    help: 'take it too, or name a `rank`',
  })),
  topKEvery: errorMessage('RTA3235', '`emit: every` of a board whose ranks may become fewer', (span: Span, what: string) => ({
    span,
    message: `a ranked board with ${what} may lose ranks, and with \`emit: every\` it is not known which of them were written`,
    help: 'leave `emit` out, or write the board as one row: `list: rows`',
  })),
  topKInput: errorMessage('RTA3234', 'A column that `topK` adds and its input has', (span: Span, name: string, what: string) => ({
    span,
    message: `${what} adds the column ${quote(name)}, and the rows have one already`,
    help: `rename it before: \`- rename: { other: ${name} }\``,
  })),
};
