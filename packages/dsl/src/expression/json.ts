import type { Value } from '../types/type.js';
import { ExpressionError } from './typed.js';

/** What JSON.parse gives, or a number whose digits a double does not hold. */
export type Json = null | boolean | number | string | ExactNumber | Json[] | { readonly [key: string]: Json };

export class ExactNumber {
  /** @param text as it was written */
  constructor(readonly text: string) {}
}

/** Numbers of this many digits may need more than a double. */
const LONG_NUMBER = /\d[\d.]{15}/;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
const MARK = '\u0000number';

/**
 * Reads JSON; undefined where the text is none.
 *
 * @param exact whether numbers keep the digits that a double does not hold
 */
export function parseJson(text: string, exact: boolean): Json | undefined {
  try {
    const plain = JSON.parse(text) as Json;
    if (!exact || !LONG_NUMBER.test(text)) return plain;
    const wrapped = text.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') ? token : `{"\\u0000number":"${token}"}`));
    return JSON.parse(wrapped, (_key, value: unknown) =>
      typeof value === 'object' && value !== null && MARK in value ? jsonNumber(value[MARK] as string) : value,
    ) as Json;
  } catch {
    return undefined;
  }
}

/** A number as JSON has it. */
export function jsonNumber(text: string): number | ExactNumber {
  const value = Number(text);
  return String(value) === text && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : new ExactNumber(text);
}

/** A key of an object, or a number in an array. */
type Step = string | number;

const STEP = /\.([^.[\]"'\s]+)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** Reads a path such as `$.user.tags[0]["a b"]`; what is wrong, where it is none. */
export function parsePath(text: string): readonly Step[] | { readonly problem: string } {
  if (!text.startsWith('$')) return { problem: 'it begins with `$`, the whole text' };
  const steps: Step[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const at = STEP.lastIndex;
    const found = STEP.exec(text);
    if (found === null) return { problem: `\`${text.slice(at)}\` is no \`.name\`, \`[0]\` or \`["name"]\`` };
    const [, name, index, quoted] = found;
    if (quoted !== undefined) {
      const key = parseJson(quoted, false);
      if (typeof key !== 'string') return { problem: `${quoted} is no text` };
      steps.push(key);
    } else steps.push(index === undefined ? name : Number(index));
  }
  return steps;
}

/** What stands at a path; undefined where nothing does. */
export function jsonAt(json: Json | undefined, path: readonly Step[]): Json | undefined {
  let at = json;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || at instanceof ExactNumber) return undefined;
    if (Array.isArray(at)) at = typeof step === 'number' ? at[step] : undefined;
    else at = typeof step === 'string' && Object.hasOwn(at, step) ? (at as Readonly<Record<string, Json>>)[step] : undefined;
  }
  return at;
}

/** A text as it is, other values as they are written in JSON. */
export function textOfJson(json: Json): string {
  return typeof json === 'string' ? json : writeJson(json, 0);
}

/** Nesting that can be written: more is an error of the record, before it is one of the stack. */
const MAX_NESTING = 500;

function writeJson(json: Json, nesting: number): string {
  if (json instanceof ExactNumber) return json.text;
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  if (nesting === MAX_NESTING) throw new ExpressionError('domain', `JSON of more than ${MAX_NESTING} levels`);
  const write = (value: Json): string => writeJson(value, nesting + 1);
  if (Array.isArray(json)) return `[${json.map(write).join(',')}]`;
  const entries = Object.entries(json as Readonly<Record<string, Json>>);
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`;
}

/** A text for each of several items, null for null. */
export function textsOfJson(items: readonly Json[]): Value[] {
  return items.map((item) => (item === null ? null : textOfJson(item)));
}
