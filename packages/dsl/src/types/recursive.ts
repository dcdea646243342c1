/**
 * Records that contain themselves: a list by a record of its next item, a tree by an array of trees. A record's type has its fields' types in
 * it, and would have no end; where a record stands in itself, its type is therefore a reference, which knows its fields when asked.
 */
import type { AvroSchema } from '../plan/plan.js';
import type { Field } from './type.js';

/**
 * A record within itself: a record type as any other, but for what walks a type to its ends, which has to stop here. As JSON it is its name
 * and schema (`reviveRecursive` in avro.ts reads that).
 */
export class RecursiveRecord {
  readonly kind = 'record';
  declare readonly union?: true;
  readonly #read: (schema: string) => readonly Field[];

  /** @param schema JSON of the schema, the same for the same record wherever it stands; @param read the fields of such a schema */
  constructor(
    readonly name: string,
    readonly schema: string,
    read: (schema: string) => readonly Field[],
  ) {
    this.#read = read;
  }

  get fields(): readonly Field[] {
    return this.#read(this.schema);
  }
}

/**
 * Of a recursive type what `make` makes of its record, made when it is first asked for and once per type: what reads or writes a record that
 * contains itself calls itself.
 */
export function perRecursive<T>(
  make: (record: { readonly kind: 'record'; readonly name: string; readonly fields: readonly Field[] }) => T,
) {
  const made = new Map<string, T>();
  return (type: RecursiveRecord): (() => T) => {
    let own: T | undefined;
    return () => {
      own ??= made.get(type.schema);
      if (own === undefined) {
        own = make({ kind: 'record', name: type.name, fields: type.fields });
        made.set(type.schema, own);
      }
      return own;
    };
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

/** The definitions of named types in a schema, so that any of them can be written down by itself. */
export class Definitions {
  private readonly named = new Map<string, { readonly schema: JsonObject; readonly namespace: string }>();
  private readonly closed = new Map<string, string | null>();

  /** @param maxNesting what is nested deeper is left out */
  constructor(
    schema: unknown,
    private readonly maxNesting: number,
  ) {
    this.collect(schema, '', 0);
  }

  /**
   * JSON of the named type with all that it refers to, without docs, defaults and aliases; null where it is nested too deep. Equal for equal
   * definitions, whatever schema they come from.
   */
  schemaOf(name: string): string | null {
    const known = this.closed.get(name);
    if (known !== undefined) return known;
    const schema = this.write(`.${name}`, '', new Set(), 0);
    const json = schema === null ? null : JSON.stringify(schema);
    this.closed.set(name, json);
    return json;
  }

  private collect(schema: unknown, namespace: string, depth: number): void {
    if (depth > this.maxNesting || typeof schema !== 'object' || schema === null) return;
    if (Array.isArray(schema)) {
      for (const branch of schema) this.collect(branch, namespace, depth + 1);
      return;
    }
    const json = schema as JsonObject;
    if (isNamed(json)) {
      const full = fullName(json, namespace);
      if (!this.named.has(full)) this.named.set(full, { schema: json, namespace });
      for (const field of fieldsOf(json)) this.collect(field.type, spaceOf(full), depth + 1);
      return;
    }
    for (const inner of [json.type, json.items, json.values]) this.collect(inner, namespace, depth + 1);
  }

  private write(schema: unknown, namespace: string, written: Set<string>, depth: number): AvroSchema | null {
    if (depth > this.maxNesting) return null;
    const inside = (inner: unknown, space = namespace): AvroSchema | null => this.write(inner, space, written, depth + 1);
    if (typeof schema === 'string') {
      const full = this.resolve(schema, namespace);
      if (full === null) return schema;
      const { schema: definition, namespace: space } = this.named.get(full)!;
      return inside(definition, space);
    }
    if (Array.isArray(schema)) {
      const branches = schema.map((branch) => inside(branch));
      return branches.includes(null) ? null : (branches as AvroSchema[]);
    }
    if (typeof schema !== 'object' || schema === null) return null;
    const json = schema as JsonObject;
    if (!isNamed(json)) {
      if (typeof json.type !== 'string') return inside(json.type);
      if (json.type !== 'array' && json.type !== 'map')
        return this.resolve(json.type, namespace) === null ? plain(json) : inside(json.type);
      const part = json.type === 'array' ? 'items' : 'values';
      const inner = inside(json[part]);
      return inner && { type: json.type, [part]: inner };
    }
    const full = fullName(json, namespace);
    if (written.has(full)) return spaceOf(full) === '' ? `.${full}` : full;
    written.add(full);
    const names = { name: full.slice(full.lastIndexOf('.') + 1), namespace: spaceOf(full) };
    if (json.type !== 'record' && json.type !== 'error')
      return { ...plain(json), ...names, ...(json.symbols === undefined ? { size: json.size } : { symbols: json.symbols }) };
    const fields = fieldsOf(json).map(({ name, type }) => ({ name, type: inside(type, names.namespace) }));
    return fields.some(({ type }) => type === null) ? null : { type: 'record', ...names, fields };
  }

  /** The full name of a type that is defined here. */
  private resolve(name: string, namespace: string): string | null {
    const full = name.includes('.') || namespace === '' ? name.replace(/^\./, '') : `${namespace}.${name}`;
    return this.named.has(full) ? full : this.named.has(name) ? name : null;
  }
}

function isNamed({ name, type }: JsonObject): boolean {
  return typeof name === 'string' && ['record', 'error', 'enum', 'fixed'].includes(type as string);
}

/** What changes the meaning of bytes. */
function plain({ type, logicalType, precision, scale }: JsonObject): JsonObject {
  return { type, logicalType, precision, scale };
}

function fieldsOf({ fields }: JsonObject): readonly JsonObject[] {
  return Array.isArray(fields) ? fields.filter((field): field is JsonObject => typeof field === 'object' && field !== null) : [];
}

function fullName({ name, namespace: own }: JsonObject, namespace: string): string {
  const space = typeof own === 'string' ? own : namespace;
  return String(name).includes('.') || space === '' ? String(name) : `${space}.${String(name)}`;
}

function spaceOf(full: string): string {
  return full.slice(0, Math.max(0, full.lastIndexOf('.')));
}
