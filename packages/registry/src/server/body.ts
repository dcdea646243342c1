/** Schemas as the API writes them. */
import type { AvroSchema } from '@rta/dsl';
import type { StoredSchema } from '../embedded/contents.js';
import { refusals } from '../embedded/refusals.js';
import { RegistryError, type SchemaReference } from '../registry.js';

/** The schema of a body `{schema, schemaType, references}`. Throws RegistryError `invalid_schema`, Refusal. */
export function storedIn(body: unknown): StoredSchema {
  const { schema: text, schemaType = 'AVRO', references = [] } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (schemaType !== 'AVRO') throw refusals.notAvro(String(schemaType));
  if (typeof text !== 'string') throw new RegistryError('invalid_schema', 'Invalid schema: the body has no `schema`, a text');
  let schema: AvroSchema;
  try {
    schema = JSON.parse(text) as AvroSchema;
  } catch (error) {
    // A primitive's name alone is a schema to Avro.
    if (!/^[a-z]+$/.test(text)) throw new RegistryError('invalid_schema', `Invalid schema: ${(error as Error).message}`, { cause: error });
    schema = text;
  }
  if (!Array.isArray(references)) throw refusals.invalidBody('`references` is not a list');
  return references.length === 0 ? { schema } : { schema, references: references.map(reference) };
}

function reference(json: unknown): SchemaReference {
  const { name, subject, version } = (json ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof subject !== 'string' || !Number.isInteger(version))
    throw refusals.invalidBody('a reference is { name, subject, version }');
  return { name, subject, version: version as number };
}

export function textOf({ schema }: StoredSchema): string {
  return JSON.stringify(schema);
}

export function referencesIn({ references }: StoredSchema): { readonly references?: readonly SchemaReference[] } {
  return references === undefined ? {} : { references };
}
