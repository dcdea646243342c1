import type {
  Column,
  JoinCondition,
  Joined,
  JoinHow,
  JoinKeys,
  NamedColumn,
  NamedExpr,
  OperatorSpec,
  Relation,
  StepContext,
  TypedExpr,
} from '@rta/dsl';
import { columnExpr, entryOf, messages, nullableIf, renameColumns, shapes, valueOf } from '@rta/dsl';
import { joinedTable, joinOfTables, noTimes, onWholeKey, tablesHow } from './join-tables.js';

/** `join`: rows of a stream or table with those of another of equal keys. */
export const join: OperatorSpec = {
  verb: 'join',
  modifiers: [],
  summary: 'Joins, by key, the rows of a stream with those of another one close in time or of a table, and those of two tables.',
  doc: `
\`join\` takes the rows of a stream or table (left) with those of \`with\` (right) that have equal keys.

- \`on\`: columns that both sides have, or equalities: \`on: seller == persons.id\`, several with \`and\`. A key is never null. \`as\` gives the right
  side another name there. Further conditions may follow, over the columns of both sides and the left row's \`$time\`:
  \`on: auction == auctions.id and date_time <= auctions.expires\`. Rows that do not meet them are no match.
- \`take\`: the columns of the right side that are wanted, with new names where they would collide; else all of them but the keys.
- \`type\`: \`inner\` (default), \`left\`, which keeps left rows without a match, or \`outer\`, which keeps those of both sides. What is missing is null.

A stream is joined with a table, a source of \`kind: table\`, on the table's whole key. Each row meets the newest version at or before its own time, so
it waits until the watermark has passed that: the result is the same whenever it is computed. A condition in \`on\` is asked of
that version; where it does not hold there is no match, and older versions are not looked at. \`version: latest\` does not wait, and takes
whatever is there; so it can also be with a table that is computed: an aggregate, a board, a join of tables. A record with a null value
deletes a row of a source.

Two tables are joined as they are now, and the result is a table with the left one's key: it changes when either side does, and what follows
takes back what no longer holds. \`on\` gives the right table's whole key: by the left one's key, or by any other columns of the left one (a
foreign key; \`inner\` and \`left\`). A foreign key may be null, which refers to no row: \`inner\` has no such row, \`left\` pads it. With conditions
beside the keys a left row is padded while the right one does not meet them, and has it as soon as it does, whichever side changed; one whose
condition cannot be computed is counted and not there. They are for \`inner\` and \`left\`: rows of equal keys that are no match would
be two of an \`outer\` join, under one key.

Two streams are joined \`within\` a time: \`within: 10m\`, either way, or \`within: { before: 1m, after: 10m }\`, as the right row is earlier or later than the
left one. Instead of that, \`on\` may bound the rows' times, of which the right one's is \`other.$time\`:
\`on: user_id == other.user_id and other.$time >= $time and other.$time <= $time + 10m\`, later ones only. A row that is older than its partition's watermark is late; \`grace\` waits longer. Where a match is missing, that is known, and
the row given, when the watermark has passed its time, \`within\` and \`grace\`. Results of equal windows, joined on \`window_start, window_end\`
too, need no \`within\`.

Rows of streams move to those of equal keys by way of topics of the pipeline's own. \`copartitioned: true\` joins them where they are: that takes
less than half of the work. It is for two sources whose \`key\` is what they are joined on, in the same format (\`string\`, \`int\` or
\`long\`), and whose topics have equally many partitions, filled as Kafka's Java clients and rta do it (murmur2 of the key; librdkafka's
default is another). The counts are compared when the pipeline starts, and each record's partition when it is read: one in another partition
is a bad record (\`misplaced\`). \`filter\`, \`derive\`, \`select\` and others that leave rows where they are may stand before the join.

The result has the left columns and those of \`take\`; its time is the later of the two.
`,
  configSchema: shapes.map(
    '`join`',
    {
      with: shapes.text('The stream or source to join with.'),
      as: shapes.textLike('^[A-Za-z_][A-Za-z0-9_]*$', 'a name', 'What it is called in `on`; default its own name.'),
      on: {
        type: ['string', 'array'],
        minLength: 1,
        minItems: 1,
        'x-reads': 'expression',
        items: { type: 'string', minLength: 1, 'x-expected': 'a column of both sides' },
        description: 'What must be equal: columns of both sides, or `left == other.right`.',
        'x-expected': 'a column of both sides, a list of these, or `left == other.right`',
      },
      type: shapes.word(['inner', 'left', 'outer'], 'Which rows without a match are kept; default none.'),
      take: shapes.columns('Columns of the right side.'),
      within: {
        ...shapes.map('`within`', {
          before: shapes.duration('How much earlier the right row may be.'),
          after: shapes.duration('How much later the right row may be.'),
        }),
        type: ['string', 'object'],
        minLength: 1,
        minProperties: 1,
        description: 'How far apart in event time the rows of two streams may be.',
        'x-expected': 'a duration such as 10m, or `{ before, after }`',
      },
      grace: shapes.duration('How long late rows are waited for. Default 0.'),
      version: shapes.word(['latest', 'asOf'], 'Which version of a table.'),
      copartitioned: {
        type: 'boolean',
        description: 'The topics of two streams lie alike: by the join key, in equally many partitions.',
        'x-expected': 'true or false',
      },
    },
    ['with', 'on'],
  ),
  example: {
    columns: { user_id: 'string', kind: 'string', amount: 'int', time: 'timestamp' },
    steps: `
- filter: kind == "order"
- join:
    with: source
    on: user_id
    within: 10m
    take: [{ other: kind }, { paid: amount }]
- filter: other == "paid"
- select: [user_id, amount, paid]
`,
    given: `
- { time: 12:00, user_id: ann, kind: order, amount: 5 }
- { time: 12:04, user_id: ann, kind: paid, amount: 4 }
- { time: 12:15, user_id: ann, kind: paid, amount: 1 }
`,
    expect: `
- { user_id: ann, amount: 5, paid: 4 }
`,
  },

  check(context) {
    const { config, input } = context;
    const right = context.joined();
    if (config.kind !== 'map' || right === null) return null;
    const keys = right.on(valueOf(config, 'on')!);
    const type = context.setting('type');
    const outer = type === 'left' || type === 'outer' ? type : 'inner';
    const how = howOf(context, right, keys);
    const bounds = entryOf(config, 'within') === null ? keys?.bounds : undefined;
    const take = taken(context, right, keys);
    if (keys === null || how === null || take === null) return null;
    const isKey = (name: string): boolean => keys.left.some((expr) => expr.kind === 'column' && expr.name === name);
    const columns: Column[] = [
      ...input.columns.map(({ name, type: of }) => ({ name, type: nullableIf(outer === 'outer' && !isKey(name), of) })),
      ...take.map(({ name, expr }) => ({ name, type: nullableIf(outer !== 'inner', expr.type) })),
    ];
    const names = keys.left.flatMap((expr) => (expr.kind === 'column' ? [expr.name] : []));
    const windows = ['window_start', 'window_end'];
    const stream: Relation = {
      kind: 'stream',
      columns,
      key: names.length === keys.left.length ? names : null,
      windowed: input.windowed && right.relation.windowed && windows.every((name) => names.includes(name)),
    };
    const output = how.kind === 'tables' ? joinedTable(context, columns) : stream;
    const columnsTaken = take.map(({ name, expr }) => ({ name, expr }));
    const isBounded = bounds !== undefined && bounds.beforeMs !== null && bounds.afterMs !== null;
    const asked = isBounded ? bounds.condition : keys.condition;
    const condition = asked && withTaken(asked, columnsTaken);
    const inPlace = context.setting('copartitioned') === 'true';
    if (inPlace && !copartitioned(context, right, keys, how)) return null;
    const joined = {
      ...({ type: 'join', how, outer, leftKey: keys.left, rightKey: keys.right, take: columnsTaken, condition } as const),
      ...(inPlace ? ({ copartitioned: true } as const) : {}),
    };
    return {
      transforms: how.kind === 'tables' ? joinOfTables(joined, output, context) : [joined],
      output,
      others: [right.id],
      missing: valueOf(config, 'take') === null ? right.missing : [],
    };
  },
};

