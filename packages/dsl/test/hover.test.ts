/** What editors show (yaml-language-server: hover from `markdownDescription` or `description`, completion from properties, enums and snippets). */
import { operators } from '@rta/operators';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { jsonSchema, projectJsonSchema, type JsonSchema } from '../src/index.js';

interface Found {
  readonly path: string;
  readonly schema: JsonSchema;
}

/** Every key that a schema knows, with its own schema. */
function keysOf(schema: unknown, path = ''): Found[] {
  if (Array.isArray(schema)) return schema.flatMap((part, i) => keysOf(part, `${path}/${i}`));
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, value]) => {
    if (keyword === 'defaultSnippets' || keyword === 'enum') return [];
    if (keyword !== 'properties') return keysOf(value, path);
    return Object.entries(value as Record<string, JsonSchema>).flatMap(([key, each]) => [
      { path: `${path}/${key}`, schema: each },
      ...keysOf(each, `${path}/${key}`),
    ]);
  });
}

const PIPELINE = jsonSchema(operators);

describe('what editors show', () => {
  it.each([
    ['a pipeline', PIPELINE],
    ['rta.yaml', projectJsonSchema()],
  ])('has a text for every key of %s', (_, schema) => {
    const keys = keysOf(schema);
    expect(keys.length).toBeGreaterThan(30);
    const silent = keys.filter(
      ({ schema: each }) => typeof each.description !== 'string' && typeof each.markdownDescription !== 'string' && !('$ref' in each),
    );
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it.each(operators.map((spec) => spec.verb))('has the page of %s, and a step to begin with that is one', (verb) => {
    const { step } = PIPELINE.$defs as { step: { oneOf: (JsonSchema & { properties: Record<string, JsonSchema> })[] } };
    const own = step.oneOf.find((each) => each.title === verb)!;
    expect(own.properties[verb].markdownDescription).toContain('```yaml');
    const [{ label, body }] = own.defaultSnippets as { label: string; body: unknown }[];
    expect(label).toBe(verb);
    const validate = new Ajv({ strict: false }).compile(own);
    expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
  });
});
