/** A parsed Avro schema as a graph of nodes, names resolved. */
import type { AvroSchema } from '@rta/dsl';

export type AvroNode =
  | { readonly kind: 'null' | 'boolean' | 'float' | 'double' | 'string' }
  | { readonly kind: 'int' | 'long' | 'bytes'; readonly logical: string | null; readonly scale: number }
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
  /** Whether it stands within itself here. */
  readonly again: boolean;
}

export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly node: AvroNode;
  /** As JSON in the schema; undefined: none. */
  readonly default: unknown;
}

type Json = Readonly<Record<string, unknown>>;

export function parseSchema(schema: AvroSchema): AvroNode {
  return new SchemaParser().parse(schema, '');
}

class SchemaParser {
  private readonly named = new Map<string, AvroNode>();

  parse(schema: unknown, namespace: string): AvroNode {
    if (typeof schema === 'string') return this.byName(schema, namespace, {});
    if (Array.isArray(schema)) return { kind: 'union', branches: schema.map((branch) => this.parse(branch, namespace)) };
    const json = schema as Json;
    if (typeof json.type !== 'string') return this.parse(json.type, namespace);
    switch (json.type) {
      case 'array':
        return { kind: 'array', items: this.parse(json.items, namespace) };
      case 'map':
        return { kind: 'map', values: this.parse(json.values, namespace) };
      case 'enum': {
        const fallback = typeof json.default === 'string' ? json.default : null;
        return this.define(json, namespace, (name) => ({ kind: 'enum', name, symbols: json.symbols as string[], fallback }));
      }
      case 'fixed':
        return this.define(json, namespace, (name) => ({ kind: 'fixed', name, size: json.size as number, ...logicalOf(json) }));
      case 'record':
      case 'error': {
        const fields: AvroField[] = [];
        this.define(json, namespace, (name) => ({ kind: 'record', name, fields, again: true }));
        const inner = spaceOf(fullName(json, namespace));
        for (const field of json.fields as Json[])
          fields.push({
            name: field.name as string,
            aliases: (field.aliases as string[] | undefined) ?? [],
            node: this.parse(field.type, inner),
            default: field.default,
          });
        return this.define(json, namespace, (name) => ({ kind: 'record', name, fields, again: false }));
      }
      default:
        return this.byName(json.type, namespace, json);
    }
  }

  private byName(name: string, namespace: string, json: Json): AvroNode {
    switch (name) {
      case 'null':
      case 'boolean':
      case 'float':
      case 'double':
      case 'string':
        return { kind: name };
      case 'int':
      case 'long':
      case 'bytes':
        return { kind: name, ...logicalOf(json) };
      default: {
        const node =
          this.named.get(name.includes('.') || namespace === '' ? name : `${namespace}.${name}`) ?? this.named.get(name.replace(/^\./, ''));
        if (!node) throw new Error(`the schema refers to the unknown type ${name}`);
        return node;
      }
    }
  }

  private define(json: Json, namespace: string, make: (name: string) => AvroNode): AvroNode {
    const name = fullName(json, namespace);
    const node = make(name);
    this.named.set(name, node);
    return node;
  }
}

function logicalOf(json: Json): { logical: string | null; scale: number } {
  return {
    logical: typeof json.logicalType === 'string' ? json.logicalType : null,
    scale: typeof json.scale === 'number' ? json.scale : 0,
  };
}

function fullName(json: Json, namespace: string): string {
  const name = json.name as string;
  const space = typeof json.namespace === 'string' ? json.namespace : namespace;
  return name.includes('.') || space === '' ? name : `${space}.${name}`;
}

function spaceOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}
