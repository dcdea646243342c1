import { RE2JS, RE2JSException } from 're2js';
import { BOOLEAN, nullable, STRING } from '../../types/lattice.js';
import type { Type } from '../../types/type.js';
import type { Long } from '../long.js';
import type { TypedExpr } from '../typed.js';
import { defineFunction, mustBeLiteral, textLiteral, type FunctionSpec, type Overload, type ResolutionProblem } from './spec.js';

/*
 * Patterns are RE2's, which match in time proportional to the text whatever the pattern: there is no backtracking, and so no record that
 * stops a pipeline. They are literals, compiled once for each call in the text of the pipeline.
 */

const SYNTAX_HELP = 'patterns are those of RE2, without lookaround and backreferences';
const TEXTS: Type = { kind: 'array', items: STRING };

function compile(pattern: string): RE2JS {
  return RE2JS.compile(pattern);
}

/** What is wrong with the pattern, which is the second argument everywhere. */
function literalPattern(args: readonly TypedExpr[]): ResolutionProblem | null {
  const pattern = textLiteral(args[1]);
  if (pattern === null) return mustBeLiteral(1, 'pattern', 'a pattern is compiled once, so it cannot come from the record');
  try {
    compile(pattern);
    return null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    // The message ends with what is wrong, which says nothing where that is all of the pattern.
    const reason = error.message.replace('error parsing regexp: ', '').replace(`: \`${pattern}\``, '');
    return { problem: 'literal', index: 1, wanted: 'pattern', reason, help: SYNTAX_HELP };
  }
}

function patternAndGroup(args: readonly TypedExpr[]): ResolutionProblem | null {
  const problem = literalPattern(args);
  const group = args.at(2);
  if (problem !== null || group === undefined) return problem;
  if (group.kind !== 'literal' || group.value === null) return mustBeLiteral(2, 'number or name of a group');
  return numberOfGroup(compile(textLiteral(args[1])!), group.value as Long | string) === null ? noSuchGroup(args, 2, 'group') : null;
}

function noSuchGroup(args: readonly TypedExpr[], index: number, wanted: string): ResolutionProblem {
  const pattern = compile(textLiteral(args[1])!);
  const names = Object.keys(pattern.namedGroups()).map((name) => `"${name}"`);
  const count = pattern.groupCount();
  const help = count === 0 ? 'a group is what stands in parentheses: `"([a-z]+)"`' : undefined;
  const have = count === 0 ? 'no groups' : `the groups ${['0', ...numbersTo(count), ...names].join(', ')}`;
  return { problem: 'literal', index, wanted, reason: `the pattern has ${have}`, help };
}

function numbersTo(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i + 1));
}

function numberOfGroup(pattern: RE2JS, group: Long | string): number | null {
  if (typeof group === 'string') return Object.hasOwn(pattern.namedGroups(), group) ? pattern.namedGroups()[group] : null;
  return group >= 0 && group <= pattern.groupCount() ? Number(group) : null;
}

/** The group that was asked for, else the first one, else the whole match. */
function groupOf(pattern: RE2JS, group: Long | string | undefined): number {
  return group === undefined ? Math.min(1, pattern.groupCount()) : numberOfGroup(pattern, group)!;
}

function extract(source: string, wanted?: Long | string): (text: string) => string | null {
  const pattern = compile(source);
  const group = groupOf(pattern, wanted);
  return (text) => {
    const matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(group) : null;
  };
}

function extractAll(source: string, wanted?: Long | string): (text: string) => string[] {
  const pattern = compile(source);
  const group = groupOf(pattern, wanted);
  return (text) => {
    const found: string[] = [];
    for (const matcher = pattern.matcher(text); matcher.find();) {
      const part = matcher.group(group);
      if (part !== null) found.push(part);
    }
    return found;
  };
}

/** `$1`, `${name}` and `$$`; anything else behind a `$` is a mistake. */
const REFERENCE = /\$(?:\$|(\d)|\{(\w+)\})?/g;

/** The parts of a replacement: texts, and numbers of groups. Null if it names a group that is not there. */
function replacementOf(pattern: RE2JS, text: string): (string | number)[] | null {
  const parts: (string | number)[] = [];
  let end = 0;
  for (const { 0: part, 1: digit, 2: name, index } of text.matchAll(REFERENCE)) {
    parts.push(text.slice(end, index));
    const reference = digit ?? name;
    const group = reference === undefined ? null : numberOfGroup(pattern, /^\d+$/.test(reference) ? Number(reference) : reference);
    if (part !== '$$' && group === null) return null;
    parts.push(group ?? '$');
    end = index + part.length;
  }
  return [...parts, text.slice(end)].filter((part) => part !== '');
}

function patternAndReplacement(args: readonly TypedExpr[]): ResolutionProblem | null {
  const problem = literalPattern(args);
  if (problem !== null) return problem;
  const by = textLiteral(args[2]);
  if (by === null) return mustBeLiteral(2, 'replacement');
  if (replacementOf(compile(textLiteral(args[1])!), by) !== null) return null;
  const nothing = noSuchGroup(args, 2, 'replacement');
  return { ...nothing, help: 'a group is `$1` or `${name}`, a dollar sign `$$`' } as ResolutionProblem;
}

