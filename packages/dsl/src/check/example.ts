import type { AvroSchema } from '../plan/plan.js';
import type { OperatorSpec } from './operator-spec.js';

/** An operator's example as a pipeline with one test: `compile` it with `schema` as the schema `example`, then run its test. */
export interface ExampleCase {
  readonly text: string;
  readonly schema: AvroSchema;
}

/** Makes the pipeline of an operator's example: source topic `in`, sink topic `out`. */
export function exampleCase(spec: OperatorSpec): ExampleCase {
  const { columns, steps, given, until, expect } = spec.example;
  const time = 'time' in columns ? ', time: time' : '';
  const text = [
    `pipeline: ${spec.verb.toLowerCase()}-example`,
    `source: { topic: in, schema: example${time} }`,
    'steps:',
    indent(steps, 2),
    'sink: { topic: out }',
    'tests:',
    '  example:',
    '    given:',
    '      in:',
    indent(given, 8),
    ...(until === undefined ? [] : [`    until: ${until}`]),
    '    expect:',
    '      out:',
    indent(expect, 8),
    '',
  ].join('\n');
  const fields = Object.entries(columns).map(([name, type]) => ({ name, type: avroOf(type) }));
  return { text, schema: { type: 'record', name: 'Example', fields } };
}

/** `long`, `string?`, `timestamp`, `date`. */
function avroOf(type: string): AvroSchema {
  if (type.endsWith('?')) return ['null', avroOf(type.slice(0, -1))];
  if (type === 'timestamp') return { type: 'long', logicalType: 'timestamp-millis' };
  return type === 'date' ? { type: 'int', logicalType: 'date' } : type;
}

function indent(text: string, by: number): string {
  return text
    .trim()
    .split('\n')
    .map((line) => ' '.repeat(by) + line)
    .join('\n');
}
