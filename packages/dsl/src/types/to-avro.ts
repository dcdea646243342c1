import type { AvroSchema } from '../plan/plan.js';
import { definite, sameType } from './lattice.js';
import type { Type } from './type.js';
import { isUnion } from './union.js';

/** What the outermost record of a schema is called. */
export interface AvroRecordName {
  readonly name: string;
  readonly namespace?: string;
}

/**
 * The Avro schema of a type. The outermost record gets `top`'s name; nested records and enums keep theirs. A name that is used again refers
 * to its first definition, or, where the shape is another, gets a number. `T?` is `["null", T]` with the default null. A duration is a long
 * of milliseconds. Deterministic: equal types give equal JSON.
 */
export function typeToAvro(type: Type, top?: AvroRecordName): AvroSchema {
  return new SchemaWriter().write(type, '', top);
}

/** A type that has a name in Avro. */
type NamedType = Extract<Type, { readonly kind: 'enum' | 'record' }>;

/** The Avro schema of a type, made by `inside` of what it is made of and by `named` where it is an enum or a record. */
export function unnamedToAvro(type: Type, inside: (type: Type) => AvroSchema, named: (type: NamedType) => AvroSchema): AvroSchema {
  switch (type.kind) {
    case 'decimal':
      return { type: 'bytes', logicalType: 'decimal', precision: type.precision, scale: type.scale };
    case 'timestamp':
      return { type: 'long', logicalType: `timestamp-${type.unit}` };
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'duration':
      return 'long';
    case 'nullable':
      return ['null', inside(type.of)].flat();
    case 'array':
      return { type: 'array', items: inside(type.items) };
    case 'map':
      return { type: 'map', values: inside(type.values) };
    case 'enum':
      return named(type);
    case 'record':
      return isUnion(type) ? type.fields.map((branch) => inside(definite(branch.type))) : named(type);
    default:
      return type.kind;
  }
}

class SchemaWriter {
  private readonly named = new Map<string, Type>();

  write(type: Type, namespace: string, top?: AvroRecordName): AvroSchema {
    return unnamedToAvro(
      type,
      (inner) => this.write(inner, namespace),
      (named) => this.writeNamed(named, namespace, top),
    );
  }

  private writeNamed(type: NamedType, namespace: string, top?: AvroRecordName): AvroSchema {
    if (type.kind === 'enum')
      return this.define(type, type.name, namespace, (names) => ({ type: 'enum', ...names, symbols: [...type.symbols] }));
    const fullName = top ? (top.namespace ? `${top.namespace}.${top.name}` : top.name) : type.name;
    return this.define(type, fullName, namespace, (names, inner) => ({
      type: 'record',
      ...names,
      fields: type.fields.map((field) => ({
        name: field.name,
        type: this.write(field.type, inner),
        ...(field.doc === undefined ? {} : { doc: field.doc }),
        ...(field.type.kind === 'nullable' || field.type.kind === 'null' ? { default: null } : {}),
      })),
    }));
  }

  private define(
    type: Type,
    wanted: string,
    namespace: string,
    body: (names: { readonly name: string; readonly namespace?: string }, inner: string) => AvroSchema,
  ): AvroSchema {
    let fullName = wanted;
    for (let i = 2; this.named.has(fullName); i++) {
      if (sameType(this.named.get(fullName)!, type)) return spaceOf(fullName) === '' && namespace !== '' ? `.${fullName}` : fullName;
      fullName = `${wanted}_${i}`;
    }
    this.named.set(fullName, type);
    const [space, name] = [spaceOf(fullName), fullName.slice(fullName.lastIndexOf('.') + 1)];
    return body(space === namespace ? { name } : { name, namespace: space }, space);
  }
}

function spaceOf(fullName: string): string {
  return fullName.includes('.') ? fullName.slice(0, fullName.lastIndexOf('.')) : '';
}
