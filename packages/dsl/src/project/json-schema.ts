import { PIPELINE } from '../ast/pipeline-schema.js';
import { MODIFIERS } from '../ast/shapes.js';
import type { OperatorSpec } from '../check/operator-spec.js';
import { VERBS_NOT_YET } from '../check/vocabulary.js';
import { parseYaml } from '../yaml/parse.js';
import { toPlain, type JsonSchema } from '../yaml/schema.js';
import { PROJECT } from './project-schema.js';

const DIALECT = 'http://json-schema.org/draft-07/schema#';

/**
 * The JSON Schema of a pipeline file, made of the operators' own schemas. Editors use it by the comment
 * `# yaml-language-server: $schema=schemas/pipeline.schema.gen.json` in the first line of a pipeline.
 */
export function jsonSchema(operators: readonly OperatorSpec[]): JsonSchema {
  const schema = forEditors(PIPELINE) as { properties: Record<string, unknown> };
  const streams = schema.properties.streams as { additionalProperties: { properties: Record<string, unknown> } };
  const steps = { type: 'array', description: 'The operators, one a list item.', items: { $ref: '#/$defs/step' } };
  schema.properties.steps = steps;
  streams.additionalProperties.properties.steps = steps;
  return {
    $schema: DIALECT,
    $id: 'https://rta.dev/schemas/pipeline.json',
    ...schema,
    title: 'rta pipeline',
    $defs: { step: { type: 'object', description: 'One verb with its modifiers.', oneOf: operators.map(stepSchema) } },
  };
}

/** The JSON Schema of `rta.yaml`. */
export function projectJsonSchema(): JsonSchema {
  return {
    $schema: DIALECT,
    $id: 'https://rta.dev/schemas/project.json',
    ...(forEditors(PROJECT) as JsonSchema),
    title: 'rta project file',
  };
}

/** A schema as the text of a generated file. */
export function schemaText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The verbs that the language has and this release has not, for documentation. */
export function verbsNotYet(): readonly string[] {
  return Object.keys(VERBS_NOT_YET);
}

function stepSchema(spec: OperatorSpec): JsonSchema {
  const modifiers = Object.entries(MODIFIERS).filter(([name]) => ['name', 'note', ...spec.modifiers].includes(name));
  const config = forEditors(spec.configSchema) as JsonSchema;
  return {
    type: 'object',
    title: spec.verb,
    description: spec.summary,
    // What editors offer for an empty step: the first step of the operator's example that has the verb.
    defaultSnippets: [{ label: spec.verb, description: spec.summary, body: snippetOf(spec) }],
    properties: {
      [spec.verb]: { ...config, description: spec.summary, markdownDescription: hoverOf(spec) },
      ...Object.fromEntries(modifiers.map(([name, schema]) => [name, forEditors(schema)])),
    },
    required: [spec.verb],
    additionalProperties: false,
  };
}

function snippetOf(spec: OperatorSpec): unknown {
  const { root } = parseYaml({ path: spec.verb, text: spec.example.steps });
  const steps = root === null ? [] : (toPlain(root) as readonly Readonly<Record<string, unknown>>[]);
  return steps.find((step) => spec.verb in step) ?? { [spec.verb]: null };
}

/** What an editor shows of a verb: its page without the example's rows. */
function hoverOf({ summary, doc, example }: OperatorSpec): string {
  return `${summary}\n\n${doc.trim()}\n\n\`\`\`yaml\n${example.steps.trim()}\n\`\`\`\n`;
}

/** Our own keywords out, `x-editor` (what only editors use) in. A setting with a variable fits any pattern. */
function forEditors(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forEditors);
  if (typeof value !== 'object' || value === null) return value;
  const all = { ...value, ...('x-editor' in value ? (value['x-editor'] as object) : {}) };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([key, each]) => !key.startsWith('x-') && each !== undefined)
      .map(([key, each]) => [key, key === 'pattern' && typeof each === 'string' ? `${each}|\\$\\{` : forEditors(each)]),
  );
}
