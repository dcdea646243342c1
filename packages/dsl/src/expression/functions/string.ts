import { BOOLEAN, definite, INT, isText, nullable, STRING } from '../../types/lattice.js';
import type { Value } from '../../types/type.js';
import type { Long } from '../long.js';
import { ExpressionError, type TypedExpr } from '../typed.js';
import { concatArrays, containsItem, indexOfItem } from './array.js';
import { defineFunction, type FunctionSpec, type ResolutionProblem } from './spec.js';

/** Code units that `repeat` and the like may make: more is an error of the record, before it is one of memory. */
const MAX_MADE = 1_000_000;

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

function lengthOf(text: string): number {
  return hasSurrogates(text) ? codePoints(text).length : text.length;
}

/** The last `count` characters. */
function right(text: string, count: Long): string {
  return count <= 0 ? '' : substring(text, Math.max(0, lengthOf(text) - Number(count)));
}

function indexOf(text: string, part: string): number | null {
  const at = text.indexOf(part);
  return at < 0 ? null : lengthOf(text.slice(0, at));
}

function repeat(text: string, count: Long): string {
  if (count <= 0) return '';
  if (text.length * Number(count) > MAX_MADE) throw new ExpressionError('domain', `a text of more than ${MAX_MADE} characters`);
  return text.repeat(Number(count));
}

/** What makes the text `length` characters long. */
function padding(text: string, length: Long, fill = ' '): string {
  const missing = Number(length) - lengthOf(text);
  if (missing <= 0 || fill === '') return '';
  const unit = lengthOf(fill);
  return substring(repeat(fill, Math.ceil(missing / unit)), 0, missing);
}

function capitalize(text: string): string {
  return text.replace(/\p{L}+/gu, (word) => {
    const first = String.fromCodePoint(word.codePointAt(0)!);
    return first.toUpperCase() + word.slice(first.length).toLowerCase();
  });
}

function textItems(args: readonly TypedExpr[]): ResolutionProblem | null {
  const array = definite(args[0].type);
  if (array.kind !== 'array' || isText(definite(array.items))) return null;
  return { problem: 'argument', index: 0, wanted: 'an array of texts' };
}

