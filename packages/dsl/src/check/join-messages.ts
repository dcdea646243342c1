import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';
import { showType } from '../types/lattice.js';
import type { Type } from '../types/type.js';

/** RTA35xx: the messages about joins. */
export const joinMessages = {
  joinOn: errorMessage('RTA3501', 'A join that is not on equal keys', (span: Span, what: string, right: string) => ({
    span,
    message: `a join is on equal keys, and this ${what}`,
    help: `name columns that both sides have, or write \`left_column == ${right}.right_column\`, several with \`and\``,
  })),
  joinWholeRow: errorMessage('RTA3520', 'The right side of a join named without a column', (span: Span, right: string) => ({
    span,
    message: `${quote(right)} is all of a row of the right side, and a condition is about columns`,
    help: `name one of them: \`${right}.column\``,
  })),
  joinMeta: errorMessage('RTA3521', 'Metadata in the condition of a join', (span: Span, name: string) => ({
    span,
    message: `${quote(name)} is of the record, and rows are compared after they have moved to those of equal keys`,
    help: `make it a column before: \`- derive: { ${name.slice(1)}_: ${name} }\``,
  })),
  joinTypes: errorMessage('RTA3502', 'Join keys of types that do not meet', (span: Span, name: string, left: Type, right: Type) => ({
    span,
    message: `${quote(name)} is ${showType(left)} on the left and ${showType(right)} on the right`,
    help: 'convert one of them: `on: string(id) == other.id`',
  })),
  nullableJoinKey: errorMessage('RTA3503', 'A join key that may be null', (span: Span, text: string, side: 'left' | 'right') => ({
    span,
    message: `the join key ${quote(text)} of the ${side} side may be null, and null equals nothing`,
    help: `leave such rows out before: \`- filter: ${text} != null\``,
  })),
  joinKeyType: errorMessage('RTA3504', 'A join key of a type that is no key', (span: Span, text: string, type: Type) => ({
    span,
    message: `${quote(text)} is ${showType(type)}, and rows are not joined on that`,
    help: 'join on a text, a number, a time or one of its fields',
  })),
  joinCollision: errorMessage('RTA3505', 'A column of both sides of a join', (span: Span, names: readonly string[], take: string) => ({
    span,
    message: `both sides have ${listing(names.map(quote), 'and')}`,
    help: `say which columns of the right side are wanted, under which names: \`${take}\``,
  })),
  joinAlias: errorMessage('RTA3506', 'A joined stream called as a column is', (span: Span, name: string) => ({
    span,
    message: `the left side has a column ${quote(name)}, so \`${name}.x\` would be a field of it`,
    help: 'give the right side another name: `as: other`',
  })),
  withinNeeded: errorMessage(
    'RTA3507',
    'Two streams joined without `within`',
    (span: Span, right: string, bounds: { readonly beforeMs: number | null; readonly afterMs: number | null } | null) => ({
      span,
      message: 'two streams are joined `within` a time: without one, each row would have to be kept for ever',
      help: withinHelp(right, bounds),
    }),
  ),
  joinSetting: errorMessage('RTA3508', 'A setting that this join does not have', (span: Span, name: string, help: string) => ({
    span,
    message: `${quote(name)} has no meaning in this join`,
    help,
  })),

  tableWithoutKey: errorMessage('RTA3509', 'A table without a key', (span: Span, name: string) => ({
    span,
    message: `the table ${quote(name)} has no key, so nothing says which row a record is`,
    help: 'say the column that equals the record key: `key: id`',
  })),
  joinWholeKey: errorMessage('RTA3510', 'A table joined on something other than its key', (span: Span, key: readonly string[]) => ({
    span,
    message: `a table is joined on its whole key: ${listing(key.map(quote), 'and')}`,
    help: 'aggregate it by the columns that you join on, before',
  })),
  asOfAggregate: errorMessage('RTA3511', 'A join as of a time with an aggregate', (span: Span) => ({
    span,
    message: 'a table that is computed has no versions: how often it changes depends on when it is written',
    help: 'take what is there, `version: latest`, or join windowed results (`emit: final`) on `window_start, window_end` too',
  })),
  joinCopartitioned: errorMessage(
    'RTA3533',
    'A `copartitioned` join of streams that do not lie by its key',
    (span: Span, side: string, key: readonly string[] | null) => ({
      span,
      message:
        key === null
          ? `\`copartitioned\` joins rows where they are, and those of the ${side} side are not known to lie by a key`
          : `\`copartitioned\` joins rows where they are, and those of the ${side} side lie by ${listing(key.map(quote), 'and')}, which this join does not equate with what the other side lies by`,
      help: 'join on what is the `key` of the sources of both sides, or leave `copartitioned` out: rows are then brought to those of equal keys',
    }),
  ),
  tableFirst: errorMessage('RTA3512', 'A table on the left of a stream', (span: Span) => ({
    span,
    message: 'the stream stands on the left of a join with a table',
    help: 'begin with the stream, and join it `with` the table',
  })),
};

/** @param bounds what the condition says of the rows' times; null: there is none */
function withinHelp(right: string, bounds: { readonly beforeMs: number | null; readonly afterMs: number | null } | null): string {
  if (bounds === null) return 'add `within: 10m`, or join results of equal windows on `window_start, window_end` too';
  const [earlier, later] = [`${right}.$time >= $time - 10m`, `${right}.$time <= $time + 10m`];
  if (bounds.beforeMs === null && bounds.afterMs === null)
    return `add \`within: 10m\`, or say in \`on\` how much earlier and later the right row may be: \`${earlier} and ${later}\``;
  return `\`on\` also has to say how much ${bounds.beforeMs === null ? `earlier the right row may be: \`${earlier}\`` : `later the right row may be: \`${later}\``}`;
}
