import { Ajv } from 'ajv';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { operators } from '@rta/operators';
import { jsonSchema, projectJsonSchema, schemaText } from '../src/index.js';
import { REJECTS } from './compile-file.js';

const ACCEPTS = join(import.meta.dirname, 'accepts');
const PIPELINES = join(import.meta.dirname, '../../../pipelines');

function validator(schema: object): (file: string) => string {
  const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
  return (file) => {
    validate(parse(readFileSync(file, 'utf8'), { merge: true }));
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`).join('\n');
  };
}

describe('the JSON Schema for editors', () => {
  const check = validator(jsonSchema(operators));
  const files = [ACCEPTS, PIPELINES].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml') && !name.endsWith('rta.yaml'))
      .map((name) => join(folder, name)),
  );

  it.each(files)('takes %s', (file) => expect(check(file)).toBe(''));

  it.each([
    'structure-wrong-shapes',
    'structure-unknown-key',
    'step-two-verbs',
    'step-misspelt',
    'step-words-of-others',
    'topk-settings',
    'source-duration',
  ])('refuses %s', (name) => expect(check(join(REJECTS, `${name}.yaml`))).not.toBe(''));

  it('of rta.yaml takes the project files', () => {
    const checkProject = validator(projectJsonSchema());
    expect(checkProject(join(REJECTS, 'rta.yaml'))).toBe('');
    expect(checkProject(join(PIPELINES, 'rta.yaml'))).toBe('');
  });

  it('is text without the keywords of our own', () => {
    const text = schemaText(jsonSchema(operators));
    expect(text).not.toContain('"x-');
    expect(text.endsWith('}\n')).toBe(true);
    for (const { verb } of operators) expect(text).toContain(`"title": "${verb}"`);
  });
});
