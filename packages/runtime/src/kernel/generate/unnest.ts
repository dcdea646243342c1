/**
 * Code that makes a row of each item of an array. Two loops over the items: the first computes what may fail, where something may, and the
 * second does it, computing it again; so nothing is kept of the items in between.
 */
import type { UnnestTransform } from '@rta/dsl';
import { expressionSource } from '../expression-source.js';
import { itemOffsetSource } from '../item-offset.js';
import type { Code } from './code.js';
import { valueOperand } from './operand.js';
import { type RowOrigin, type RowSource, scopeOf, type StreamCode } from './scope.js';

/**
 * Adds lines that compute, for node `i`; the rest is in what is returned.
 *
 * @param each adds the lines that compute what is done with the row of one item
 */
export function unnestCode(
  code: Code,
  i: number,
  { array, column }: UnnestTransform,
  row: RowSource,
  each: (item: RowSource) => StreamCode,
): StreamCode {
  const [items, j, item] = [code.local('items', 'null'), code.local('j', '0'), code.local('item', 'null')];
  code.line(`${items} = ${expressionSource(array, scopeOf(row), code)};`);
  const { origin, count } = numbered(code, i, row.origin ?? { partition: '-1', offset: '-1' }, j);
  const itemRow: RowSource = { ...row, origin, operands: new Map(row.operands).set(column.name, valueOperand(column.type, item)) };
  const loop = (body: () => void): void =>
    code.block(`if (${items} !== null) for (${j} = 0; ${j} < ${items}.length; ${j}++)`, () => {
      code.line(`${item} = ${items}[${j}];`);
      body();
    });
  let throws = false;
  const trial = code.captured(() => loop(() => ({ throws } = each(itemRow))));
  if (throws) code.line(...trial);
  const apply = (): void => {
    const body = code.captured(() =>
      loop(() => {
        code.line(`K.rowsOut[${i}]++;`, ...(count === null ? [] : [`${count}++;`]));
        each(itemRow).apply();
      }),
    );
    const inner = count === null ? [...origin.within!.counts.values()] : [];
    code.line(`K.rowsIn[${i}]++;`, ...inner.map((name) => `${name} = 0;`), ...body);
  };
  return { throws, apply };
}

/** Where an item is. Those of an inner `unnest` are counted over all items of the outer one, in a variable: `count`. */
function numbered(
  code: Code,
  i: number,
  { partition, offset, within }: RowOrigin,
  j: string,
): { readonly origin: RowOrigin; readonly count: string | null } {
  if (within === undefined)
    return {
      origin: { partition, offset: itemOffsetSource(offset, j), within: { offset, counts: new Map<number, string>() } },
      count: null,
    };
  const count = within.counts.get(i) ?? code.local('n', '0');
  within.counts.set(i, count);
  return { origin: { partition, offset: itemOffsetSource(within.offset, `(${count} - 1)`), within }, count };
}
