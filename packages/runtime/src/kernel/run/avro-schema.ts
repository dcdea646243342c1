/** Avro schemas as graphs (names resolved, so recursive ones have cycles), and how a writer's schema is read by a reader's. */
import type { AvroSchema } from '@rta/dsl';

export type AvroNode =
  | {
      readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';
      readonly logical: string | null;
      readonly scale: number;
    }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number; readonly logical: string | null; readonly scale: number }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[]; readonly fallback: string | null }
  | { readonly kind: 'array'; readonly items: AvroNode }
  | { readonly kind: 'map'; readonly values: AvroNode }
  | { readonly kind: 'union'; readonly branches: readonly AvroNode[] }
  | AvroRecord;

export interface AvroRecord {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: readonly AvroField[];
  /** Whether it stands within itself here: every cycle of the graph goes through such a node. */
  readonly again: boolean;
}

export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly node: AvroNode;
  /** JSON of the schema; undefined: none. */
  readonly default: unknown;
}

type Json = Readonly<Record<string, unknown>>;

const PRIMITIVES: ReadonlySet<string> = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);

/** Throws on what is no schema. */
export function parseAvro(schema: AvroSchema): AvroNode {
  return parse(schema, '', new Map());
}

function parse(schema: unknown, namespace: string, named: Map<string, AvroNode>): AvroNode {
  if (typeof schema === 'string') return byName(schema, namespace, named, {});
  if (Array.isArray(schema)) return { kind: 'union', branches: schema.map((branch) => parse(branch, namespace, named)) };
  if (typeof schema !== 'object' || schema === null) throw new TypeError('not an Avro schema');
  const json = schema as Json;
  const { type } = json;
  if (typeof type !== 'string') return parse(type, namespace, named);
  switch (type) {
    case 'array':
      return { kind: 'array', items: parse(json.items, namespace, named) };
    case 'map':
      return { kind: 'map', values: parse(json.values, namespace, named) };
    case 'enum': {
      const name = fullName(json, namespace);
      return define(named, name, {
        kind: 'enum',
        name,
        symbols: json.symbols as string[],
        fallback: typeof json.default === 'string' ? json.default : null,
      });
    }
    case 'fixed': {
      const name = fullName(json, namespace);
      return define(named, name, { kind: 'fixed', name, size: json.size as number, ...logicalOf(json) });
    }
    case 'record':
    case 'error': {
      const name = fullName(json, namespace);
      const fields: AvroField[] = [];
      define(named, name, { kind: 'record', name, fields, again: true });
      const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
      for (const field of json.fields as Json[])
        fields.push({
          name: field.name as string,
          aliases: (field.aliases as string[] | undefined) ?? [],
          node: parse(field.type, inner, named),
          default: field.default,
        });
      return define(named, name, { kind: 'record', name, fields, again: false });
    }
    default:
      return byName(type, namespace, named, json);
  }
}

function byName(name: string, namespace: string, named: Map<string, AvroNode>, json: Json): AvroNode {
  if (PRIMITIVES.has(name)) return { kind: name as 'int', ...logicalOf(json) };
  const node = named.get(name.includes('.') || namespace === '' ? name : `${namespace}.${name}`) ?? named.get(name.replace(/^\./, ''));
  if (!node) throw new TypeError(`the Avro schema refers to the unknown type "${name}"`);
  return node;
}

function define(named: Map<string, AvroNode>, name: string, node: AvroNode): AvroNode {
  named.set(name, node);
  return node;
}

function fullName(json: Json, namespace: string): string {
  const name = json.name as string;
  if (name.includes('.')) return name;
  const space = typeof json.namespace === 'string' ? json.namespace : namespace;
  return space === '' ? name : `${space}.${name}`;
}

function logicalOf(json: Json): { logical: string | null; scale: number } {
  return {
    logical: typeof json.logicalType === 'string' ? json.logicalType : null,
    scale: typeof json.scale === 'number' ? json.scale : 0,
  };
}

// ---- Resolution ----

const PROMOTIONS: Readonly<Partial<Record<AvroNode['kind'], readonly AvroNode['kind'][]>>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

