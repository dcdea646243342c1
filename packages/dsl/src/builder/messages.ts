import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, quote } from '../diagnostics/message.js';

/** The messages about pipelines that are built by a program. One function each. */
export const builderMessages = {
  moduleFails: errorMessage('RTA2501', 'A module that fails while it is loaded', (span: Span, reason: string, help?: string) => ({
    span,
    message: `this module cannot be loaded: ${reason}`,
    help,
  })),
  noPipeline: errorMessage('RTA2502', 'A module that exports no pipeline', (span: Span, exported: readonly string[]) => ({
    span,
    message: `this module exports no pipeline${exported.length > 0 ? `, only ${exported.map(quote).join(', ')}` : ''}`,
    help: 'write `export default pipeline("name", { … })`',
  })),
  noTypeScript: errorMessage('RTA2503', 'A TypeScript module where there is nothing to read it with', (span: Span, node: string) => ({
    span,
    message: `Node ${node} reads no TypeScript`,
    help: 'install tsx beside the pipeline (`npm install --save-dev tsx`), use Node 22.18 or later, or compile it to JavaScript',
  })),
  streamWithoutName: errorMessage('RTA2504', 'A stream that is read, but is not in `streams`', (span: Span) => ({
    span,
    message: 'this stream is read by another, but has no name',
    help: 'put it under `streams: { name: stream }`; each method gives a new stream, so put the one there that is read',
  })),
  otherSource: errorMessage('RTA2505', 'Steps that begin with another source than `source`', (span: Span, from: string) => ({
    span,
    message: `these steps read ${quote(from)}, and \`source\` says something else`,
    help: 'write `stream()`, or leave `source` out',
  })),
  notSteps: errorMessage('RTA2506', 'Steps that are not a stream', (span: Span, key: string) => ({
    span,
    message: `${quote(key)} must be a stream`,
    help: 'begin with `stream("source")` and chain its steps: `stream("user_score").filter("score > 0")`',
  })),
  notData: errorMessage('RTA2507', 'A value that is no setting', (span: Span, key: string, what: string) => ({
    span,
    message: `${quote(key)} is ${what}`,
    help: 'settings are texts, numbers, true and false, lists and maps; an expression is a text: "score > 0"',
  })),
};
