import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';
import { didYouMean } from '../expression/suggest.js';

/** RTA38xx: the messages about functions of users' own, whose modules have to be loaded for that. */
export const useMessages = {
  functionModule: errorMessage('RTA3801', 'A module of a function that cannot be loaded', (span: Span, ref: string, why: string) => ({
    span,
    message: `the module of ${quote(ref)} cannot be loaded: ${why}`,
    help: 'the path is relative to the file of the pipeline',
  })),
  noSuchFunction: errorMessage(
    'RTA3802',
    'A function that its module does not export',
    (span: Span, ref: string, name: string, exported: readonly string[]) => ({
      span,
      message: `the module of ${quote(ref)} does not export a function ${quote(name)}`,
      help:
        didYouMean(name, exported) ??
        (exported.length === 0 ? 'it exports no function' : `it exports ${listing(exported.map(quote), 'and')}`),
    }),
  ),
  functionArity: errorMessage('RTA3803', 'A function that takes several arguments', (span: Span, ref: string, arity: number) => ({
    span,
    message: `${quote(ref)} takes ${String(arity)} arguments, and is called with one: the row`,
    help: 'the columns are properties of the row: `({ score, games }) => …`',
  })),
  functionAsync: errorMessage('RTA3804', 'A function that is asynchronous', (span: Span, ref: string) => ({
    span,
    message: `${quote(ref)} is asynchronous, and a row does not wait`,
    help: 'what has to be looked up is a table: `join` it',
  })),
};
