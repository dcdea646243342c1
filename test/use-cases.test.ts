/** docs/use-cases.md names tests that there are. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/use-cases.md'), 'utf8');

interface Claim {
  readonly claim: string;
  readonly proof: string;
}

const claims: Claim[] = [...PAGE.matchAll(/^\| (?!Claim \||---)(.+?) \| (.+) \|$/gm)].map(([, claim, proof]) => ({ claim, proof }));

/** `file` "title" · "title of the same file" · `other file` "title" */
function testsIn(proof: string): { readonly file: string; readonly title: string }[] {
  let file = '';
  return proof.split(' · ').map((part) => {
    const [, named = file, title] = /^(?:`([^`]+)` )?"(.+)"$/.exec(part) ?? expect.unreachable(`no test: ${part}`);
    file = named;
    return { file, title };
  });
}

/** Titles of tests: strings that `it`, `test`, or what these return is called with, or keys of `tests:` in a pipeline. */
function hasTest(file: string, title: string): boolean {
  const text = readFileSync(join(ROOT, file), 'utf8');
  if (file.endsWith('.yaml')) return title in (parse(text) as { readonly tests: object }).tests;
  const calls = text.matchAll(/(?:\b(?:it|test)(?:\.\w+(?:<\w+>)?\([^\n]*\))?|^\s*\]\))\(\s*(?:'((?:[^'\\\n]|\\.)+)'|"([^"\n]+)"|`(?:\$\{\w+\} )?([^`]+)`)/gm);
  return [...calls].some(([, ...titles]) => titles.includes(title));
} // prettier-ignore

it('has claims of five use cases', () => {
  expect(PAGE.match(/^## \d\. /gm)).toHaveLength(5);
  expect(claims.length).toBeGreaterThan(60);
});

it.each(claims)('$claim', ({ proof }) => {
  const tests = testsIn(proof);
  expect(tests.length, proof).toBeGreaterThan(0);
  for (const { file, title } of tests) {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    expect(hasTest(file, title), `${file} "${title}"`).toBe(true);
  }
});
