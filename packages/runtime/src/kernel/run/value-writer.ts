/** Values to Avro, for what generated code does not write itself: arrays, maps, records. */
import { definite, isUnion, perRecursive, RecursiveRecord, type Type, type UnionType, type Value } from '@rta/dsl';
import type { Scratch } from './scratch.js';

/** Writes a value at `p`; the position after it is returned. */
export type ValueWriter = (scratch: Scratch, p: number, value: Value) => number;

const recursiveWriter = perRecursive(valueWriter);

export function valueWriter(type: Type): ValueWriter {
  switch (type.kind) {
    case 'null':
      return (_w, p) => p;
    case 'boolean':
      return (w, p, value) => w.byte(p, value === true ? 1 : 0);
    case 'int':
    case 'long':
    case 'date':
    case 'duration':
      return (w, p, value) => w.long(p, value as number | bigint);
    case 'timestamp': {
      const scale = type.unit === 'micros' ? 1000 : 1;
      return (w, p, value) => w.long(p, Math.round((value as number) * scale));
    }
    case 'float':
      return (w, p, value) => w.float(p, value as number);
    case 'double':
      return (w, p, value) => w.double(p, value as number);
    case 'decimal':
      return (w, p, value) => w.decimal(p, value as bigint);
    case 'string':
      return (w, p, value) => w.string(p, value as string);
    case 'bytes':
      return (w, p, value) => w.sized(p, value as Uint8Array, 0, (value as Uint8Array).length);
    case 'enum': {
      const indexes = new Map(type.symbols.map((symbol, i) => [symbol, i]));
      return (w, p, value) => w.long(p, indexes.get(value as string) ?? 0);
    }
    case 'nullable': {
      if (isUnion(type.of)) {
        const branch = branchWriter(type.of, 1);
        return (w, p, value) => (value === null ? w.byte(p, 0) : branch(w, p, value));
      }
      const write = valueWriter(type.of);
      return (w, p, value) => (value === null ? w.byte(p, 0) : write(w, w.byte(p, 2), value));
    }
    case 'array': {
      const write = valueWriter(type.items);
      return (w, p, value) => {
        const items = value as readonly Value[];
        if (items.length > 0) p = w.long(p, items.length);
        for (const item of items) p = write(w, p, item);
        return w.byte(p, 0);
      };
    }
    case 'map': {
      const write = valueWriter(type.values);
      return (w, p, value) => {
        const entries = value as ReadonlyMap<string, Value>;
        if (entries.size > 0) p = w.long(p, entries.size);
        for (const [key, item] of entries) p = write(w, w.string(p, key), item);
        return w.byte(p, 0);
      };
    }
    case 'record': {
      if (isUnion(type)) return branchWriter(type, 0);
      if (type instanceof RecursiveRecord) {
        const writer = recursiveWriter(type);
        return (w, p, value) => writer()(w, p, value);
      }
      const fields = type.fields.map((field) => ({ name: field.name, write: valueWriter(field.type) }));
      return (w, p, value) => {
        const record = value as { readonly [field: string]: Value };
        for (const { name, write } of fields) p = write(w, p, record[name]);
        return p;
      };
    }
  }
}

/** The branch that is there, as number `first` and on. */
function branchWriter({ fields }: UnionType, first: number): ValueWriter {
  const branches = fields.map(({ name, type }) => ({ name, write: valueWriter(definite(type)) }));
  return (w, p, value) => {
    const union = value as { readonly [branch: string]: Value };
    const held = branches.findIndex(({ name }) => union[name] !== null);
    return branches[held].write(w, w.long(p, held + first), union[branches[held].name]);
  };
}