/** The condition over the columns that are taken anyway, where it reads these; the rest is carried for it. */
function withTaken({ expr, carried }: JoinCondition, take: readonly NamedExpr[]): JoinCondition {
  const names = new Map<string, string>();
  for (const { name, expr: column } of carried) {
    const same = take.find((taken) => taken.expr.kind === 'column' && column.kind === 'column' && taken.expr.name === column.name);
    if (same !== undefined) names.set(name, same.name);
  }
  return { expr: renameColumns(expr, names), carried: carried.filter(({ name }) => !names.has(name)) };
}

/** Which version of a table. Null with reports. */
function versionOf(context: StepContext, right: Joined, keys: JoinKeys | null): JoinHow | null {
  const { config, input } = context;
  const at = entryOf(config, 'with')!.value.span;
  if (input.kind === 'table') {
    context.report(messages.tableFirst(context.verbSpan));
    return null;
  }
  noTimes(context);
  const type = entryOf(config, 'type');
  if (context.setting('type') === 'outer')
    context.report(
      messages.joinSetting(type!.value.span, 'outer', 'a row of a table has no time of its own: `left` keeps rows of the stream'),
    );
  const kind = context.setting('version') === 'latest' ? 'latest' : 'asOf';
  if (!right.isSource && kind === 'asOf') {
    context.report(messages.asOfAggregate(at));
    return null;
  }
  return keys === null || !onWholeKey(context, right, keys) ? null : { kind };
}

