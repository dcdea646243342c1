/** Types of the language as Avro, as state and what goes between stages have them. */
import { createHash } from 'node:crypto';
import { type AvroSchema, type Type, unnamedToAvro } from '@rta/dsl';

/** Names are defined where they first stand and then referred to, as Avro wants it. */
export function define(name: string, named: Set<string>, schema: () => AvroSchema): AvroSchema {
  if (named.has(name)) return name;
  named.add(name);
  return schema();
}

/** `named`: the names that are defined already. */
export function avroOf(type: Type, named: Set<string>): AvroSchema {
  return unnamedToAvro(
    type,
    (inner) => avroOf(inner, named),
    (of) =>
      define(nameOf(of), named, () =>
        of.kind === 'enum'
          ? { type: 'enum', name: nameOf(of), symbols: [...of.symbols] }
          : {
              type: 'record',
              name: nameOf(of),
              fields: of.fields.map((field) => ({ name: field.name, type: avroOf(field.type, named) })),
            },
      ),
  );
}

/** A name that is the same for equal types and no other. */
export function nameOf(type: Type): string {
  return `t${createHash('md5').update(JSON.stringify(type)).digest('hex').slice(0, 12)}`;
}

/** The same for schemas. */
export function nameOfSchema(schema: AvroSchema): string {
  return createHash('md5').update(JSON.stringify(schema)).digest('hex').slice(0, 12);
}
