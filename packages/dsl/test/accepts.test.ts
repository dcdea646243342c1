import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { showPlan } from '../src/index.js';
import { compileText, oneLine } from './compile-file.js';

/* Each file of `accepts/` compiles without a word to the plan in the `.plan.txt` beside it. UPDATE=1 writes the plan of now. */
const ACCEPTS = join(import.meta.dirname, 'accepts');

function check(name: string): void {
  const { plan, diagnostics } = compileText(readFileSync(join(ACCEPTS, name), 'utf8'), name);
  expect(diagnostics.map(oneLine)).toEqual([]);
  const blessed = join(ACCEPTS, name.replace(/\.yaml$/, '.plan.txt'));
  const shown = showPlan(plan!);
  if (process.env.UPDATE === '1') writeFileSync(blessed, shown);
  else expect(shown).toBe(existsSync(blessed) ? readFileSync(blessed, 'utf8') : '');
}

describe('accepted pipelines', () => {
  const files = readdirSync(ACCEPTS).filter((name) => name.endsWith('.yaml'));
  it.each(files)('%s', (name) => check(name));
});