/** How far apart the rows may be. Null with reports. */
function howOf(context: StepContext, right: Joined, keys: JoinKeys | null): JoinHow | null {
  const { config, input } = context;
  const version = entryOf(config, 'version');
  if (input.kind === 'table' && right.relation.kind === 'table') return tablesHow(context, right, keys);
  if (input.kind === 'table' || right.relation.kind === 'table') return versionOf(context, right, keys);
  if (version !== null)
    context.report(messages.joinSetting(version.keySpan, 'version', 'streams are joined `within` a time; versions are of tables'));
  const within = entryOf(config, 'within');
  const grace = entryOf(config, 'grace');
  const graceMs = grace === null ? 0 : context.duration(config, 'grace');
  if (within === null) {
    const same = ['window_start', 'window_end'].every((name) =>
      keys?.left.some((expr, i) => [expr, keys.right[i]].every((side) => side.kind === 'column' && side.name === name)),
    );
    const { beforeMs, afterMs } = keys?.bounds ?? { beforeMs: null, afterMs: null };
    if (beforeMs !== null && afterMs !== null) return graceMs === null ? null : { kind: 'within', beforeMs, afterMs, graceMs };
    if (!input.windowed || !right.relation.windowed || !same) {
      if (keys !== null) context.report(messages.withinNeeded(context.verbSpan, right.name, keys.condition && keys.bounds));
      return null;
    }
    return graceMs === null ? null : { kind: 'within', beforeMs: 0, afterMs: 0, graceMs };
  }
  const part = (key: string): number | null => (entryOf(within.value, key) === null ? 0 : context.duration(within.value, key));
  const [beforeMs, afterMs] =
    within.value.kind === 'map'
      ? [part('before'), part('after')]
      : [context.duration(config, 'within'), context.duration(config, 'within')];
  return beforeMs === null || afterMs === null || graceMs === null ? null : { kind: 'within', beforeMs, afterMs, graceMs };
}

/** Whether both sides are streams that lie by the same parts of the join key. Reports why not. */
function copartitioned(context: StepContext, right: Joined, keys: JoinKeys, how: JoinHow): boolean {
  const { input, config } = context;
  const { keySpan: span } = entryOf(config, 'copartitioned')!;
  if (how.kind !== 'within') {
    context.report(messages.joinSetting(span, 'copartitioned', 'only two streams are joined where they are'));
    return false;
  }
  // Which parts of the join key a side lies by, in order.
  const parts = (side: readonly TypedExpr[], key: readonly string[] | null): string =>
    (key ?? ['']).map((name) => side.findIndex((expr) => expr.kind === 'column' && expr.name === name)).join();
  const [left, other] = [parts(keys.left, input.key), parts(keys.right, right.relation.key)];
  const isWrong = [left, other].map((found) => found.split(',').includes('-1'));
  if (!isWrong[0] && !isWrong[1] && left === other) return true;
  if (isWrong[0] || !isWrong[1]) context.report(messages.joinCopartitioned(span, 'left', input.key));
  else context.report(messages.joinCopartitioned(span, 'right', right.relation.key));
  return false;
}

/** The columns of the right side, none of whose names the left side has. Null with reports. */
function taken(context: StepContext, right: Joined, keys: JoinKeys | null): readonly NamedColumn[] | null {
  const { config, input } = context;
  const entry = entryOf(config, 'take');
  const span = entry?.value.span ?? context.verbSpan;
  const vanish = new Set(keys?.right.flatMap((expr) => (expr.kind === 'column' ? [expr.name] : [])));
  const read = entry === null ? null : right.columns(entry.value);
  if (entry === null && keys === null) return null;
  const columns =
    read?.columns ??
    right.relation.columns.flatMap((column) =>
      vanish.has(column.name) ? [] : [{ name: column.name, expr: columnExpr(column, span), span }],
    );
  const clashes = columns.filter(({ name }) => input.columns.some((column) => column.name === name));
  if (clashes.length > 0) {
    const names = clashes.map(({ name }) => name);
    const renamed = columns.map(({ name }) => (names.includes(name) ? `{ ${right.name}_${name}: ${name} }` : name));
    const some = renamed.length > 6 ? [...renamed.slice(0, 6), '…'] : renamed;
    context.report(messages.joinCollision(span, names, `take: [${some.join(', ')}]`));
    return null;
  }
  return read === null || read.complete ? columns : null;
}
