/** Passing over Avro values, recursive ones too, by closures made once per schema. Throws BadValue. */
import type { AvroCursor } from './avro-cursor.js';
import { alwaysResolves, type AvroNode, isEmpty, matching, writtenField } from './avro-schema.js';
import { BadValue } from './bad-value.js';

export type Skipper = (cursor: AvroCursor) => void;

/** Reads over a value, checking that it could be read as `reader`. */
export function resolvedSkipper(writer: AvroNode, reader: AvroNode): Skipper {
  if (alwaysResolves(writer, reader)) return skipper(writer);
  const made = new Map<AvroNode, Map<AvroNode, Skipper>>();
  return checkedSkipper(writer, reader, made);
}

function checkedSkipper(writer: AvroNode, reader: AvroNode, made: Map<AvroNode, Map<AvroNode, Skipper>>): Skipper {
  const known = made.get(writer)?.get(reader);
  if (known) return known;
  let skip: Skipper | null = null;
  const byReader = made.get(writer) ?? new Map<AvroNode, Skipper>();
  made.set(writer, byReader);
  byReader.set(reader, (c) => {
    skip!(c);
  });
  skip = newCheckedSkipper(writer, reader, made);
  byReader.set(reader, skip);
  return skip;
}

function newCheckedSkipper(writer: AvroNode, reader: AvroNode, made: Map<AvroNode, Map<AvroNode, Skipper>>): Skipper {
  if (alwaysResolves(writer, reader)) return skipper(writer);
  if (writer.kind === 'union') {
    const skippers = writer.branches.map((branch) => checkedSkipper(branch, reader, made));
    return (c) => {
      skippers[c.index(skippers.length)](c);
    };
  }
  const match = matching(writer, reader);
  if (match?.kind === 'array' && writer.kind === 'array') {
    const item = checkedSkipper(writer.items, match.items, made);
    return (c) => {
      blocks(c, isEmpty(writer.items), () => {
        item(c);
      });
    };
  }
  if (match?.kind === 'map' && writer.kind === 'map') {
    const value = checkedSkipper(writer.values, match.values, made);
    return (c) => {
      blocks(c, false, () => {
        c.skip(c.length());
        value(c);
      });
    };
  }
  if (match?.kind === 'record' && writer.kind === 'record') {
    const steps = writer.fields.map((field) => {
      const target = match.fields.find((f) => writtenField(writer, f) === field);
      return target ? checkedSkipper(field.node, target.node, made) : skipper(field.node);
    });
    const missing = match.fields.find((f) => writtenField(writer, f) === undefined && f.default === undefined);
    return counted(writer.again, (c) => {
      for (const step of steps) step(c);
      if (missing) throw new BadValue('missing_field', `the field ${missing.name} is missing and has no default`);
    });
  }
  if (match?.kind === 'enum' && writer.kind === 'enum') {
    const known = writer.symbols.map((symbol) => match.symbols.includes(symbol));
    return (c) => {
      if (!known[c.index(known.length)]) throw new BadValue('incompatible_schema', 'the reader has no such symbol');
    };
  }
  const skip = skipper(writer);
  return (c) => {
    skip(c);
    throw new BadValue('incompatible_schema', `a ${writer.kind} cannot be read as ${reader.kind}`);
  };
}

/** Reads over a value of a schema; recursive ones too. */
export function skipper(node: AvroNode, made = new Map<AvroNode, Skipper>()): Skipper {
  const known = made.get(node);
  if (known) return known;
  let skip: Skipper | null = null;
  made.set(node, (c) => {
    skip!(c);
  });
  skip = newSkipper(node, made);
  made.set(node, skip);
  return skip;
}

function newSkipper(node: AvroNode, made: Map<AvroNode, Skipper>): Skipper {
  switch (node.kind) {
    case 'null':
      return () => undefined;
    case 'boolean':
      return (c) => void c.boolean();
    case 'int':
      return (c) => void c.int();
    case 'long':
      return (c) => void c.long();
    case 'float':
      return (c) => void c.skip(4);
    case 'double':
      return (c) => void c.skip(8);
    case 'bytes':
    case 'string':
      return (c) => void c.skip(c.length());
    case 'fixed':
      return (c) => void c.skip(node.size);
    case 'enum':
      return (c) => void c.index(node.symbols.length);
    case 'union': {
      const skippers = node.branches.map((branch) => skipper(branch, made));
      return (c) => {
        skippers[c.index(skippers.length)](c);
      };
    }
    case 'array': {
      const item = skipper(node.items, made);
      return (c) => {
        blocks(c, isEmpty(node.items), () => {
          item(c);
        });
      };
    }
    case 'map': {
      const value = skipper(node.values, made);
      return (c) => {
        blocks(c, false, () => {
          c.skip(c.length());
          value(c);
        });
      };
    }
    case 'record': {
      const skippers = node.fields.map((field) => skipper(field.node, made));
      return counted(node.again, (c) => {
        for (const skip of skippers) skip(c);
      });
    }
  }
}

/** @param again whether the record stands in itself */
export function counted<T>(again: boolean, read: (cursor: AvroCursor) => T): (cursor: AvroCursor) => T {
  return again ? (c) => c.again(read) : read;
}

/** Blocks of an array or map: count (negative: its size in bytes follows), items, …, zero. */
export function blocks(c: AvroCursor, empty: boolean, item: () => void): void {
  for (;;) {
    let count = Number(c.long());
    if (count === 0) return;
    if (count < 0) {
      count = -count;
      c.length();
    }
    // Items of no bytes would let a short record ask for any number of steps.
    if (count > (empty ? c.end : c.end - c.pos)) throw new BadValue('not_avro', `a block of ${count} items is impossible here`);
    for (let i = 0; i < count; i++) item();
  }
}
