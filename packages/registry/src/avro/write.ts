import { BranchValue, type Value } from '@rta/dsl';
import { AvroValueError, type AvroOutput } from './bytes.js';
import { valueOfDefault } from './default-of.js';
import { bytesOfUnscaled, checkedUnscaled, perMillisecond, show } from './logical-value.js';
import { describe, type AvroNode, type FieldNode, type PrimitiveNode, type RecordNode } from './node.js';

/** Writes one value; throws AvroValueError for one that is not of the schema. `undefined` is a missing field. */
export type WriteValue = (out: AvroOutput, value: Value | undefined) => void;

/** Compiles a schema to closures; `done` holds those of named types, which may refer to themselves. */
export function writerOf(node: AvroNode, done = new Map<AvroNode, WriteValue>()): WriteValue {
  switch (node.kind) {
    case 'record':
      return writeRecord(node, done);
    case 'enum':
      return (out, value) => {
        const index = node.symbols.indexOf(value as string);
        if (index < 0) throw new AvroValueError(`${show(value)} is none of ${node.symbols.join(', ')}`);
        out.long(index);
      };
    case 'fixed': {
      const { logical, size } = node;
      if (logical?.name === 'decimal')
        return (out, value) => out.raw(bytesOfUnscaled(checkedUnscaled(value ?? null, logical.precision), size));
      return (out, value) => {
        if (!(value instanceof Uint8Array) || value.length !== size) throw notA(value, node);
        out.raw(value);
      };
    }
    case 'array': {
      const item = writerOf(node.items, done);
      return (out, value) => {
        if (!Array.isArray(value)) throw notA(value, node);
        if (value.length > 0) out.long(value.length);
        value.forEach((each, i) => at(`[${i}]`, () => item(out, each)));
        out.byte(0);
      };
    }
    case 'map': {
      const item = writerOf(node.values, done);
      return (out, value) => {
        const entries = entriesOf(value);
        if (entries === null) throw notA(value, node);
        if (entries.length > 0) out.long(entries.length);
        for (const [key, each] of entries) {
          out.string(key);
          at(`[${JSON.stringify(key)}]`, () => item(out, each));
        }
        out.byte(0);
      };
    }
    case 'union': {
      const branches = node.branches.map((branch) => ({ branch, write: writerOf(branch, done) }));
      const others = branches.filter(({ branch }) => branch.kind !== 'null');
      return (out, given) => {
        const chosen = given instanceof BranchValue ? others[given.branch] : null;
        const value = given instanceof BranchValue ? given.value : given;
        const index = chosen !== null ? branches.indexOf(chosen) : branches.findIndex(({ branch }) => accepts(branch, value));
        if (index < 0) {
          // With one branch beside null there is no doubt which was meant: its own error says more.
          if (others.length === 1 && value !== null && value !== undefined) others[0].write(out, value);
          throw notA(value, node);
        }
        out.long(index);
        branches[index].write(out, value);
      };
    }
    default:
      return writePrimitive(node);
  }
}

function writeRecord(node: RecordNode, done: Map<AvroNode, WriteValue>): WriteValue {
  const known = done.get(node);
  if (known !== undefined) return known;
  const fields: { readonly field: FieldNode; readonly write: WriteValue }[] = [];
  const write: WriteValue = (out, value) => {
    if (!isRecord(value)) throw notA(value, node);
    for (const { field, write: writeField } of fields) {
      let each = Object.hasOwn(value, field.name) ? (value[field.name] as Value | undefined) : undefined;
      if (each === undefined && field.default !== undefined) each = valueOfDefault(field.node, field.default);
      if (each === undefined && !accepts(field.node, undefined))
        throw new AvroValueError('is missing and has no default').within(field.name);
      at(field.name, () => writeField(out, each ?? null));
    }
  };
  done.set(node, write);
  for (const field of node.fields) fields.push({ field, write: writerOf(field.node, done) });
  return write;
}

function writePrimitive(node: PrimitiveNode): WriteValue {
  const { kind, logical } = node;
  const scale = perMillisecond(logical);
  switch (kind) {
    case 'null':
      return (_out, value) => {
        if (value !== null && value !== undefined) throw notA(value, node);
      };
    case 'boolean':
      return (out, value) => {
        if (typeof value !== 'boolean') throw notA(value, node);
        out.byte(value ? 1 : 0);
      };
    case 'int':
      return (out, value) => {
        if (typeof value !== 'number' || value !== (value | 0)) throw notA(value, node);
        out.long(value);
      };
    case 'long':
      if (scale !== null) {
        return (out, value) => {
          if (typeof value !== 'number' || !Number.isSafeInteger(Math.round(value * scale))) throw notA(value, node);
          out.long(Math.round(value * scale));
        };
      }
      return (out, value) => {
        if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) throw notA(value, node);
        out.long(value as number | bigint);
      };
    case 'float':
    case 'double':
      return (out, value) => {
        if (typeof value !== 'number') throw notA(value, node);
        if (kind === 'float') out.float(value);
        else out.double(value);
      };
    case 'bytes':
      if (logical?.name === 'decimal')
        return (out, value) => out.bytes(bytesOfUnscaled(checkedUnscaled(value ?? null, logical.precision), null));
      return (out, value) => {
        if (!(value instanceof Uint8Array)) throw notA(value, node);
        out.bytes(value);
      };
    case 'string':
      return (out, value) => {
        if (typeof value !== 'string') throw notA(value, node);
        out.string(value);
      };
  }
}

/** Whether a value is of the schema: chooses the branch of a union. */
function accepts(node: AvroNode, value: Value | undefined): boolean {
  switch (node.kind) {
    case 'null':
      return value === null || value === undefined;
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'number' && value === (value | 0);
    case 'long':
      if (perMillisecond(node.logical) !== null) return typeof value === 'number';
      return typeof value === 'bigint' || Number.isSafeInteger(value);
    case 'float':
    case 'double':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    case 'bytes':
      return node.logical?.name === 'decimal' ? typeof value === 'bigint' : value instanceof Uint8Array;
    case 'fixed':
      return node.logical?.name === 'decimal' ? typeof value === 'bigint' : value instanceof Uint8Array && value.length === node.size;
    case 'enum':
      return node.symbols.includes(value as string);
    case 'array':
      return Array.isArray(value) && value.every((item) => accepts(node.items, item));
    case 'map':
      return entriesOf(value)?.every(([, item]) => accepts(node.values, item)) ?? false;
    case 'record':
      if (!isRecord(value) || !Object.keys(value).every((key) => node.fields.some(({ name }) => name === key))) return false;
      return node.fields.every(
        (field) => (value[field.name] === undefined && field.default !== undefined) || accepts(field.node, value[field.name]),
      );
    case 'union':
      return node.branches.some((branch) => accepts(branch, value));
  }
}

function isRecord(value: unknown): value is { readonly [field: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map) && !(value instanceof Uint8Array);
}

/** Of a map, which may be written as an object. */
function entriesOf(value: Value | undefined): (readonly [string, Value])[] | null {
  if (value instanceof Map) return [...value];
  return isRecord(value) ? Object.entries(value) : null;
}

function at(step: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (error instanceof AvroValueError) throw error.within(step);
    throw error;
  }
}

function notA(value: unknown, node: AvroNode): AvroValueError {
  return new AvroValueError(`${show(value)} is not a ${describe(node)}`);
}
