import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';

/** RTA353x: the messages about tables, and joins of two of them. */
export const tableMessages = {
  outerForeignKey: errorMessage('RTA3530', 'An outer join on a foreign key', (span: Span, key: readonly string[]) => ({
    span,
    message: `an \`outer\` join of tables is on the left one's whole key as it stands, ${listing(key.map(quote), 'and')}: else rows of the right one would have none`,
    help: '`left` keeps the rows of the left table',
  })),
  tablesCondition: errorMessage('RTA3532', 'A condition beside the keys of an outer join of tables', (span: Span) => ({
    span,
    message:
      'of two rows with equal keys that are no match, an `outer` join would give both, and the table that it makes has one row of a key',
    help: '`left` with this condition keeps the rows of the left table; for those of both, join on the keys alone, and derive what depends on it: `if(condition, column, null)`',
  })),
  everyBeforeAggregate: errorMessage(
    'RTA3531',
    'A table that is given periodically, and aggregated or joined',
    (span: Span, what: string) => ({
      span,
      message: `${what} takes rows back as they change, and this table gives them only with \`emit: every\``,
      help: 'leave `emit` out there, and put it on the last step',
    }),
  ),
};
