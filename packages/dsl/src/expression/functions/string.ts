import { BOOLEAN, INT, STRING } from '../../types/lattice.js';
import type { Long } from '../long.js';
import { defineFunction, type FunctionSpec } from './spec.js';

/** Whether characters are more than code units. Most texts have none, and are counted and cut at once. */
function hasSurrogates(text: string): boolean {
  return /[\ud800-\udfff]/.test(text);
}

function codePoints(text: string): string[] {
  return Array.from(text);
}

function clamp(position: Long, length: number): number {
  return position < 0 ? 0 : position > length ? length : Number(position);
}

function substring(text: string, start: Long, length?: Long): string {
  const units: string | string[] = hasSurrogates(text) ? codePoints(text) : text;
  const from = clamp(start, units.length);
  const to = length === undefined ? units.length : from + clamp(length, units.length - from);
  return typeof units === 'string' ? units.slice(from, to) : units.slice(from, to).join('');
}

export const stringFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'lower',
      signature: 'lower(text)',
      summary: 'the text in lower case',
      doc: 'By Unicode, whatever the locale.',
      examples: [{ expression: 'lower("Brno")', value: 'brno' }],
    },
    [{ params: ['text'], returns: STRING, run: (text: string) => text.toLowerCase() }],
  ),
  defineFunction(
    {
      name: 'upper',
      signature: 'upper(text)',
      summary: 'the text in upper case',
      doc: 'By Unicode, whatever the locale.',
      examples: [{ expression: 'upper("Brno")', value: 'BRNO' }],
    },
    [{ params: ['text'], returns: STRING, run: (text: string) => text.toUpperCase() }],
  ),
  defineFunction(
    {
      name: 'trim',
      signature: 'trim(text)',
      summary: 'the text without the white space around it',
      doc: '',
      examples: [{ expression: 'trim("  a b ")', value: 'a b' }],
    },
    [{ params: ['text'], returns: STRING, run: (text: string) => text.trim() }],
  ),
  defineFunction(
    {
      name: 'length',
      signature: 'length(x)',
      summary: 'how many characters a text, or items an array or map has',
      doc: 'Characters are Unicode code points.',
      examples: [
        { expression: 'length("naïve")', value: 5 },
        { expression: 'length("😀")', value: 1 },
        { expression: 'length(split("a,b", ","))', value: 2 },
      ],
    },
    [
      { params: ['text'], returns: INT, run: (text: string) => (hasSurrogates(text) ? codePoints(text).length : text.length) },
      { params: ['array'], returns: INT, fn: 'length_array', run: (items: readonly unknown[]) => items.length },
      { params: ['map'], returns: INT, fn: 'length_map', run: (map: ReadonlyMap<string, unknown>) => map.size },
    ],
  ),
  defineFunction(
    {
      name: 'substring',
      signature: 'substring(text, start[, length])',
      summary: 'a part of a text',
      doc: 'The first character is number 0. What lies outside the text is not there: the result is shorter, or empty.',
      examples: [
        { expression: 'substring("sensor-17", 7)', value: '17' },
        { expression: 'substring("sensor-17", 0, 6)', value: 'sensor' },
        { expression: 'substring("abc", 5)', value: '' },
      ],
    },
    [{ params: ['text', 'long', 'long'], optional: 1, returns: STRING, run: substring }],
  ),
  defineFunction(
    {
      name: 'concat',
      signature: 'concat(text, text, …)',
      summary: 'texts joined to one',
      doc: 'Other values become texts by `string(x)`.',
      examples: [
        { expression: 'concat("a", "-", "b")', value: 'a-b' },
        { expression: 'concat("user ", string(7))', value: 'user 7' },
      ],
    },
    [{ params: ['text'], variadic: true, returns: STRING, run: (...texts: string[]) => texts.join('') }],
  ),
  defineFunction(
    {
      name: 'starts_with',
      signature: 'starts_with(text, prefix)',
      summary: 'whether a text begins with another',
      doc: '',
      examples: [{ expression: 'starts_with("/api/rides", "/api/")', value: true }],
    },
    [{ params: ['text', 'text'], returns: BOOLEAN, run: (text: string, prefix: string) => text.startsWith(prefix) }],
  ),
  defineFunction(
    {
      name: 'ends_with',
      signature: 'ends_with(text, suffix)',
      summary: 'whether a text ends with another',
      doc: '',
      examples: [{ expression: 'ends_with("photo.jpg", ".png")', value: false }],
    },
    [{ params: ['text', 'text'], returns: BOOLEAN, run: (text: string, suffix: string) => text.endsWith(suffix) }],
  ),
  defineFunction(
    {
      name: 'contains',
      signature: 'contains(text, part)',
      summary: 'whether a text has another in it',
      doc: 'Upper and lower case differ.',
      examples: [{ expression: 'contains("a-b-c", "b-")', value: true }],
    },
    [{ params: ['text', 'text'], returns: BOOLEAN, run: (text: string, part: string) => text.includes(part) }],
  ),
  defineFunction(
    {
      name: 'split',
      signature: 'split(text, separator)',
      summary: 'the parts of a text between separators',
      doc: 'An empty separator gives the characters. A part is `split(x, "/")[0]`, null where there are fewer.',
      examples: [
        { expression: 'split("/a//b", "/")', value: ['', 'a', '', 'b'] },
        { expression: 'split("a/b", "/")[1]', value: 'b' },
        { expression: 'split("a/b", "/")[2]', value: null },
      ],
    },
    [
      {
        params: ['text', 'text'],
        returns: { kind: 'array', items: STRING },
        run: (text: string, separator: string) => (separator === '' ? codePoints(text) : text.split(separator)),
      },
    ],
  ),
  defineFunction(
    {
      name: 'replace',
      signature: 'replace(text, part, by)',
      summary: 'the text with each occurrence of a part replaced',
      doc: 'The part is a text, not a pattern.',
      examples: [{ expression: 'replace("1.2.3", ".", "-")', value: '1-2-3' }],
    },
    [
      {
        params: ['text', 'text', 'text'],
        returns: STRING,
        run: (text: string, part: string, by: string) => text.replaceAll(part, () => by),
      },
    ],
  ),
];
