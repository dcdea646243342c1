/** Whether what a browser has sent is an event of a source: by its Avro schema. */
import type { AvroSchema, SourceNode, Value } from '@rta/dsl';
import { AvroValueError, codecFor, frame } from '@rta/registry';

/** Bytes for the source's topic, or why there are none. */
export type Checked = { readonly value: Uint8Array } | { readonly problem: string };

/**
 * @param schemaId under which the source's values are framed; null where they are JSON: these are written as they came, so that fields that are
 * newer than our schema reach whoever knows them
 */
export function eventCheck({ schema }: Pick<SourceNode, 'schema'>, schemaId: number | null): (event: unknown) => Checked {
  const codec = codecFor(schema);
  const convert = conversion(schema, new Map());
  return (event) => {
    if (typeof event !== 'object' || event === null || Array.isArray(event)) return { problem: 'an event is an object' };
    try {
      const bytes = codec.encode((convert === null ? event : convert(event)) as Value);
      return { value: schemaId === null ? Buffer.from(JSON.stringify(event)) : frame(schemaId, bytes) };
    } catch (error) {
      if (error instanceof AvroValueError) return { problem: error.message };
      throw error;
    }
  };
}

type Convert = (json: unknown) => unknown;

/** JSON has objects for maps and texts for bytes: as values have them. Null: there are none in the schema. */
function conversion(schema: AvroSchema, done: Map<string, Convert | null>): Convert | null {
  if (typeof schema === 'string') return schema === 'bytes' ? bytesOf : (done.get(schema) ?? null);
  if (Array.isArray(schema)) {
    const branches = schema.map((branch) => conversion(branch, done)).filter((convert) => convert !== null);
    return branches.length === 1 ? (json) => (json === null || json === undefined ? json : branches[0](json)) : null;
  }
  const { type } = schema;
  if (type === 'map') {
    const item = conversion(schema['values'] as AvroSchema, done) ?? same;
    return (json) => (isObject(json) ? new Map(Object.entries(json).map(([key, value]) => [key, item(value)])) : json);
  }
  if (type === 'array') {
    const item = conversion(schema['items'] as AvroSchema, done);
    return item === null ? null : (json) => (Array.isArray(json) ? json.map(item) : json);
  }
  if (type === 'record') {
    const fields = (schema['fields'] as readonly { readonly name: string; readonly type: AvroSchema }[]).flatMap((field) => {
      const convert = conversion(field.type, done);
      return convert === null ? [] : [[field.name, convert] as const];
    });
    if (fields.length === 0) return null;
    return (json) => {
      if (!isObject(json)) return json;
      const converted = { ...json };
      for (const [name, convert] of fields) if (Object.hasOwn(json, name)) converted[name] = convert(json[name]);
      return converted;
    };
  }
  return typeof type === 'object' ? conversion(type as AvroSchema, done) : type === 'bytes' ? bytesOf : null;
}

function same(json: unknown): unknown {
  return json;
}

/** As Avro's JSON has them: a character a byte. */
function bytesOf(json: unknown): unknown {
  return typeof json === 'string' ? Buffer.from(json, 'latin1') : json;
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> & Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
