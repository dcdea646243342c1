/**
 * The function that reads the records of batches of one source input, written by one schema: record headers, frame, fields, event time,
 * key check, and then everything that the stage does with the row, in one loop without an object per record.
 *
 * It is called with (K, b, batch facts, p, end, from, id) and returns the position where it stopped: the end, or a record of another schema
 * (then `K.stopId`, `K.stopOffset` say of which).
 */
import type { MetaName, Type } from '@rta/dsl';
import type { SourceInput } from '../../plan/physical.js';
import { mayThrow } from '../../plan/may-throw.js';
import { expressionSource } from '../expression-source.js';
import type { AvroNode, AvroRecord } from '../run/avro-schema.js';
import { metaOf } from '../run/meta.js';
import { Reason, rejectBad, rejectError } from '../run/reject.js';
import { badRecord, type TaskState } from '../run/task-state.js';
import { textOf } from '../run/strings.js';
import { markOf } from '../kernel-marks.js';
import { tooFarAhead } from '../too-far-ahead.js';
import { Code, makeFunction } from './code.js';
import type { FoldShape } from './fold.js';
import { definiteType, type Operand } from './operand.js';
import { readRecord } from './read-avro.js';
import { readUnframed } from './read-unframed.js';
import { deleteCode, keepCode } from './rows-fold.js';
import { operandOf, scopeOf } from './scope.js';
import { sendCode } from './send.js';
import { checkKey, checkPartition, keyColumnsOf, readKey } from './source-key.js';
import type { StageShape } from './stage-shape.js';
import { type StreamRow, streamEdges } from './stream-edges.js';

/** Position after the last record read. */
export type Scan = (
  K: TaskState,
  bytes: Uint8Array,
  baseOffset: number,
  baseTimestamp: number,
  appendTime: number,
  p: number,
  end: number,
  from: number,
  id: number,
) => number;

/**
 * What the records of a scan are written by: an Avro schema; none, since they are JSON, CSV or texts; an id that nothing can be read by; or nothing known yet (such a scan
 * stops at the first record with a value).
 */
export type Writer =
  | { readonly kind: 'avro'; readonly writer: AvroNode; readonly reader: AvroRecord }
  | { readonly kind: 'unframed' }
  /** All are rejected. */
  | { readonly kind: 'unreadable'; readonly reason: number }
  | { readonly kind: 'none' };

/** Statements that read a zigzag varint at `p` into a variable: up to three bytes in place, which is nearly all of them. */
function zigzag(variable: string): string {
  return `x = b[p++];
  if (x > 127) { x = (x & 127) | (b[p++] << 7); if (x > 16383) x = (x & 16383) | (b[p++] << 14); }
  if (x > 2097151) { ${variable} = K.varint(b, p - 3, end); p = K.next; }
  else ${variable} = (x >>> 1) ^ -(x & 1);`;
}

export function generateScan(
  shape: StageShape,
  folds: ReadonlyMap<number, FoldShape>,
  inputIndex: number,
  input: SourceInput,
  writer: Writer,
): Scan {
  const code = new Code(shape.constants);
  const body = code.captured(() => record(shape, folds, code, inputIndex, input, writer));
  const deletion = code.captured(() => (input.table ? deleteRow(shape, code, inputIndex, input) : undefined));
  const { constants } = shape;
  const reject = constants.name(rejectBad);
  const source = `return function (K, b, baseOffset, baseTimestamp, appendTime, p, end, from, id) {
const view = new DataView(b.buffer, b.byteOffset, b.byteLength), now = K.now;
let W = K.maxTime[${inputIndex}] - ${input.latenessMs}, count = 0, x = 0, size = 0, delta = 0, kl = 0, vl = 0, fail = 0, bad = 0, badAt = 0, t = 0, at = -1;
${code.toString()}
while (p < end) {
  const start = p;
  ${zigzag('size')}
  const re = p + size;
  p++;
  ${zigzag('delta')}
  const timestamp = appendTime >= 0 ? appendTime : baseTimestamp + delta;
  ${zigzag('delta')}
  const offset = baseOffset + delta;
  ${zigzag('kl')}
  const ks = p, ke = p + kl;
  if (kl > 0) p = ke;
  ${zigzag('vl')}
  const vs = p, ve = p + vl;
  if (!(re <= end && ve <= re && ks <= re && ke <= re)) throw K.corrupt(offset);
  if (offset < from) { p = re; continue; }
  fail = 0;
  rec: {
${deletion.join('\n')}
    if (vl ${emptyValues(input) ? '<' : '<='} 0) { fail = ${Reason.EMPTY_VALUE}; break rec; }
${body.join('\n')}
  }
${markOf(null)}
  count++;
  if (fail !== 0) ${reject}(K, fail, ${inputIndex}, offset, timestamp, b, ks, ke, vs, ve, re);
  p = re;
}
K.recordsIn += count;
return p;
};`;
  return makeFunction<Scan>(constants, source);
}