function replaceRegex(source: string, by: string): (text: string) => string {
  const pattern = compile(source);
  const parts = replacementOf(pattern, by)!;
  return (text) => {
    const matcher = pattern.matcher(text);
    let result = '';
    let end = 0;
    while (matcher.find()) {
      result += text.slice(end, matcher.start());
      for (const part of parts) result += typeof part === 'string' ? part : (matcher.group(part) ?? '');
      end = matcher.end();
    }
    return end === 0 && result === '' ? text : result + text.slice(end);
  };
}

/** An empty match separates nothing. */
function splitRegex(source: string): (text: string) => string[] {
  const pattern = compile(source);
  return (text) => {
    const parts: string[] = [];
    let end = 0;
    for (const matcher = pattern.matcher(text); matcher.find();) {
      if (matcher.end() === matcher.start()) continue;
      parts.push(text.slice(end, matcher.start()));
      end = matcher.end();
    }
    parts.push(text.slice(end));
    return parts;
  };
}

/** `f(text, pattern[, group])`, the group by its number or by its name. */
function withGroup(
  name: string,
  returns: Type,
  prepare: (pattern: string, group?: Long | string) => (text: string) => string[] | string | null,
): Overload[] {
  const run = { prepare: (_text: undefined, pattern: string, group?: Long | string) => prepare(pattern, group) };
  return [
    { params: ['text', 'text', 'long'], optional: 1, check: patternAndGroup, returns, run },
    { params: ['text', 'text', 'text'], check: patternAndGroup, returns, fn: `${name}_named`, run },
  ];
}

export const regexFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'matches',
      signature: 'matches(text, pattern)',
      summary: 'whether a pattern is found in a text',
      doc: 'Anywhere in it: `^` and `$` tie it to both ends. `(?i)` in front ignores case. Patterns are those of RE2 and are literals.',
      examples: [
        { expression: 'matches("/api/rides/17", "^/api/[a-z]+/[0-9]+$")', value: true },
        { expression: 'matches("Error: timeout", "(?i)TIMEOUT|refused")', value: true },
      ],
    },
    [
      {
        params: ['text', 'text'],
        check: literalPattern,
        returns: BOOLEAN,
        run: {
          prepare: (_text: undefined, source: string) => {
            const pattern = compile(source);
            return (text: string) => pattern.test(text);
          },
        },
      },
    ],
  ),
  defineFunction(
    {
      name: 'extract',
      signature: 'extract(text, pattern[, group])',
      summary: 'the part of a text that a pattern, or a group of it, stands for',
      doc: 'Of the first match. The group is a number or a name, `(?P<name>…)`; without one it is the first, or the whole match if there is none. Null where nothing is found.',
      examples: [
        { expression: 'extract("GET /rides/17 200", "/rides/([0-9]+)")', value: '17' },
        { expression: 'extract("GET /rides/17 200", "(?P<verb>[A-Z]+) (?P<path>[^ ]+)", "path")', value: '/rides/17' },
        { expression: 'extract("GET /rides", "[0-9]+")', value: null },
      ],
    },
    withGroup('extract', nullable(STRING), extract),
  ),
  defineFunction(
    {
      name: 'extractAll',
      signature: 'extractAll(text, pattern[, group])',
      summary: 'the parts of a text that a pattern, or a group of it, stands for',
      doc: 'Of all matches that do not overlap, from the left. The group as with `extract`.',
      examples: [{ expression: 'extractAll("#a and #bc", "#([a-z]+)")', value: ['a', 'bc'] }],
    },
    withGroup('extractAll', TEXTS, extractAll),
  ),
  defineFunction(
    {
      name: 'replaceRegex',
      signature: 'replaceRegex(text, pattern, by)',
      summary: 'the text with each match of a pattern replaced',
      doc: 'The replacement is a literal too: `$1` or `${name}` is a group in it, `$0` the whole match, `$$` a dollar sign.',
      examples: [
        { expression: 'replaceRegex("+420 777 123 456", "[^0-9]", "")', value: '420777123456' },
        { expression: 'replaceRegex("2024-05-01", "(\\\\d+)-(\\\\d+)-(\\\\d+)", "$3.$2.$1")', value: '01.05.2024' },
      ],
    },
    [
      {
        params: ['text', 'text', 'text'],
        check: patternAndReplacement,
        returns: STRING,
        run: { prepare: (_text: undefined, pattern: string, by: string) => replaceRegex(pattern, by) },
      },
    ],
  ),
  defineFunction(
    {
      name: 'splitRegex',
      signature: 'splitRegex(text, pattern)',
      summary: 'the parts of a text between matches of a pattern',
      doc: '',
      examples: [{ expression: 'splitRegex("a, b;c", "[,;] *")', value: ['a', 'b', 'c'] }],
    },
    [
      {
        params: ['text', 'text'],
        check: literalPattern,
        returns: TEXTS,
        run: { prepare: (_text: undefined, pattern: string) => splitRegex(pattern) },
      },
    ],
  ),
];
