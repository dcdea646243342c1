/** A page per operator, made from what the compiler itself goes by. */
import { compile, exampleCase, renderAll, shapes, showType, type AggregateSpec, type OperatorSpec, type Relation } from '@rta/dsl';
import { code, fenced, NOTICE, page, table } from './markdown.js';

type Schema = Readonly<Record<string, unknown>>;

/** The list of operators. */
export function operatorsPage(operators: readonly OperatorSpec[]): string {
  return page(
    NOTICE,
    '# Operators',
    'Each item of `steps` is one operator: its verb, what it takes, and modifiers beside it.',
    table(
      ['Operator', 'What it does', 'Modifiers'],
      operators.map(({ verb, summary, modifiers }) => [`[\`${verb}\`](${verb}.gen.md)`, summary, modifiers.map(code).join(', ')]),
    ),
  );
}

/** What an operator does, takes and gives, with an example whose types are what the compiler finds; throws where it finds errors. */
export function operatorPage(spec: OperatorSpec, operators: readonly OperatorSpec[], aggregates: readonly AggregateSpec[]): string {
  const { steps, columns, files = {}, given, until, expect } = spec.example;
  return page(
    NOTICE,
    `# ${spec.verb}`,
    spec.summary,
    spec.doc.trim(),
    '## Settings',
    settings(spec),
    spec.modifiers.length === 0 ? null : '## Modifiers',
    spec.modifiers.length === 0 ? null : table(['Beside it', 'What it says'], spec.modifiers.map(modifier)),
    '## Example',
    `A stream of ${Object.entries(columns)
      .map(([name, type]) => code(`${name}: ${type}`))
      .join(', ')}:`,
    fenced('yaml', given),
    'goes through',
    fenced('yaml', `steps:\n${indented(steps)}`),
    ...Object.entries(files).flatMap(([name, source]) => [`with ${code(name)} beside the pipeline,`, fenced('js', source)]),
    until === undefined ? 'and gives' : `and gives, when the watermark has got to ${until},`,
    fenced('yaml', expect),
    result(outputOf(spec, operators, aggregates)),
  );
}

/** `configSchema` as a table of its settings, or as a sentence where the verb takes one thing. */
function settings(spec: OperatorSpec): string {
  const schema = spec.configSchema;
  const properties = schema['properties'] as Readonly<Record<string, Schema>> | undefined;
  if (properties === undefined) return `\`${spec.verb}:\` takes ${text(schema['x-expected'])}. ${text(schema['description'])}`;
  const required = (schema['required'] ?? []) as readonly string[];
  return table(
    ['Setting', 'Value', 'What it says'],
    Object.entries(properties).map(([name, each]) => [
      `${code(name)}${required.includes(name) ? ' (required)' : ''}`,
      valueOf(each),
      text(each['description']),
    ]),
  );
}

function modifier(name: OperatorSpec['modifiers'][number]): [string, string] {
  return [code(name), text((shapes.MODIFIERS[name] as Schema)['description'])];
}

function valueOf(schema: Schema): string {
  if (Array.isArray(schema['enum'])) return (schema['enum'] as readonly string[]).map(code).join(', ');
  if (typeof schema['x-expected'] === 'string') return schema['x-expected'];
  return [schema['type']].flat().map(text).join(' or ');
}

/** The relation that the example's steps end with. */
function outputOf(spec: OperatorSpec, operators: readonly OperatorSpec[], aggregates: readonly AggregateSpec[]): Relation {
  const example = exampleCase(spec);
  const { plan, diagnostics } = compile({
    file: { path: `${spec.verb}.yaml`, text: example.text },
    project: null,
    loadSchema: () => ({ schema: example.schema }),
    schemaNames: () => ['example'],
    operators,
    aggregates,
    env: {},
  });
  const last = plan?.steps.at(-1);
  if (last === undefined) throw new Error(`the example of ${spec.verb} does not compile:\n${renderAll(diagnostics, { colour: false })}`);
  return last.output;
}

function result({ kind, key, columns }: Relation): string {
  const shown = columns.map(({ name, type }) => code(`${name}: ${showType(type)}`)).join(', ');
  return `a ${kind}${key === null || kind === 'stream' ? '' : ` keyed by ${key.length === 0 ? 'nothing: one row' : key.map(code).join(', ')}`} of ${shown}.`;
}

function indented(steps: string): string {
  return steps
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
