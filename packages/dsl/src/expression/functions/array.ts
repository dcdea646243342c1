import { BOOLEAN, commonType, definite, DOUBLE, INT, isInteger, isOrdered, LONG, nullable, type DecimalType } from '../../types/lattice.js';
import { decimal, MAX_DECIMAL_PRECISION, showType, type DefiniteType } from '../../types/lattice.js';
import type { Type, Value } from '../../types/type.js';
import { literal } from '../build.js';
import { comparableItem } from '../collections.js';
import { checkDecimal, doubleOfDecimal } from '../decimal.js';
import { addLong, type Long } from '../long.js';
import { compareValues, equalValues } from '../order.js';
import type { TypedExpr } from '../typed.js';
import { defineFunction, type FunctionSpec, type Implementation, type Overload, type ResolutionProblem } from './spec.js';

type Items = readonly Value[];

function itemType(arg: TypedExpr): Type {
  return (definite(arg.type) as Extract<DefiniteType, { kind: 'array' }>).items;
}

// ---- What `contains`, `indexOf` and `concat` do with arrays, beside what they do with texts ----

/** The second argument must be what an item can be. */
function itemArgument([array, item]: readonly TypedExpr[]): ResolutionProblem | null {
  const items = itemType(array);
  return comparableItem(item, items) === null ? { problem: 'argument', index: 1, wanted: `an item of array<${showType(items)}>` } : null;
}

const itemAsStored = ([array, item]: readonly TypedExpr[]): readonly TypedExpr[] => [array, comparableItem(item, itemType(array)) ?? item];

export const containsItem: Overload = {
  params: ['array', 'any'],
  check: itemArgument,
  adapt: itemAsStored,
  returns: BOOLEAN,
  fn: 'contains_array',
  run: (items: Items, item: Value) => items.some((one) => equalValues(one, item)),
};

export const indexOfItem: Overload = {
  params: ['array', 'any'],
  check: itemArgument,
  adapt: itemAsStored,
  returns: nullable(INT),
  fn: 'indexOf_array',
  run: (items: Items, item: Value) => {
    const at = items.findIndex((one) => equalValues(one, item));
    return at < 0 ? null : at;
  },
};

/** The type that holds all arrays. */
function commonArray(args: readonly TypedExpr[]): Type | ResolutionProblem {
  let common = definite(args[0].type) as Type;
  for (const arg of args.slice(1)) {
    const both = commonType(common, definite(arg.type));
    if (both === null) return { problem: 'clash', types: [common, definite(arg.type)] };
    common = definite(both);
  }
  return common;
}

function arraysMeet(args: readonly TypedExpr[]): ResolutionProblem | null {
  const common = commonArray(args);
  return 'problem' in common ? common : null;
}

export const concatArrays: Overload = {
  params: ['array'],
  variadic: true,
  check: arraysMeet,
  returns: (args) => commonArray(args) as Type,
  fn: 'concat_array',
  run: (...arrays: Items[]) => arrays.flat(),
};

// ---- Sets ----

/** The same for equal items and no others; NaN is one value here. */
function identity(item: Value): Value {
  return typeof item === 'object' && item !== null ? textOf(item) : item;
}

function textOf(item: Value): string {
  if (typeof item === 'string') return JSON.stringify(item);
  if (typeof item !== 'object' || item === null) return String(item);
  if (item instanceof Uint8Array) return item.join();
  if (Array.isArray(item)) return `[${item.map(textOf).join(',')}]`;
  const entries = item instanceof Map ? [...item] : Object.entries(item);
  return `{${entries
    .map(([name, value]) => `${JSON.stringify(name)}:${textOf(value)}`)
    .sort()
    .join(',')}}`;
}

function distinct(items: Items): Value[] {
  const byIdentity = new Map<Value, Value>();
  for (const item of items) {
    const id = identity(item);
    if (!byIdentity.has(id)) byIdentity.set(id, item);
  }
  return [...byIdentity.values()];
}

function chosen(items: Items, others: Items, wanted: boolean): Value[] {
  const known = new Set(others.map(identity));
  return distinct(items.filter((item) => known.has(identity(item)) === wanted));
}

// ---- Order and numbers ----

function orderedItems([array]: readonly TypedExpr[]): ResolutionProblem | null {
  const items = definite(itemType(array));
  if (isOrdered(items)) return null;
  return { problem: 'argument', index: 0, wanted: 'an array of values with an order', help: `${showType(items)} has none` };
}

