import { definite, isNullable, nullableIf, STRING, type DefiniteType } from '../../types/lattice.js';
import type { Type, Value } from '../../types/type.js';
import { call } from '../build.js';
import type { TypedExpr } from '../typed.js';
import { defineFunction, type FunctionSpec } from './spec.js';

function valuesOf(map: Type): Type {
  return (map as Extract<DefiniteType, { kind: 'map' }>).values;
}

function entriesType([map]: readonly TypedExpr[]): Type {
  const fields = [
    { name: 'key', type: STRING },
    { name: 'value', type: valuesOf(definite(map.type)) },
  ];
  return { kind: 'array', items: { kind: 'record', name: 'Entry', fields } };
}

/** `entries(map)` as a node. */
export function arrayOfEntries(map: TypedExpr): TypedExpr {
  return call('entries', [map], nullableIf(isNullable(map.type), entriesType([map])), map.span);
}

type Entries = ReadonlyMap<string, Value>;

export const mapFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'keys',
      signature: 'keys(map)',
      summary: 'the keys of a map, in the order in which it has them',
      doc: 'A value is `m["key"]`, null where there is none; whether there is one says `"key" in m`.',
      examples: [{ expression: 'keys(jsonMap("{\\"b\\": \\"1\\", \\"a\\": \\"2\\"}", "$"))', value: ['b', 'a'] }],
    },
    [{ params: ['map'], returns: { kind: 'array', items: STRING }, run: (map: Entries) => [...map.keys()] }],
  ),
  defineFunction(
    {
      name: 'values',
      signature: 'values(map)',
      summary: 'the values of a map, in the order of its keys',
      doc: '',
      examples: [{ expression: 'values(jsonMap("{\\"b\\": \\"1\\", \\"a\\": \\"2\\"}", "$"))', value: ['1', '2'] }],
    },
    [
      {
        params: ['map'],
        returns: ([map]) => ({ kind: 'array', items: valuesOf(definite(map.type)) }),
        run: (map: Entries) => [...map.values()],
      },
    ],
  ),
  defineFunction(
    {
      name: 'entries',
      signature: 'entries(map)',
      summary: 'the entries of a map: records of `key` and `value`',
      doc: '`unnest` of a map gives them as rows.',
      examples: [{ expression: 'entries(jsonMap("{\\"a\\": \\"2\\"}", "$"))', value: [{ key: 'a', value: '2' }] }],
    },
    [{ params: ['map'], returns: entriesType, run: (map: Entries) => [...map].map(([key, value]) => ({ key, value })) }],
  ),
];