function join(items: readonly (string | null)[], separator: string): string {
  return (items.includes(null) ? items.filter((item) => item !== null) : items).join(separator);
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
      name: 'trimStart',
      signature: 'trimStart(text)',
      summary: 'the text without the white space in front',
      doc: '',
      examples: [{ expression: 'trimStart("  a b ")', value: 'a b ' }],
    },
    [{ params: ['text'], returns: STRING, run: (text: string) => text.trimStart() }],
  ),
  defineFunction(
    {
      name: 'trimEnd',
      signature: 'trimEnd(text)',
      summary: 'the text without the white space behind it',
      doc: '',
      examples: [{ expression: 'trimEnd("  a b ")', value: '  a b' }],
    },
    [{ params: ['text'], returns: STRING, run: (text: string) => text.trimEnd() }],
  ),
  defineFunction(
    {
      name: 'capitalize',
      signature: 'capitalize(text)',
      summary: 'each word with a capital, and the rest of it in lower case',
      doc: 'A word is a run of letters.',
      examples: [{ expression: 'capitalize("nové MĚSTO-sever")', value: 'Nové Město-Sever' }],
    },
    [{ params: ['text'], returns: STRING, run: capitalize }],
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
      { params: ['text'], returns: INT, run: lengthOf },
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
      name: 'left',
      signature: 'left(text, count)',
      summary: 'the first characters of a text',
      doc: 'All of it if it has fewer.',
      examples: [{ expression: 'left("sensor-17", 6)', value: 'sensor' }],
    },
    [{ params: ['text', 'long'], returns: STRING, run: (text: string, count: Long) => substring(text, 0, count) }],
  ),
  defineFunction(
    {
      name: 'right',
      signature: 'right(text, count)',
      summary: 'the last characters of a text',
      doc: 'All of it if it has fewer.',
      examples: [{ expression: 'right("sensor-17", 2)', value: '17' }],
    },
    [{ params: ['text', 'long'], returns: STRING, run: right }],
  ),
  defineFunction(
    {
      name: 'concat',
      signature: 'concat(x, x, …)',
      summary: 'texts joined to one, or arrays',
      doc: 'Other values become texts by `string(x)`.',
      examples: [
        { expression: 'concat([1], [2, 3])', value: [1, 2, 3] },
        { expression: 'concat("a", "-", "b")', value: 'a-b' },
        { expression: 'concat("user ", string(7))', value: 'user 7' },
      ],
    },
    [{ params: ['text'], variadic: true, returns: STRING, run: (...texts: string[]) => texts.join('') }, concatArrays],
  ),
  defineFunction(
    {
      name: 'startsWith',
      signature: 'startsWith(text, prefix)',
      summary: 'whether a text begins with another',
      doc: '',
      examples: [{ expression: 'startsWith("/api/rides", "/api/")', value: true }],
    },
    [{ params: ['text', 'text'], returns: BOOLEAN, run: (text: string, prefix: string) => text.startsWith(prefix) }],
  ),
  defineFunction(
    {
      name: 'endsWith',
      signature: 'endsWith(text, suffix)',
      summary: 'whether a text ends with another',
      doc: '',
      examples: [{ expression: 'endsWith("photo.jpg", ".png")', value: false }],
    },
    [{ params: ['text', 'text'], returns: BOOLEAN, run: (text: string, suffix: string) => text.endsWith(suffix) }],
  ),
  defineFunction(
    {
      name: 'contains',
      signature: 'contains(x, part)',
      summary: 'whether a text has another in it, an array an item, or a map a key',
      doc: 'Upper and lower case differ. Null if either is; of arrays and maps `item in x` is true or false, whatever is null.',
      examples: [
        { expression: 'contains("a-b-c", "b-")', value: true },
        { expression: 'contains([1, 2], 3)', value: false },
      ],
    },
    [
      { params: ['text', 'text'], returns: BOOLEAN, run: (text: string, part: string) => text.includes(part) },
      containsItem,
      {
        params: ['map', 'text'],
        returns: BOOLEAN,
        fn: 'contains_map',
        run: (map: ReadonlyMap<string, Value>, key: string) => map.has(key),
      },
    ],
  ),
  defineFunction(
    {
      name: 'indexOf',
      signature: 'indexOf(x, part)',
      summary: 'where a text has another in it, or an array an item, for the first time',
      doc: 'The first character or item is number 0. Null if it is nowhere.',
      examples: [
        { expression: 'indexOf([5, 7], 7)', value: 1 },
        { expression: 'indexOf("a-b-c", "b")', value: 2 },
        { expression: 'indexOf("a-b-c", "x")', value: null },
      ],
    },
    [{ params: ['text', 'text'], returns: nullable(INT), run: indexOf }, indexOfItem],
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
      name: 'join',
      signature: 'join(array, separator)',
      summary: 'the texts of an array joined to one, a separator between them',
      doc: 'Nulls are left out.',
      examples: [{ expression: 'join(split("2024/05/01", "/"), "-")', value: '2024-05-01' }],
    },
    [{ params: ['array', 'text'], check: textItems, returns: STRING, run: join }],
  ),
  defineFunction(
    {
      name: 'padStart',
      signature: 'padStart(text, length[, fill])',
      summary: 'the text, filled up in front to so many characters',
      doc: 'With spaces, if nothing is said. A longer text stays as it is.',
      examples: [
        { expression: 'padStart("7", 3, "0")', value: '007' },
        { expression: 'padStart("2024", 3)', value: '2024' },
      ],
    },
    [
      {
        params: ['text', 'long', 'text'],
        optional: 1,
        returns: STRING,
        run: (text: string, length: Long, fill?: string) => padding(text, length, fill) + text,
      },
    ],
  ),
  defineFunction(
    {
      name: 'padEnd',
      signature: 'padEnd(text, length[, fill])',
      summary: 'the text, filled up behind to so many characters',
      doc: 'With spaces, if nothing is said. A longer text stays as it is.',
      examples: [{ expression: 'padEnd("ab", 4, ".")', value: 'ab..' }],
    },
    [
      {
        params: ['text', 'long', 'text'],
        optional: 1,
        returns: STRING,
        run: (text: string, length: Long, fill?: string) => text + padding(text, length, fill),
      },
    ],
  ),
  defineFunction(
    {
      name: 'repeat',
      signature: 'repeat(text, count)',
      summary: 'the text so many times',
      doc: 'More than a million characters are an error of the record.',
      examples: [{ expression: 'repeat("ab", 3)', value: 'ababab' }],
    },
    [{ params: ['text', 'long'], returns: STRING, run: repeat }],
  ),
  defineFunction(
    {
      name: 'reverse',
      signature: 'reverse(x)',
      summary: 'the characters of a text, or the items of an array, from the last to the first',
      doc: '',
      examples: [
        { expression: 'reverse("abc")', value: 'cba' },
        { expression: 'reverse(split("a,b", ","))', value: ['b', 'a'] },
      ],
    },
    [
      { params: ['text'], returns: STRING, run: (text: string) => codePoints(text).reverse().join('') },
      {
        params: ['array'],
        returns: ([array]) => definite(array.type),
        fn: 'reverse_array',
        run: (items: readonly Value[]) => items.toReversed(),
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
