/** Code that writes rows and tombstones to sinks. */
import { type Column, textColumns } from '@rta/dsl';
import type { SinkOutput } from '../../plan/physical.js';
import { csvText } from '../run/csv-text.js';
import { jsonText, plainText } from '../run/json-text.js';
import type { Code } from './code.js';
import type { Operand } from './operand.js';
import { plainKey, valuesOf } from './plain-key.js';
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
  if (output.keyFormat !== 'avro') {
    code.line(`${p} = K.keys.${plainKey(code, output.keyFormat, columns, operands)};`);
    return p;
  }
  code.line(`${p} = K.keys.frame(0, ${id});`);
  for (const [i, operand] of operands.entries()) writeOperand(code, 'K.keys', p, operand, columns[i].type);
  return p;
}

function valueCode(code: Code, output: SinkOutput, row: RowSource, id: string): string {
  const p = code.local('vp', '0');
  const operands = operandsOf(output.columns, row.operands);
  if (output.format !== 'avro') {
    const text =
      output.format === 'string'
        ? textValue(code, output, operands)
        : `${code.constant((output.format === 'csv' ? csvText : jsonText)(output.columns))}([${valuesOf(operands)}])`;
    code.line(`${p} = K.values.text(0, ${text});`);
    return p;
  }
  code.line(`${p} = K.values.frame(0, ${id});`);
  for (const [i, operand] of operands.entries()) writeOperand(code, 'K.values', p, operand, output.columns[i].type);
  return p;
}

/** Of a value that is one column as text. */
function textValue(code: Code, { columns, key }: SinkOutput, operands: readonly Operand[]): string {
  const [column] = textColumns(columns, key);
  return `${code.constant(plainText(column.type))}(${operands[columns.indexOf(column)].definite})`;
}
