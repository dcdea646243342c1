/**
 * Each file of `advice/` is a pipeline; the `.txt` beside it has all the advice on it, in order: code, place, what will happen and what to write.
 * UPDATE=1 writes what is said now.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adviceMessages, compile, positionAt, renderAll, type AvroSchema, type Plan } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { describe, expect, it } from 'vitest';
import { adviceOf, type Advice } from '../../src/plan/advice/advice.js';

const EXAMPLES = join(import.meta.dirname, 'advice');
const SCHEMAS = join(import.meta.dirname, '../../../../schemas');
const names = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));

function planOf(name: string): Plan {
  const { plan, diagnostics } = compile({
    file: { path: name, text: readFileSync(join(EXAMPLES, name), 'utf8') },
    project: null,
    loadSchema: (schema) => ({ schema: JSON.parse(readFileSync(join(SCHEMAS, `${schema}.avsc`), 'utf8')) as AvroSchema }),
    schemaNames: () => [],
    operators,
    aggregates,
    env: {},
  });
  if (plan === null) throw new Error(renderAll(diagnostics, { colour: false }));
  return plan;
}

function shown({ diagnostic: { code, span, message, help }, accepted }: Advice): string {
  const { line, column } = positionAt(span.source, span.start);
  if (accepted !== null) return `${code} ${line}:${column} accepted: ${accepted}\n`;
  return `${code} ${line}:${column} ${message}\n  ${help ?? ''}\n`;
}

describe('advice', () => {
  it.each(names)('%s', (name) => {
    const said = adviceOf(planOf(name)).map(shown).join('');
    const path = join(EXAMPLES, name.replace(/\.yaml$/, '.txt'));
    if (process.env['UPDATE'] === '1') writeFileSync(path, said);
    expect(said).toBe(existsSync(path) ? readFileSync(path, 'utf8') : '(no file: run with UPDATE=1)');
  });

  it('has an example of each code', () => {
    const given = new Set(names.flatMap((name) => adviceOf(planOf(name)).map(({ diagnostic }) => diagnostic.code)));
    expect([...given].sort()).toEqual(Object.values(adviceMessages).map(({ code }) => code));
  });
});
