/** Types of the language as Avro, as state and what goes between stages have them. */
import { createHash } from 'node:crypto';
import { type AvroSchema, definite, isUnion, type Type } from '@rta/dsl';

/** Names are defined where they first stand and then referred to, as Avro wants it. */
export function define(name: string, named: Set<string>, schema: () => AvroSchema): AvroSchema {
  if (named.has(name)) return name;
  named.add(name);
  return schema();
}

/** `named`: the names that are defined already. */
export function avroOf(type: Type, named: Set<string>): AvroSchema {
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
      return ['null', avroOf(type.of, named)].flat();
    case 'array':
      return { type: 'array', items: avroOf(type.items, named) };
    case 'map':
      return { type: 'map', values: avroOf(type.values, named) };
    case 'enum':
      return define(nameOf(type), named, () => ({ type: 'enum', name: nameOf(type), symbols: [...type.symbols] }));
    case 'record':
      if (isUnion(type)) return type.fields.map((branch) => avroOf(definite(branch.type), named));
      return define(nameOf(type), named, () => ({
        type: 'record',
        name: nameOf(type),
        fields: type.fields.map((field) => ({ name: field.name, type: avroOf(field.type, named) })),
      }));
    default:
      return type.kind;
  }
}

/** A name that is the same for equal types and no other. */
export function nameOf(type: Type): string {
  return `t${createHash('md5').update(JSON.stringify(type)).digest('hex').slice(0, 12)}`;
}

/** The same for schemas. */
export function nameOfSchema(schema: AvroSchema): string {
  return createHash('md5').update(JSON.stringify(schema)).digest('hex').slice(0, 12);
}
