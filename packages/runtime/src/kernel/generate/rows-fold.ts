/** Code of folds that keep the rows of tables (plan/table-rows.ts): how rows get in, which groups are none, and the rows that come out. */
import type { Column } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { keptColumns } from '../../plan/table-rows.js';
import type { RowCode } from './accumulators/newest.js';
import type { Code } from './code.js';
import type { FoldShape } from './fold.js';
import { definiteType, isNullable, type Operand, type Operands } from './operand.js';
import { readColumns } from './read-columns.js';
import { writeOperand } from './write-value.js';
import { operandsOf } from './scope.js';

function rows(fold: FoldShape): readonly RowCode[] {
  return fold.accumulators as readonly RowCode[];
}

/** Adds lines that put the row `B[from, to)` of `time` (`there` 0: none) into accumulator `side` of slot `s`. */
export function putCode(code: Code, fold: FoldShape): void {
  for (const [side, { there, time, blob }] of rows(fold).entries())
    code.block(`if (side === ${side})`, () =>
      code.line(`${there} = there;`, `if (there !== 0) { ${time} = time; T.setBlob(s, ${blob}, B, from, to); }`),
    );
  const times = rows(fold).map(({ there, time }) => `${there} === 0 ? -Infinity : ${time}`);
  // One that was claimed and has no row yet is of no time.
  code.line(`N[q] = Math.max(${times.join(', ')});`, 'if (N[q] === -Infinity) N[q] = 0;');
}

/**
 * Adds lines that take note of what a place says that has joined the row: `joined` 1 now, 0 as before, -1 no more. Whether what it says of the row
 * counts is returned.
 */
export function claimCode(code: Code, fold: FoldShape): void {
  const [{ version, open }] = rows(fold);
  code.line(
    `${open} += joined;`,
    `if (joined < 0 ? version <= ${version} : version < ${version}) return false;`,
    `${version} = version;`,
    'return true;',
  );
}

/** Source of whether a group is none. */
export function isEmptyCode(fold: FoldShape): string {
  const [{ open }] = rows(fold);
  if (fold.transform.accumulators[0].fn === 'owned') return `${open} === 0`;
  return rows(fold)
    .map(({ there }) => `${there} === 0`)
    .join(' && ');
}

/** Source of whether the group of slot `s` has a row. */
export function hasRowCode(fold: FoldShape): string {
  const needed = rows(fold).filter((_, i) => !isNullable(fold.transform.accumulators[i].type));
  return needed.length === 0 ? 'true' : needed.map(({ there }) => `${there} !== 0`).join(' && ');
}

/** Adds lines that read the columns of the row; those that may not be there are null then. */
export function rowOperands(code: Code, fold: FoldShape, wanted: ReadonlySet<string>): Map<string, Operand> {
  const operands = new Map<string, Operand>();
  for (const [i, { there, start, end }] of rows(fold).entries()) {
    const accumulator = fold.transform.accumulators[i];
    const optional = isNullable(accumulator.type);
    const [p, e] = [code.local('p', '0'), code.local('e', '0')];
    code.line(`${p} = ${start}; ${e} = ${end};`);
    const read = (): Map<string, Operand> => readColumns(code, keptColumns(accumulator), wanted, 'A', p, e);
    if (!optional) {
      for (const [name, operand] of read()) operands.set(name, operand);
      continue;
    }
    let found = new Map<string, Operand>();
    code.block(`if (${there} !== 0)`, () => {
      found = read();
    });
    for (const [name, operand] of found) operands.set(name, orNull(operand, there));
  }
  return operands;
}

function orNull(operand: Operand, there: string): Operand {
  const isNull = `(${there} === 0${operand.isNull === null ? '' : ` || ${operand.isNull}`})`;
  const of = definiteType(operand.type);
  return { ...operand, type: { kind: 'nullable', of }, value: `(${isNull} ? null : ${operand.definite})`, isNull, encoded: null };
}

/** Adds lines that put the record that was read into the fold of node `i`; its row's key is part of it. */
export function keepCode(code: Code, i: number, node: StageNode, operands: Operands, time: string): void {
  if (node.op !== 'fold') return;
  const { group, accumulators } = node.transform;
  const slot = keySlot(
    code,
    i,
    group.map(({ name, expr }) => ({ name, type: expr.type })),
    operands,
  );
  const columns = keptColumns(accumulators[0]);
  const p = code.local('vp', '0');
  code.line(`${p} = 0;`);
  for (const [j, operand] of operandsOf(columns, operands).entries()) writeOperand(code, 'K.values', p, operand, columns[j].type);
  code.line(`K.nodes[${i}].put(K, ${slot}, 0, 1, ${time}, K.values.bytes, 0, ${p});`);
}

/** Adds lines that take the row of a key out of the fold of node `i`. */
export function deleteCode(code: Code, i: number, key: readonly Column[], operands: Operands): void {
  code.line(`K.nodes[${i}].put(K, ${keySlot(code, i, key, operands)}, 0, 0, 0, null, 0, 0);`);
}

function keySlot(code: Code, i: number, key: readonly Column[], operands: Operands): string {
  const [p, slot] = [code.local('kp', '0'), code.local('slot', '0')];
  code.line(`${p} = 0;`);
  for (const [j, operand] of operandsOf(key, operands).entries()) writeOperand(code, 'K.keys', p, operand, key[j].type);
  code.line(`${slot} = K.nodes[${i}].slotOf(K, K.keys.bytes, 0, ${p});`);
  return slot;
}
