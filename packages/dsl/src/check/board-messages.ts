import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, quote } from '../diagnostics/message.js';
import type { Type } from '../types/type.js';
import { showType } from '../types/lattice.js';

/** RTA333x: the messages about boards. */
export const boardMessages = {
  boardOfRange: errorMessage('RTA3331', 'A board over a range of time that no table keeps', (span: Span, board: string, sink: string) => ({
    span,
    message: `the board ${quote(board)} is over a range of time, and the sink ${quote(sink)} is no table of the OLAP store, which alone has all of it`,
    help: 'write the rows to a sink with `table:` too, and say `from:` that; or leave `time` out',
  })),
  boardTime: errorMessage('RTA3332', 'A `time` of a board that is no timestamp', (span: Span, name: string, type: Type) => ({
    span,
    message: `\`time\` is a timestamp, and ${quote(name)} is ${showType(type)}`,
  })),
  boardTotal: errorMessage('RTA3333', 'A `total` without a `time`', (span: Span) => ({
    span,
    message: '`total` says how the rows of a range of time become one number, and the board has no `time`',
    help: 'say which column the range is chosen by: `time: window_start`',
  })),
  boardValue: errorMessage('RTA3334', 'A board over a range of time without a value', (span: Span, board: string) => ({
    span,
    message: `the board ${quote(board)} needs a \`value\`, unless its \`total\` is count`,
  })),
};
