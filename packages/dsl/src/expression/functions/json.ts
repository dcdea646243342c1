import { Buffer } from 'node:buffer';
import { BOOLEAN, definite, DOUBLE, LONG, nullable, STRING } from '../../types/lattice.js';
import type { Type, Value } from '../../types/type.js';
import { typeFromJson } from '../../types/avro.js';
import { perRecursive, RecursiveRecord } from '../../types/recursive.js';
import { branchOf, isUnion } from '../../types/union.js';
import { literal } from '../build.js';
import { showDate, showTimestamp } from '../calendar.js';
import { showDecimal } from '../decimal.js';
import { ExactNumber, type Json, jsonAt, parseJson, parsePath, textOfJson, textsOfJson } from '../json.js';
import { canonicalLong, type Long, MAX_LONG, MIN_LONG } from '../long.js';
import type { TypedExpr } from '../typed.js';
import { defineFunction, mustBeLiteral, textLiteral, type FunctionSpec, type ResolutionProblem } from './spec.js';

const PATH_HELP = 'a path is `$.user.name`, `$.items[0].sku` or `$["a name"]`';
const PLACE = 'The path is a literal: `$` is the whole text, `.name` or `["name"]` a field, `[0]` an item.';

/** What is wrong with the path, which is the second argument everywhere. */
function literalPath(args: readonly TypedExpr[]): ResolutionProblem | null {
  const path = textLiteral(args[1]);
  if (path === null) return mustBeLiteral(1, 'path', 'a path is read once, so it cannot come from the record');
  const steps = parsePath(path);
  return 'problem' in steps ? { problem: 'literal', index: 1, wanted: 'path', reason: steps.problem, help: PATH_HELP } : null;
}

/** The last text read, and what it is: several fields of one text are asked for one after the other. */
let last: { readonly text: string; readonly json: Json | undefined } = { text: '', json: undefined };

function read(text: string): Json | undefined {
  if (text !== last.text) last = { text, json: parseJson(text, true) };
  return last.json;
}

/** A function that reads what stands at a path of a text; null where nothing does, null does, or what `convert` has nothing for. */
function accessor(
  text: Pick<FunctionSpec, 'name' | 'summary' | 'examples'> & { readonly doc?: string },
  type: Type,
  convert: (json: NonNullable<Json>) => Value,
): FunctionSpec {
  const prepare = (_text: unknown, path: string) => {
    const steps = parsePath(path);
    if ('problem' in steps) throw new Error(`${path}: ${steps.problem}`);
    return (json: string): Value => {
      const found = jsonAt(read(json), steps);
      return found === undefined || found === null ? null : convert(found);
    };
  };
  const doc = [PLACE, text.doc, 'Null where nothing stands there, or the text is no JSON.'].filter((part) => part !== undefined).join(' ');
  return defineFunction({ ...text, signature: `${text.name}(text, path)`, doc }, [
    { params: ['text', 'text'], check: literalPath, returns: nullable(type), run: { prepare } },
  ]);
}

function longOfJson(json: Json): Long | null {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? json + 0 : null;
  if (!(json instanceof ExactNumber) || !/^-?\d{1,20}$/.test(json.text)) return null;
  const value = BigInt(json.text);
  return value < MIN_LONG || value > MAX_LONG ? null : canonicalLong(value);
}

function isObject(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof ExactNumber);
}

const recursiveWriter = perRecursive(jsonWriter);

