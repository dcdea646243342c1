import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  type AvroSchema,
  avroToType,
  checkExpression,
  evaluate,
  ExpressionError,
  functionLibrary,
  parseExpression,
  plainSource,
  printExpression,
  type Span,
  STREAM_META,
  type Type,
  type Value,
} from '@rta/dsl';
import { LONG, reportFigure } from '@rta/tools';
import { compileText, REJECTS } from './compile-file.js';
import { randomOf } from './random.js';

/*
 * Broken pipelines never break the compiler: whatever the text, there is a plan, or errors with a place in the file; and whatever the
 * expression, it has a value or fails as an expression may. `pnpm fuzz` (FUZZ_RUNS=100000) and `pnpm test:long` (500,000) run more of each, SEED=n replays one.
 */
const ACCEPTS = join(import.meta.dirname, 'accepts');
const RUNS = Number(process.env.FUZZ_RUNS ?? (LONG ? 500_000 : 2000));
const PATH = 'test.yaml';
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
  const { plan, diagnostics } = compileText(text, PATH);
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  expect(plan === null).toBe(errors.length > 0);
  for (const { span, message, code } of diagnostics) {
    expect(code).toMatch(/^RTA\d{4}$/);
    expect(message.length).toBeGreaterThan(0);
    // The project file and files of test rows have places of their own.
    if (span.source.path === PATH) expect(span.source.text).toBe(text);
    expectWithin(span);
  }
}

function expectWithin({ source, start, end }: Span): void {
  expect(start).toBeGreaterThanOrEqual(0);
  expect(end).toBeGreaterThanOrEqual(start);
  expect(end).toBeLessThanOrEqual(source.text.length);
}

// ---- Expressions ----

const EXPRESSIONS = [
  ...[...functionLibrary.values()].flatMap((spec) => spec.examples.map(({ expression }) => expression)),
  ...corpus.flatMap((text) => [...text.matchAll(/^ +(?:- filter|\w+): ([^{}[\]#]+)$/gm)].map(([, expression]) => expression)),
];
const { columns } = checkAvro();
const NAMES = columns.map(({ name }) => name);

function checkAvro() {
  const schema = JSON.parse(readFileSync(join(REJECTS, 'schemas/ride.avsc'), 'utf8')) as AvroSchema;
  const read = avroToType(schema);
  if (read.type?.kind !== 'record') throw new Error('ride.avsc is no record');
  return { columns: read.type.fields };
}

/** Any value of a type, small ones and those at its edges. */
function valueOf(type: Type, random: (below: number) => number): Value {
  const one = <T>(...values: readonly T[]): T => values[random(values.length)];
  switch (type.kind) {
    case 'nullable':
      return random(3) === 0 ? null : valueOf(type.of, random);
    case 'boolean':
      return random(2) === 0;
    case 'string':
      return one('', 'a', '2024-05-01T10:00:00Z', '{"a":[1,{"b":null}]}', 'https://a.b/c?d=e%20f', '😀', '-12.5', '\ud800');
    case 'enum':
      return one(...type.symbols);
    case 'decimal':
      return one(0n, -1n, 10n ** BigInt(type.precision) - 1n);
    case 'long':
      return one<number | bigint>(0, -1, 7, 2n ** 63n - 1n, -(2n ** 63n));
    case 'float':
    case 'double':
      return one(0, -0, 1.5, NaN, Infinity, 1e308, 5e-324);
    case 'array':
      return Array.from({ length: random(4) }, () => valueOf(type.items, random));
    case 'map':
      return new Map(['a', 'note'].slice(0, random(3)).map((key) => [key, valueOf(type.values, random)]));
    case 'record':
      return Object.fromEntries(type.fields.map((field) => [field.name, valueOf(field.type, random)]));
    default:
      return one(0, 1, -1, 20_000);
  }
}

function checkOne(seed: number): void {
  const random = randomOf(seed);
  let text = EXPRESSIONS[random(EXPRESSIONS.length)];
  for (let count = random(4); count > 0; count--) {
    const at = random(text.length + 1);
    const piece = [PIECES, words, EXPRESSIONS, NAMES][random(4)];
    const put = piece[random(piece.length)];
    if (random(2) === 0) text = text.slice(0, at) + put + text.slice(at);
    else text = text.slice(0, at).replace(/(\w+|".*?"|.)$/s, '') + put + text.slice(at);
  }
  const parsed = parseExpression(plainSource(text));
  for (const { span } of parsed.diagnostics) expectWithin(span);
  if (parsed.ast === null) return;
  expect(() => printExpression(parsed.ast!)).not.toThrow();
  const { expr, diagnostics } = checkExpression(parsed.ast, { columns, meta: STREAM_META });
  expect(expr === null).toBe(diagnostics.some(({ severity }) => severity === 'error'));
  for (const { span } of diagnostics) expectWithin(span);
  if (expr === null) return;
  const row = Object.fromEntries(columns.map((column) => [column.name, valueOf(column.type, random)]));
  try {
    evaluate(expr, { column: (name) => row[name], meta: () => null, accumulator: () => null });
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
  }
}

const [FIRST, LAST] = [SEED ?? 1, SEED ?? RUNS];
let passed = 0;

it.each([
  ['pipelines give a plan or errors with places', check],
  ['expressions give a value or errors with places', checkOne],
] as const)(`mutated %s (seeds ${FIRST} to ${LAST})`, { timeout: 3_600_000 }, (_what, checkSeed) => {
  for (let seed = FIRST; seed <= LAST; seed++) {
    try {
      checkSeed(seed);
      passed++;
    } catch (error) {
      throw new Error(`SEED=${seed}`, { cause: error });
    }
  }
});

it.runIf(SEED === null)('neither breaks the compiler', () => {
  expect(passed).toBe(2 * RUNS);
  reportFigure('bad-pipelines', `${passed} inputs, half of them pipelines, half expressions: 0 crashes, 0 errors without a place`);
});
