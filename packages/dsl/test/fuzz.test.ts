import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileText, REJECTS } from './compile-file.js';
import { randomOf } from './random.js';

/*
 * Broken pipelines never break the compiler: whatever the text, there is a plan, or errors with a place in the file. FUZZ=100000 runs
 * more, SEED=n replays one.
 */
const ACCEPTS = join(import.meta.dirname, 'accepts');
const RUNS = Number(process.env.FUZZ ?? 2000);
const SEED = process.env.SEED === undefined ? null : Number(process.env.SEED);

const corpus = [ACCEPTS, REJECTS].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(folder, name), 'utf8')),
);
const words = [...new Set(corpus.flatMap((text) => text.match(/\w+|[^\s\w]+/g) ?? []))];
const PIECES = [
  ' ',
  '\n',
  '\t',
  '"',
  "'",
  '`',
  '#',
  ' #',
  ':',
  ': ',
  ',',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  '*',
  '&',
  '!',
  '|',
  '>',
  '<',
  '@',
  '%',
  '\\',
  '-',
  '- ',
  '?',
  '$',
  '${',
  '0',
  'null',
  '~',
  '<<: *x',
  '\uE0F1',
  '\u0000',
  '😀',
  '\r\n',
  '---\n',
  '🦊'.slice(0, 1),
];

function mutate(text: string, random: (below: number) => number): string {
  const at = random(text.length + 1);
  const lines = text.split('\n');
  const line = random(lines.length);
  switch (random(8)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + random(5));
    case 1:
      return text.slice(0, at) + PIECES[random(PIECES.length)] + text.slice(at);
    case 2:
      return text.slice(0, at).replace(/\w+$/, words[random(words.length)]) + text.slice(at).replace(/^\w+/, '');
    case 3:
      return lines.toSpliced(line, 1).join('\n');
    case 4:
      return lines.toSpliced(random(lines.length), 0, lines[line]).join('\n');
    case 5:
      return lines.with(line, ' '.repeat(random(6)) + lines[line].trimStart()).join('\n');
    case 6: {
      const other = corpus[random(corpus.length)].split('\n');
      return lines.with(line, other[random(other.length)]).join('\n');
    }
    default:
      return text.slice(0, at) + words[random(words.length)] + text.slice(at);
  }
}

function check(seed: number): void {
  const random = randomOf(seed);
  let text = corpus[random(corpus.length)];
  for (let count = 1 + random(3); count > 0; count--) text = mutate(text, random);
  const { plan, diagnostics } = compileText(text);
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  expect(plan === null).toBe(errors.length > 0);
  for (const { span, message, code } of diagnostics) {
    expect(code).toMatch(/^RTA\d{4}$/);
    expect(message.length).toBeGreaterThan(0);
    if (span.source.path === 'rta.yaml') continue;
    expect(span.source.text).toBe(text);
    expect(span.start).toBeGreaterThanOrEqual(0);
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    expect(span.end).toBeLessThanOrEqual(text.length);
  }
}

it('mutated pipelines give a plan or errors with places', { timeout: 600_000 }, () => {
  for (let seed = SEED ?? 1; seed <= (SEED ?? RUNS); seed++) {
    try {
      check(seed);
    } catch (error) {
      throw new Error(`SEED=${seed}`, { cause: error });
    }
  }
});
