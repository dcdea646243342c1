import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';
import { showType } from '../types/lattice.js';
import type { Type } from '../types/type.js';

/** RTA36xx: the messages about `unnest`. */
export const unnestMessages = {
  nothingToUnnest: errorMessage('RTA3601', 'An `unnest` of what has no items', (span: Span, type: Type) => ({
    span,
    message: `\`unnest\` takes an array or a map, and this is ${showType(type)}`,
    help: type.kind === 'string' ? 'the parts of a text are `unnest: { part: split(text, ",") }`' : undefined,
  })),
  unnestOne: errorMessage('RTA3602', 'Several arrays in one `unnest`', (span: Span, names: readonly string[]) => ({
    span,
    message: `one step unnests one array, and these are ${listing(names.map(quote), 'and')}`,
    help: 'two steps after each other give each item of the one with each item of the other',
  })),
};