/** A value as JSON, as JSON sinks write it. */
export function jsonWriter(type: Type): (value: Value) => string {
  switch (type.kind) {
    case 'nullable': {
      const write = jsonWriter(type.of);
      return (value) => (value === null ? 'null' : write(value));
    }
    case 'long':
      return String;
    case 'decimal':
      return (value) => showDecimal(value as bigint, type.scale);
    case 'bytes':
      return (value) => `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
    case 'timestamp':
      return (value) => `"${showTimestamp(Math.floor(value as number))}"`;
    case 'date':
      return (value) => `"${showDate(value as number)}"`;
    case 'array': {
      const write = jsonWriter(type.items);
      return (value) => `[${(value as readonly Value[]).map(write).join(',')}]`;
    }
    case 'map': {
      const write = jsonWriter(type.values);
      const entry = ([key, value]: readonly [string, Value]): string => `${JSON.stringify(key)}:${write(value)}`;
      return (value) => `{${[...(value as ReadonlyMap<string, Value>)].map(entry).join(',')}}`;
    }
    case 'record': {
      if (isUnion(type)) {
        const writers = type.fields.map((field) => jsonWriter(definite(field.type)));
        return (value) => {
          const held = branchOf(type, value);
          return writers[held.branch](held.value);
        };
      }
      if (type instanceof RecursiveRecord) {
        const writer = recursiveWriter(type);
        return (value) => writer()(value);
      }
      const fields = type.fields.map((field) => ({ name: field.name, write: jsonWriter(field.type) }));
      return (value) => {
        const record = value as { readonly [field: string]: Value };
        return `{${fields.map(({ name, write }) => `${JSON.stringify(name)}:${write(record[name])}`).join(',')}}`;
      };
    }
    default:
      return (value) => JSON.stringify(value);
  }
}

export const jsonFunctions: readonly FunctionSpec[] = [
  accessor(
    {
      name: 'jsonString',
      summary: 'the text at a path of a JSON text',
      doc: 'A number or boolean is given as it is written, an object or array as JSON.',
      examples: [
        { expression: 'jsonString("{\\"user\\": {\\"tags\\": [\\"a\\", \\"b\\"]}}", "$.user.tags[1]")', value: 'b' },
        { expression: 'jsonString("{\\"n\\": 12}", "$.n")', value: '12' },
        { expression: 'jsonString("not json", "$.n")', value: null },
      ],
    },
    STRING,
    textOfJson,
  ),
  accessor(
    {
      name: 'jsonLong',
      summary: 'the integer at a path of a JSON text',
      doc: 'Null for what is no integer of 64 bits, too.',
      examples: [
        { expression: 'jsonLong("{\\"ids\\": [9007199254740993]}", "$.ids[0]")', value: 9007199254740993n },
        { expression: 'jsonLong("{\\"n\\": 1.5}", "$.n")', value: null },
      ],
    },
    LONG,
    longOfJson,
  ),
  accessor(
    {
      name: 'jsonDouble',
      summary: 'the number at a path of a JSON text',
      doc: 'Null for what is no number, too.',
      examples: [{ expression: 'jsonDouble("{\\"price\\": 1.5}", "$.price")', value: 1.5 }],
    },
    DOUBLE,
    (json) => (typeof json === 'number' ? json : json instanceof ExactNumber ? Number(json.text) : null),
  ),
  accessor(
    {
      name: 'jsonBoolean',
      summary: 'the true or false at a path of a JSON text',
      doc: 'Null for anything else, too.',
      examples: [{ expression: 'jsonBoolean("{\\"new\\": true}", "$.new") ?? false', value: true }],
    },
    BOOLEAN,
    (json) => (typeof json === 'boolean' ? json : null),
  ),
  accessor(
    {
      name: 'jsonArray',
      summary: 'the items of the array at a path of a JSON text, each as a text',
      doc: 'Items are given as `jsonString` does; `unnest` makes rows of them.',
      examples: [
        { expression: 'jsonArray("[1, \\"two\\", null, {\\"n\\": 4}]", "$")', value: ['1', 'two', null, '{"n":4}'] },
        { expression: 'jsonArray("{}", "$.items")', value: null },
      ],
    },
    { kind: 'array', items: nullable(STRING) },
    (json) => (Array.isArray(json) ? textsOfJson(json) : null),
  ),
  accessor(
    {
      name: 'jsonMap',
      summary: 'the fields of the object at a path of a JSON text: a map of texts',
      doc: 'Values are given as `jsonString` does.',
      examples: [{ expression: 'jsonMap("{\\"a\\": {\\"b\\": 1}}", "$.a")["b"]', value: '1' }],
    },
    { kind: 'map', values: nullable(STRING) },
    (json) => {
      if (!isObject(json)) return null;
      const texts = textsOfJson(Object.values(json));
      return new Map(Object.keys(json).map((key, i) => [key, texts[i]]));
    },
  ),
  defineFunction(
    {
      name: 'toJson',
      signature: 'toJson(x)',
      summary: 'a value as JSON',
      doc: 'As JSON sinks write it: times in ISO 8601, bytes in base64, longs and decimals with all their digits, NaN and infinities as null.',
      examples: [
        { expression: 'toJson(split("a,b", ","))', value: '["a","b"]' },
        { expression: 'toJson("say \\"hi\\"")', value: '"say \\"hi\\""' },
        { expression: 'toJson(timestamp(0))', value: '"1970-01-01T00:00:00.000Z"' },
      ],
    },
    [
      {
        params: ['any'],
        returns: STRING,
        statics: ([arg]) => [literal(JSON.stringify(definite(arg.type)), STRING, arg.span)],
        run: { prepare: (_value: unknown, type: string) => jsonWriter(typeFromJson(type)) },
      },
    ],
  ),
];