/** Whether no bytes at all are a value: an empty text, a CSV row of one empty cell. */
function emptyValues({ format }: SourceInput): boolean {
  return format === 'csv' || format === 'string';
}

/** A record of a table without a value deletes the row of its key; it is of the record's own time. */
function deleteRow(shape: StageShape, code: Code, inputIndex: number, input: SourceInput): void {
  code.block('if (vl < 0)', () => {
    const operands = readKey(code, inputIndex, input);
    code.line(`t = ${input.time.from === 'clock' ? 'now' : 'timestamp'};`);
    moveTime(code, inputIndex, input);
    for (const i of shape.inputReaders[inputIndex]) {
      const node = shape.node(i);
      if (node.op === 'fold') deleteCode(code, i, keyColumnsOf(input), operands);
      if (node.op !== 'send' || node.output === null) continue;
      const scope = scopeOf({ operands, time: 't' });
      const keys = node.transform.key.map((expr) => operandOf(code, expr, scope));
      code.line(`K.rowsIn[${i}]++;`);
      sendCode(code, i, node.output, node.transform, keys, null, { operands, time: 't' });
    }
    code.line('break rec;');
  });
}

/** What is done with one record, from its value on. */
function record(
  shape: StageShape,
  folds: ReadonlyMap<number, FoldShape>,
  code: Code,
  inputIndex: number,
  input: SourceInput,
  writer: Writer,
): void {
  if (writer.kind !== 'unframed') {
    code.line(`if (vl < 5 || b[p] !== 0) { fail = ${Reason.BAD_MAGIC}; break rec; }`);
    code.line('x = (b[p + 1] << 24) | (b[p + 2] << 16) | (b[p + 3] << 8) | b[p + 4];');
    const stop = '{ K.stopId = x; K.stopOffset = offset; K.recordsIn += count; return start; }';
    if (writer.kind === 'none') {
      code.line(stop);
      return;
    }
    code.line(`if (x !== id) ${stop}`);
    if (writer.kind === 'unreadable') {
      code.line(`fail = ${writer.reason}; break rec;`);
      return;
    }
    code.line('p += 5; bad = 0; badAt = 1e9;');
  }
  const used = new Set(input.used);
  const added = new Set(input.keyAdds.map(({ name }) => name));
  const types = new Map(input.columns.filter(({ name }) => used.has(name) && !added.has(name)).map(({ name, type }) => [name, type]));
  const operands = writer.kind === 'avro' ? avroOperands(code, writer, types) : readUnframed(code, input, types);
  if (added.size > 0) for (const [name, operand] of readKey(code, inputIndex, input)) operands.set(name, operand);
  const told = new Map<string, string>();
  const toldOf = (step: string): string => {
    const name = told.get(step) ?? code.local('told', '-1');
    told.set(step, name);
    return name;
  };
  const row: StreamRow = {
    operands,
    time: 't',
    origin: { partition: 'K.env.partition', offset: 'offset' },
    meta: (name, type) => metaSource(code, name, type),
    late: {
      watermark: 'W',
      report: (node, windows) => {
        // Once for each step, however many rows are made of the record: all of them have its time.
        const told = toldOf(shape.node(node).step);
        const lateRecord = `${code.constant(badRecord)}(${inputIndex}, offset, timestamp, b, ks, ke, vs, ve, re)`;
        return `late = true; if (${told} !== offset) { ${told} = offset; K.isLate(${lateRecord}, ${node}, ${windows}); }`;
      },
    },
    at: 'at',
  };
  code.line('at = -1;');
  const isKept = (i: number): boolean => folds.get(i)?.mode === 'rows';
  const readers = shape.inputReaders[inputIndex].filter((i) => !isKept(i));
  const judged = input.time.from === 'column' && mayThrow(input.time.expr);
  let stream: ReturnType<typeof streamEdges> | null = null;
  const lines = code.captured(() => {
    eventTime(code, input, row);
    if (input.checkKey) checkKey(code, input, operands);
    if (input.checkPartition) checkPartition(code);
    moveTime(code, inputIndex, input);
    stream = streamEdges(shape, folds, code, readers, row);
  });
  const edges = stream!;
  if (judged || edges.throws) {
    code.line('try {', ...lines, '} catch (error) {');
    code.line(`${code.constant(rejectError)}(K, error, at, ${inputIndex}, offset, timestamp, b, ks, ke, vs, ve, re);`, 'break rec;', '}');
  } else code.line(...lines);
  const done = code.captured(() => {
    edges.apply();
    for (const i of shape.inputReaders[inputIndex].filter(isKept)) keepCode(code, i, shape.node(i), operands, 't');
  });
  const mayBeLate = done.some((line) => line.includes('late = true;'));
  if (mayBeLate) code.line('let late = false;');
  code.line(...done);
  if (mayBeLate) code.line('if (late) K.late++;');
}

