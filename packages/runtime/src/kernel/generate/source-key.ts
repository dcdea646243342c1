/** Code around the keys of a source's records: columns that come from them, and the check that they are what their columns say. */
import type { Column } from '@rta/dsl';
import { partitionOf } from '../../log/partitioner.js';
import type { SourceInput } from '../../plan/physical.js';
import { keyReader } from '../run/key-reader.js';
import { Reason } from '../run/reject.js';
import { equalBytes } from '../run/strings.js';
import type { Code } from './code.js';
import { definiteType, type Operand, valueOperand } from './operand.js';
import { plainKey } from './plain-key.js';
import { keepWellFormed, textOperand } from './read-text.js';
import { writeOperand } from './write-value.js';

/** The columns that are the key. */
export function keyColumnsOf(input: SourceInput): readonly Column[] {
  return (input.key ?? []).map((name) => input.columns.find((column) => column.name === name)!);
}

/** Adds lines that read the key at `b[ks, ke)`; gives its columns. */
export function readKey(code: Code, inputIndex: number, input: SourceInput): Map<string, Operand> {
  const columns = keyColumnsOf(input);
  code.line(`if (kl < 0) { fail = ${Reason.NULL_KEY}; break rec; }`);
  const fail = `{ fail = ${Reason.BAD_KEY}; break rec; }`;
  if (input.keyFormat === 'string' && columns[0].type.kind === 'string') {
    const [bytes, start, end] = [code.local('u', 'null'), code.local('s', '0'), code.local('e', '0')];
    code.line(`${start} = ks; ${end} = ke;`, ...keepWellFormed(code, bytes, start, end));
    return new Map([[columns[0].name, textOperand(code, columns[0].type, bytes, start, end)]]);
  }
  let reader: string;
  if (input.keyFormat === 'avro') {
    reader = code.local('kr', 'null');
    code.line(`if (kl < 5 || b[ks] !== 0) ${fail}`);
    code.line('x = (b[ks + 1] << 24) | (b[ks + 2] << 16) | (b[ks + 3] << 8) | b[ks + 4];');
    code.line(`${reader} = K.keyReaders[${inputIndex}].get(x);`);
    code.line(
      `if (${reader} === undefined) { K.stopId = x; K.stopOffset = offset; K.stopKey = true; K.recordsIn += count; return start; }`,
    );
  } else reader = code.constant(keyReader(input.keyFormat, columns));
  const value = code.local('c');
  code.line(`${value} = ${reader}(K.cursor, b, ks, ke);`, `if (${value} === null) ${fail}`);
  return new Map(columns.map(({ name, type }, i) => [name, cell(code, type, columns.length === 1 ? value : `${value}[${i}]`)]));
}

function cell(code: Code, type: Column['type'], source: string): Operand {
  const name = code.local('c');
  code.line(`${name} = ${source};`);
  return valueOperand(type, name);
}

/** Adds lines that reject a record in another partition than that of its key, which is there (SEMANTICS rule 20). */
export function checkPartition(code: Code): void {
  const fail = `{ fail = ${Reason.MISPLACED}; break rec; }`;
  code.line(`if (K.env.tasks !== null && ${code.constant(partitionOf)}(b, ks, ke, K.env.tasks) !== K.env.partition) ${fail}`);
}

/** Adds lines that reject a record whose key is not, byte for byte, what its columns say: equal values would else be in several partitions. */
export function checkKey(code: Code, input: SourceInput, operands: ReadonlyMap<string, Operand>): void {
  if (input.key === null || input.keyFormat === 'none') return;
  const fail = `{ fail = ${Reason.KEY_MISMATCH}; break rec; }`;
  const columns = keyColumnsOf(input).map(({ name, type }): Column => ({ name, type: definiteType(type) }));
  const keys = columns.map(({ name, type }): Operand => {
    const operand = operands.get(name)!;
    return { ...operand, type, value: operand.definite, isNull: null, encoded: null };
  });
  const nulls = columns.flatMap(({ name }) => operands.get(name)!.isNull ?? []);
  code.line(`if (${['kl < 0', ...nulls].join(' || ')}) ${fail}`);
  const equal = code.constant(equalBytes);
  const [first] = keys;
  if (input.keyFormat === 'avro') {
    const p = code.local('kp', '0');
    code.line(`${p} = 0;`);
    for (const key of keys) writeOperand(code, 'K.keys', p, key, key.type);
    code.line(`if (kl < 5 || b[ks] !== 0 || !${equal}(b, ks + 5, ke, K.keys.bytes, 0, ${p})) ${fail}`);
  } else if (input.keyFormat === 'string' && first.text !== null && first.type.kind === 'string') {
    const { bytes, start, end } = first.text;
    code.line(`if (!${equal}(b, ks, ke, ${bytes}, ${start}, ${end})) ${fail}`);
  } else {
    code.line(`x = K.keys.${plainKey(code, input.keyFormat, columns, keys)};`, `if (!${equal}(b, ks, ke, K.keys.bytes, 0, x)) ${fail}`);
  }
}
