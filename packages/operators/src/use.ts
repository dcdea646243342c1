import type { NamedExpr, OperatorSpec, Type, TypedExpr } from '@rta/dsl';
import { columnExpr, entryOf, messages, parseType, shapes } from '@rta/dsl';

/** The column that holds what the function gave, between the two halves of the step; no name of a user's begins so. */
const RESULT = '$use';

/** `use`: columns that a function of the user's computes. */
export const use: OperatorSpec = {
  verb: 'use',
  modifiers: [],
  summary: 'Adds columns that a TypeScript or JavaScript function of yours computes from the row.',
  doc: `
\`function: ./score.ts#rate\` is the function that the module \`score.ts\` beside the pipeline exports as \`rate\`. It is called with each row, an object with a property per
column, and returns an object with the columns that \`adds\` names, in their types: \`long\`, \`string?\`, \`array<double>\`, \`decimal(10, 2)\`, ….

A module is loaded as Node does: JavaScript (\`.js\`, \`.mjs\`) always, TypeScript where Node strips types (22.18 and later), or with the package \`tsx\` in the project.

| Column | In JavaScript |
| --- | --- |
| boolean, string, enum | boolean, string |
| int, float, double | number |
| long | number, beyond 2^53 bigint |
| decimal | bigint, the digits without the point |
| timestamp, date | number: milliseconds, days since 1970 (a timestamp may be returned as \`Date\`) |
| bytes | Uint8Array |
| array, map, record | array, Map (a plain object may be returned), object |
| null | null (\`undefined\` may be returned) |

Declare these types of the parameter and of the result, and \`tsc\` checks the function; \`rta explain --stage functions > score.gen.d.ts\` writes them
(\`export const rate: Rate = ({ score, games }) => …\`):

\`\`\`ts
export function rate(row: { score: number; games: number }): { rating: number; label: string | null } {
  return { rating: row.score / row.games, label: row.games > 9 ? 'regular' : null };
}
\`\`\`

\`rta check\` loads the module: one that is not there, does not export the function, or exports one that takes several arguments or is asynchronous is an
error at its place. What it throws, and a result of another type, makes the record a dead letter (reason \`expression\`) whose message says which column. It must give the same for the
same row and change nothing: it is called again after a restart, and for rows of a table also to take them back. It is outside of what
makes results a function of the input alone, and \`explain\` says so.
`,
  configSchema: {
    type: 'object',
    properties: {
      function: shapes.textLike(
        '^[^#]+#[A-Za-z_$][\\w$]*$',
        'a module and an export, `./score.ts#rate`',
        'The function: a module, relative to the pipeline, and its export.',
      ),
      adds: {
        type: 'object',
        minProperties: 1,
        additionalProperties: { type: 'string', minLength: 1, 'x-expected': 'a type such as `string` or `long`' },
        description: 'The columns that it adds, with their types.',
        'x-expected': 'a map from new columns to types',
      },
    },
    required: ['function', 'adds'],
    additionalProperties: false,
    description: 'The function, and what it adds.',
    'x-expected': 'a map such as `{ function: ./score.ts#rate, adds: { rating: double } }`',
  },
  example: {
    columns: { time: 'timestamp', user_id: 'string', score: 'int', games: 'int' },
    steps: `
- use:
    function: ./score.mjs#rate
    adds: { rating: double, label: string? }
`,
    files: {
      'score.mjs': `
/** @param {{ score: number, games: number }} row */
export function rate({ score, games }) {
  return { rating: score / games, label: games > 9 ? 'regular' : null };
}
`,
    },
    given: `
- { $time: 12:00:00, user_id: ann, score: 21, games: 4 }
- { $time: 12:00:01, user_id: bob, score: 30, games: 12 }
`,
    expect: `
- { user_id: ann, rating: 5.25, label: null }
- { user_id: bob, rating: 2.5, label: regular }
`,
  },

  check(context) {
    const { input, config, verbSpan } = context;
    if (config.kind !== 'map') return null;
    const ref = context.setting('function');
    const added: { name: string; type: Type }[] = [];
    const missing: string[] = [];
    const adds = config.entries.find(({ key }) => key === 'adds')?.value;
    for (const { key: name, keySpan, value } of adds?.kind === 'map' ? adds.entries : []) {
      const text = value.kind === 'scalar' ? value.text : '';
      const type = parseType(text);
      const taken = input.columns.some((column) => column.name === name);
      if (taken) context.report(messages.columnTwice(keySpan, name, 'give the new column another name, or `drop` the old one first'));
      if (type === null) context.report(messages.badType(value.span, text));
      if (!context.newName(name, keySpan) || type === null) missing.push(name);
      else if (!taken) added.push({ name, type });
    }
    if (ref === null) return null;
    const [path, name] = ref.split('#');
    const type: Type = { kind: 'record', name: 'use', fields: added };
    const own = input.columns.map((column): NamedExpr => ({ name: column.name, expr: columnExpr(column, verbSpan) }));
    const { span } = entryOf(config, 'function')!.value;
    const external = { ref, module: context.resolveModule(path), name, span, call: null };
    const call: TypedExpr = { kind: 'call', fn: 'use', args: own.map(({ expr }) => expr), external, type, span: verbSpan };
    const result = columnExpr({ name: RESULT, type }, verbSpan);
    const fields = added.map((field): NamedExpr => ({
      name: field.name,
      expr: { kind: 'field', of: result, field: field.name, type: field.type, span: verbSpan },
    }));
    return {
      transforms: [
        { type: 'project', columns: [...own, { name: RESULT, expr: call }] },
        { type: 'project', columns: [...own, ...fields] },
      ],
      output: { ...input, columns: [...input.columns, ...added] },
      missing,
    };
  },
};