function avroOperands(
  code: Code,
  { writer, reader }: Extract<Writer, { kind: 'avro' }>,
  types: ReadonlyMap<string, Type>,
): Map<string, Operand> {
  const operands = readRecord(code, writer, reader, types);
  code.line(`if (p !== ve) { fail = ${Reason.NOT_AVRO}; break rec; }`, 'if (bad !== 0) { fail = bad; break rec; }');
  return operands;
}

function eventTime(code: Code, input: SourceInput, row: StreamRow): void {
  const { time } = input;
  if (time.from === 'record') code.line('t = timestamp;');
  else if (time.from === 'clock') code.line('t = now;');
  else {
    const { expr } = time;
    const source = expressionSource(expr, scopeOf({ ...row, time: 'timestamp' }), code);
    const kind = definiteType(expr.type).kind;
    if (expr.type.kind === 'nullable' || expr.type.kind === 'null') {
      const value = code.local('time');
      code.line(
        `${value} = ${source};`,
        `if (${value} === null) { fail = ${Reason.NO_EVENT_TIME}; break rec; }`,
        `t = Math.floor(Number(${value}));`,
      );
    } else code.line(`t = ${kind === 'int' ? source : kind === 'long' ? `Number(${source})` : `Math.floor(${source})`};`);
  }
}

/** Moves the partition's greatest event time, and so its watermark, to the record's; not to that of a record further ahead than `maxAhead`. */
function moveTime(code: Code, inputIndex: number, { latenessMs, maxAheadMs }: SourceInput): void {
  const max = `K.maxTime[${inputIndex}]`;
  const moved = `${max} = t; W = t - ${latenessMs};`;
  if (maxAheadMs === null) {
    code.line(`if (t > ${max}) { ${moved} }`);
    return;
  }
  const than = code.local('than');
  const message = `${code.constant(tooFarAhead)}(t, ${than}, appendTime >= 0, ${maxAheadMs})`;
  code.line(
    `${than} = appendTime >= 0 ? appendTime : ${max};`,
    `if (t - ${than} > ${maxAheadMs} && ${than} !== -Infinity) { K.problem = ${message}; fail = ${Reason.TOO_FAR_AHEAD}; break rec; }`,
    `if (t > ${max}) { ${moved} }`,
  );
}

function metaSource(code: Code, name: MetaName, type: Type): string {
  switch (name) {
    case '$time':
      return 't';
    case '$offset':
      return 'offset';
    case '$partition':
      return 'K.env.partition';
    case '$key':
      return definiteType(type).kind === 'string'
        ? `(kl < 0 ? null : ${code.constant(textOf)}(b, ks, ke))`
        : '(kl < 0 ? null : b.slice(ks, ke))';
    case '$headers':
      return `${code.constant(metaOf)}.headers(b, ve > vs ? ve : vs, re)`;
  }
}