function sorted(items: Items): Value[] {
  return [...items].sort((a, b) => Number(a === null) - Number(b === null) || (a === null ? 0 : compareValues(a, b)));
}

function extreme(items: Items, sign: number): Value {
  let best: Value = null;
  for (const item of items) if (item !== null && (best === null || compareValues(item, best) * sign > 0)) best = item;
  return best;
}

/** A function of the numbers of an array, the nulls left out, by their type. */
function numbersFunction(
  text: Pick<FunctionSpec, 'name' | 'signature' | 'summary' | 'doc' | 'examples'>,
  typeOf: (items: DefiniteType) => Type,
  run: { readonly long: Implementation; readonly double: Implementation; readonly decimal: Implementation },
): FunctionSpec {
  const { name } = text;
  return {
    ...text,
    runtime: { [name]: run.long, [`${name}_double`]: run.double, [`${name}_decimal`]: run.decimal },
    resolve(args) {
      if (args.length !== 1) return { problem: 'count' };
      const [array] = args;
      const type = definite(array.type);
      const items = type.kind === 'array' ? definite(type.items) : null;
      const kind = items === null ? null : isInteger(items) ? 'long' : items.kind === 'float' ? 'double' : items.kind;
      if (items === null || (kind !== 'long' && kind !== 'double' && kind !== 'decimal'))
        return { problem: 'argument', index: 0, wanted: 'an array of numbers' };
      const result = typeOf(items);
      const scale = kind === 'decimal' ? [literal((items as DecimalType).scale, LONG, array.span)] : [];
      const isNull = array.type.kind === 'nullable';
      return { fn: kind === 'long' ? name : `${name}_${kind}`, args: [array, ...scale], type: isNull ? nullable(result) : result };
    },
  };
}

