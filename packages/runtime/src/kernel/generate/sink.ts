/** Code that writes rows and tombstones to sinks. */
import type { Column } from '@rta/dsl';
import type { SinkOutput } from '../../plan/physical.js';
import { jsonText, plainText } from '../run/json-text.js';
import type { Code } from './code.js';
import { operandsOf, type RowSource } from './scope.js';
import type { StageShape } from './stage-shape.js';
import { writeOperand } from './write-value.js';

/** Adds lines that append the row (or, with `gone`, a tombstone for its key) to the sink of node `i`. */
export function sinkCode(shape: StageShape, code: Code, i: number, row: RowSource, gone: boolean): void {
  const node = shape.node(i);
  if (node.op !== 'sink') throw new Error(`${node.id} is no sink`);
  const output = shape.sink(node.output);
  const ids = `K.env.schemaIds[${node.output}]`;
  code.line(`K.rowsIn[${i}]++; K.rowsOut[${i}]++;`);
  const keyEnd = output.key === null ? null : keyCode(code, output, output.key, row, `${ids}.key`);
  const valueEnd = gone ? null : valueCode(code, output, row, `${ids}.value`);
  const partition = code.local('part', '0');
  code.line(
    `${partition} = ${keyEnd === null ? `K.ownPartition(${node.output})` : `K.partitionOf(${node.output}, K.keys.bytes, 0, ${keyEnd})`};`,
    `K.builder(${node.output}, ${partition}).append(K.stamp(${row.time}), ${keyEnd === null ? 'null, 0, 0' : `K.keys.bytes, 0, ${keyEnd}`}, ` +
      `${valueEnd === null ? 'null, 0, 0' : `K.values.bytes, 0, ${valueEnd}`}, null);`,
  );
}

function keyCode(code: Code, output: SinkOutput, names: readonly string[], row: RowSource, id: string): string {
  const p = code.local('kp', '0');
  const columns = names.map((name): Column => ({
    name,
    type: output.columns.find((c) => c.name === name)?.type ?? row.operands.get(name)!.type,
  }));
  const operands = operandsOf(columns, row.operands);
  if (output.format === 'json') {
    const text =
      columns.length === 1
        ? `${code.constant(plainText(columns[0].type))}(${operands[0].value})`
        : `${code.constant(jsonText(columns))}([${operands.map((operand) => operand.value).join(', ')}])`;
    code.line(`${p} = K.keys.text(0, ${text});`);
    return p;
  }
  code.line(`${p} = K.keys.frame(0, ${id});`);
  for (const [i, operand] of operands.entries()) writeOperand(code, 'K.keys', p, operand, columns[i].type);
  return p;
}

function valueCode(code: Code, output: SinkOutput, row: RowSource, id: string): string {
  const p = code.local('vp', '0');
  const operands = operandsOf(output.columns, row.operands);
  if (output.format === 'json') {
    code.line(
      `${p} = K.values.text(0, ${code.constant(jsonText(output.columns))}([${operands.map((operand) => operand.value).join(', ')}]));`,
    );
    return p;
  }
  code.line(`${p} = K.values.frame(0, ${id});`);
  for (const [i, operand] of operands.entries()) writeOperand(code, 'K.values', p, operand, output.columns[i].type);
  return p;
}