/** The field of the writer that a reader's field reads: of the same name, else of one of its aliases; undefined: the default it is. */
export function writtenField(writer: AvroRecord, field: AvroField): AvroField | undefined {
  return writer.fields.find((f) => f.name === field.name) ?? writer.fields.find((f) => field.aliases.includes(f.name));
}

/**
 * What a value of `writer` (no union) is read as: `reader`, or the branch of it that fits, by Avro's rules; null: they do not resolve.
 * Whether the parts of records, arrays and maps resolve is found when those are read.
 */
export function matching(writer: AvroNode, reader: AvroNode): AvroNode | null {
  if (reader.kind === 'union')
    return (
      reader.branches.find((b) => sameNode(writer, b, (name) => name) && sameMeaning(writer, b)) ??
      reader.branches.find((b) => sameNode(writer, b, unqualified) && sameMeaning(writer, b)) ??
      reader.branches.find((b) => reads(writer, b)) ??
      null
    );
  return reads(writer, reader) ? reader : null;
}

function sameNode(writer: AvroNode, reader: AvroNode, called: (name: string) => string): boolean {
  return writer.kind === reader.kind && (!('name' in writer && 'name' in reader) || called(writer.name) === called(reader.name));
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function reads(writer: AvroNode, reader: AvroNode): boolean {
  if (!sameMeaning(writer, reader)) return false;
  if (writer.kind === 'fixed' && reader.kind === 'fixed') return writer.size === reader.size;
  return writer.kind === reader.kind || (PROMOTIONS[writer.kind]?.includes(reader.kind) ?? false);
}

const TIMES: ReadonlySet<string | null> = new Set([
  'date',
  'time-millis',
  'time-micros',
  'timestamp-millis',
  'timestamp-micros',
  'local-timestamp-millis',
  'local-timestamp-micros',
  'timestamp-nanos',
  'local-timestamp-nanos',
]);

/**
 * Whether the bytes of one say the same as those of the other. Avro leaves that to the reader; a decimal of another scale, or millis read as
 * micros, would be wrong by powers of ten without a word. A time on one side only is taken as it is.
 */
function sameMeaning(writer: AvroNode, reader: AvroNode): boolean {
  if (!('logical' in writer && 'logical' in reader)) return true;
  if (writer.logical === 'decimal' || reader.logical === 'decimal')
    return writer.logical === reader.logical && writer.scale === reader.scale;
  return !TIMES.has(writer.logical) || !TIMES.has(reader.logical) || writer.logical === reader.logical;
}

/** Whether every value of `writer` can be read as `reader`, so that its bytes need no closer look. */
export function alwaysResolves(writer: AvroNode, reader: AvroNode, pending: [AvroNode, AvroNode][] = []): boolean {
  if (pending.some(([w, r]) => w === writer && r === reader)) return true;
  const inside: [AvroNode, AvroNode][] = [...pending, [writer, reader]];
  if (writer.kind === 'union') return writer.branches.every((branch) => alwaysResolves(branch, reader, inside));
  const match = matching(writer, reader);
  if (match === null) return false;
  switch (match.kind) {
    case 'enum':
      return match.fallback !== null || (writer.kind === 'enum' && writer.symbols.every((symbol) => match.symbols.includes(symbol)));
    case 'array':
      return writer.kind === 'array' && alwaysResolves(writer.items, match.items, inside);
    case 'map':
      return writer.kind === 'map' && alwaysResolves(writer.values, match.values, inside);
    case 'record':
      return (
        writer.kind === 'record' &&
        match.fields.every((field) => {
          const written = writtenField(writer, field);
          return written ? alwaysResolves(written.node, field.node, inside) : field.default !== undefined;
        })
      );
    default:
      return true;
  }
}

/** Whether values of the type take no bytes at all, so that a count of them says nothing of the bytes to come. */
export function isEmpty(node: AvroNode): boolean {
  return (
    node.kind === 'null' ||
    (node.kind === 'fixed' && node.size === 0) ||
    (node.kind === 'record' && !node.again && node.fields.every((f) => isEmpty(f.node)))
  );
}
