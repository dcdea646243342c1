/** Code that hands the rows of a stream to an `over`, or sends them to where their group is. */
import type { Column } from '@rta/dsl';
import type { OverNode } from '../run/over-state.js';
import type { Code } from './code.js';
import { operandsOf, type RowSource } from './scope.js';
import type { StageShape } from './stage-shape.js';
import type { StreamRow } from './stream-edges.js';
import { writeOperand } from './write-value.js';

/** Adds lines that hand a stream's row to the `over` of node `i`, or send it to where its group is. */
export function overCode(shape: StageShape, code: Code, i: number, row: RowSource, late: StreamRow['late']): void {
  const node = overNode(shape, i);
  const { time, origin } = row;
  const [partition, offset] = [origin?.partition ?? '-1', origin?.offset ?? '-1'];
  code.line(`K.rowsIn[${i}]++;`);
  const accepted = (): void => {
    const [kp, vp] = [code.local('kp', '0'), code.local('vp', '0')];
    code.line(`${kp} = 0;`);
    const names = node.transform.group.map(({ expr }) => (expr.kind === 'column' ? expr.name : ''));
    const group = names.map((name) => node.inputColumns.find((column) => column.name === name)!);
    writeColumns(code, 'K.keys', kp, group, row);
    const sends = node.mode === 'send';
    code.line(`${vp} = ${sends ? `K.values.long(K.values.long(K.values.long(0, ${time}), ${partition}), ${offset})` : '0'};`);
    writeColumns(code, 'K.values', vp, node.inputColumns, row);
    if (sends) {
      const output = node.output!;
      code.line(
        `K.builder(${output}, K.partitionOf(${output}, K.keys.bytes, 0, ${kp})).append(K.now, K.keys.bytes, 0, ${kp}, K.values.bytes, 0, ${vp}, null);`,
        `K.wrote[${output}] = true; K.rowsOut[${i}]++;`,
      );
    } else code.line(`K.nodes[${i}].put(K, K.keys.bytes, 0, ${kp}, ${time}, ${partition}, ${offset}, K.values.bytes, 0, ${vp});`);
  };
  if (late === null) accepted();
  else {
    const missed = `[{ start: ${time}, end: ${time} + 1 }]`;
    code.block(`if (${time} >= ${late.watermark})`, accepted, `} else { ${late.report(i, missed)} }`);
  }
}

function writeColumns(code: Code, w: string, p: string, columns: readonly Column[], row: RowSource): void {
  for (const [j, operand] of operandsOf(columns, row.operands).entries()) writeOperand(code, w, p, operand, columns[j].type);
}

export function overNode(shape: StageShape, i: number): OverNode {
  const node = shape.node(i);
  if (node.op !== 'over') throw new Error(`${node.id} does not look back`);
  return node;
}