function withoutNulls<T extends Value>(items: readonly (T | null)[]): readonly T[] {
  return items.includes(null) ? items.filter((item) => item !== null) : (items as readonly T[]);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function mean(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : total(numbers) / numbers.length;
}

// ---- The functions ----

const itemsKept: Pick<Overload, 'params' | 'returns'> = { params: ['array'], returns: ([array]) => definite(array.type) };

function ofTwo(name: string, summary: string, wanted: boolean, example: FunctionSpec['examples'][number]): FunctionSpec {
  const text = {
    name,
    signature: `${name}(array, other)`,
    summary,
    doc: 'Each item once, in the order of the first array.',
    examples: [example],
  };
  const run = (items: Items, others: Items): Value[] => chosen(items, others, wanted);
  return defineFunction(text, [{ params: ['array', 'array'], check: arraysMeet, returns: ([array]) => definite(array.type), run }]);
}

export const arrayFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'slice',
      signature: 'slice(array, start[, length])',
      summary: 'a part of an array',
      doc: 'The first item is number 0. What lies outside the array is not there. The item itself is `x[0]`, null where there are fewer.',
      examples: [
        { expression: 'slice([1, 2, 3, 4], 1, 2)', value: [2, 3] },
        { expression: 'slice([1, 2, 3, 4], 3)', value: [4] },
      ],
    },
    [
      {
        params: ['array', 'long', 'long'],
        optional: 1,
        returns: ([array]) => definite(array.type),
        run: (items: Items, start: Long, length: Long = Infinity) => {
          const from = Math.max(0, Number(start));
          return items.slice(from, from + Math.max(0, Number(length)));
        },
      },
    ],
  ),
  defineFunction(
    {
      name: 'arrayFirst',
      signature: 'arrayFirst(array)',
      summary: 'the first item, null of an empty array',
      doc: 'The same as `x[0]`. Over rows it is the aggregate `first(x)`.',
      examples: [{ expression: 'arrayFirst([3, 1])', value: 3 }],
    },
    [{ params: ['array'], returns: ([array]) => nullable(itemType(array)), run: (items: Items) => items[0] ?? null }],
  ),
  defineFunction(
    {
      name: 'arrayLast',
      signature: 'arrayLast(array)',
      summary: 'the last item, null of an empty array',
      doc: 'Over rows it is the aggregate `last(x)`.',
      examples: [{ expression: 'arrayLast(split("a/b/c", "/"))', value: 'c' }],
    },
    [{ params: ['array'], returns: ([array]) => nullable(itemType(array)), run: (items: Items) => items[items.length - 1] ?? null }],
  ),
  defineFunction(
    {
      name: 'arraySort',
      signature: 'arraySort(array)',
      summary: 'the items from the least to the greatest',
      doc: 'Nulls last. The other way round it is `reverse(arraySort(x))`.',
      examples: [{ expression: 'arraySort([2, 10, 1])', value: [1, 2, 10] }],
    },
    [{ ...itemsKept, check: orderedItems, run: sorted }],
  ),
  defineFunction(
    {
      name: 'arrayDistinct',
      signature: 'arrayDistinct(array)',
      summary: 'each item once, where it is first',
      doc: '',
      examples: [{ expression: 'arrayDistinct(["a", "b", "a"])', value: ['a', 'b'] }],
    },
    [{ ...itemsKept, run: distinct }],
  ),
  ofTwo('arrayIntersect', 'the items that two arrays have', true, { expression: 'arrayIntersect([1, 2, 2, 3], [2, 3, 4])', value: [2, 3] }),
  ofTwo('arrayExcept', 'the items that another array does not have', false, { expression: 'arrayExcept([1, 2, 3], [2])', value: [1, 3] }),
  defineFunction(
    {
      name: 'flatten',
      signature: 'flatten(array)',
      summary: 'the items of an array of arrays as one array',
      doc: 'Of one level. Arrays that are null are left out.',
      examples: [{ expression: 'flatten([[1, 2], [3]])', value: [1, 2, 3] }],
    },
    [
      {
        params: ['array'],
        check: ([array]) =>
          definite(itemType(array)).kind === 'array' ? null : { problem: 'argument', index: 0, wanted: 'an array of arrays' },
        returns: ([array]) => definite(itemType(array)),
        run: (items: readonly (Items | null)[]) => items.flatMap((inner) => inner ?? []),
      },
    ],
  ),
  numbersFunction(
    {
      name: 'arraySum',
      signature: 'arraySum(array)',
      summary: 'the sum of the items',
      doc: 'Nulls are left out; of nothing it is 0. Over rows it is the aggregate `sum(x)`.',
      examples: [
        { expression: 'arraySum([1, 2, 3])', value: 6 },
        { expression: 'arraySum([0.5, 0.25])', value: 0.75 },
      ],
    },
    (items) => (isInteger(items) ? LONG : items.kind === 'decimal' ? decimal(MAX_DECIMAL_PRECISION, items.scale) : DOUBLE),
    {
      long: (items: readonly (Long | null)[]) => withoutNulls(items).reduce(addLong, 0),
      double: (items: readonly (number | null)[]) => total(withoutNulls(items)),
      decimal: (items: readonly (bigint | null)[]) =>
        checkDecimal(
          withoutNulls(items).reduce((sum, item) => sum + item, 0n),
          MAX_DECIMAL_PRECISION,
        ),
    },
  ),
  numbersFunction(
    {
      name: 'arrayAvg',
      signature: 'arrayAvg(array)',
      summary: 'the mean of the items, as a double',
      doc: 'Nulls are left out; of nothing it is null. Over rows it is the aggregate `avg(x)`.',
      examples: [{ expression: 'arrayAvg([1, 2, 4, 5])', value: 3 }],
    },
    () => nullable(DOUBLE),
    {
      long: (items: readonly (Long | null)[]) => mean(withoutNulls(items).map(Number)),
      double: (items: readonly (number | null)[]) => mean(withoutNulls(items)),
      decimal: (items: readonly (bigint | null)[], scale: number) => mean(withoutNulls(items).map((item) => doubleOfDecimal(item, scale))),
    },
  ),
  ...(['Min', 'Max'] as const).map((which) =>
    defineFunction(
      {
        name: `array${which}`,
        signature: `array${which}(array)`,
        summary: `the ${which === 'Min' ? 'least' : 'greatest'} of the items`,
        doc: `Nulls are left out; of nothing it is null. Over rows it is the aggregate \`${which.toLowerCase()}(x)\`.`,
        examples: [{ expression: `array${which}([3, 1, 2])`, value: which === 'Min' ? 1 : 3 }],
      },
      [
        {
          params: ['array'],
          check: orderedItems,
          returns: ([array]) => nullable(itemType(array)),
          run: (items: Items) => extreme(items, which === 'Min' ? -1 : 1),
        },
      ],
    ),
  ),
];
