import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileText, oneLine, REJECTS } from './compile-file.js';

/*
 * Each file of `rejects/` is a broken pipeline. Its first lines say what must be reported, all of it and in order:
 *
 *     # expect: RTA3104 7:15 did you mean user_id
 *
 * is the code, line and column, and a part of `message; help`. UPDATE=1 writes what is reported now.
 */
const HEADER = /^# expect: (RTA\d{4}) (\d+:\d+) (.*)$/;

function check(name: string): void {
  const file = join(REJECTS, name);
  const text = readFileSync(file, 'utf8');
  if (process.env.UPDATE === '1') writeFileSync(file, bless(text, name));
  else {
    const expected = headerOf(text);
    const found = compileText(text, name).diagnostics.map(oneLine);
    const [places, wanted] = [found, expected].map((lines) => lines.map((line) => line.split(' ', 2).join(' ')));
    expect(places, found.join('\n')).toEqual(wanted);
    for (const [index, line] of expected.entries()) expect(found[index]).toContain(line.split(' ').slice(2).join(' '));
  }
}

function headerOf(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const match = HEADER.exec(line);
    if (match === null) break;
    lines.push(`${match[1]} ${match[2]} ${match[3]}`);
  }
  return lines;
}

/** The number of header lines shifts the places, so they are counted first. */
function bless(text: string, name: string): string {
  const body = text.split('\n').slice(headerOf(text).length).join('\n');
  const count = compileText(body, name).diagnostics.length;
  const padded = `${'#\n'.repeat(count)}${body}`;
  const lines = compileText(padded, name).diagnostics.map((diagnostic) => `# expect: ${oneLine(diagnostic)}`);
  return [...lines, body].join('\n');
}

const files = readdirSync(REJECTS).filter((name) => name.endsWith('.yaml') && name !== 'rta.yaml');

describe('rejected pipelines', () => {
  it.each(files)('%s', (name) => check(name));

  it('are many, and each expects something', () => {
    expect(files.length).toBeGreaterThanOrEqual(45);
    expect(files.filter((name) => headerOf(readFileSync(join(REJECTS, name), 'utf8')).length === 0)).toEqual([]);
  });
});
