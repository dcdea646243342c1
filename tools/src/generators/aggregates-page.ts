import type { AggregateSpec } from '@rta/dsl';
import { fenced, NOTICE, page, table } from './markdown.js';

/** The aggregate functions, each with its rule and an example. */
export function aggregatesPage(aggregates: readonly AggregateSpec[]): string {
  return page(
    NOTICE,
    '# Aggregate functions',
    'They stand in the expressions of [`aggregate`](operators/aggregate.gen.md). Each can be followed by `where` and a condition.',
    table(
      ['Function', 'What it gives'],
      aggregates.map(({ name, summary }) => [`[\`${name}\`](#${name.toLowerCase()})`, summary]),
    ),
    ...aggregates.flatMap(({ name, doc, example }) => [
      `## ${name}`,
      doc.trim(),
      fenced('yaml', `aggregate: { result: ${quoted(example)} }`),
    ]),
  );
}

/** What YAML would read as something else in a flow map. */
function quoted(expression: string): string {
  return /[,{}[\]#]|: /.test(expression) ? `'${expression.replaceAll("'", "''")}'` : expression;
}
