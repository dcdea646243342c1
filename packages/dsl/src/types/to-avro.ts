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

class SchemaWriter {
  private readonly named = new Map<string, Type>();

  write(type: Type, namespace: string, top?: AvroRecordName): AvroSchema {
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
        return ['null', this.write(type.of, namespace)].flat();
      case 'array':
        return { type: 'array', items: this.write(type.items, namespace) };
      case 'map':
        return { type: 'map', values: this.write(type.values, namespace) };
      case 'enum':
        return this.define(type, type.name, namespace, (names) => ({ type: 'enum', ...names, symbols: [...type.symbols] }));
      case 'record': {
        if (isUnion(type)) return type.fields.map((branch) => this.write(definite(branch.type), namespace));
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
      default:
        return type.kind;
    }
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
