import type { AvroSchema } from '@rta/dsl';
import { qualify, spaceOf } from './parse.js';

/**
 * The text by which schemas are told apart: equal for schemas that differ only in white space, the order of attributes, or how a name or type is
 * written (`{"type": "int"}` or `"int"`, `name` and `namespace` or a full name). Doc strings, defaults, aliases and any other
 * attribute count, as they do in Confluent's registry; Avro's own Parsing Canonical Form drops them.
 *
 * @param schema valid (`parseSchema`)
 */
export function canonical(schema: AvroSchema): string {
  return JSON.stringify(normalise(schema, '', new Set()));
}

type Json = Readonly<Record<string, unknown>>;

const NAMED: ReadonlySet<unknown> = new Set(['record', 'error', 'enum', 'fixed']);

function normalise(json: unknown, namespace: string, defined: Set<string>): unknown {
  if (typeof json === 'string') return defined.has(qualify(json, namespace)) ? qualify(json, namespace) : json.replace(/^\./, '');
  if (Array.isArray(json)) return json.map((branch) => normalise(branch, namespace, defined));
  const schema = json as Json;
  const { type } = schema;
  if (typeof type !== 'string') return normalise(type, namespace, defined);
  if (NAMED.has(type)) {
    const fullName = qualify(schema.name as string, typeof schema.namespace === 'string' ? schema.namespace : namespace);
    const inner = spaceOf(fullName);
    defined.add(fullName);
    const out: Record<string, unknown> = { type, name: fullName };
    if (Array.isArray(schema.aliases)) out.aliases = (schema.aliases as string[]).map((alias) => qualify(alias, inner));
    if (Array.isArray(schema.fields)) {
      out.fields = (schema.fields as Json[]).map((field) =>
        attributes({ name: field.name, type: normalise(field.type, inner, defined) }, field, new Set(['name', 'type'])),
      );
    }
    return attributes(out, schema, new Set(['type', 'name', 'namespace', 'aliases', 'fields']));
  }
  const out: Record<string, unknown> = { type };
  if (type === 'array') out.items = normalise(schema.items, namespace, defined);
  else if (type === 'map') out.values = normalise(schema.values, namespace, defined);
  else out.type = normalise(type, namespace, defined);
  const all = attributes(out, schema, new Set(['type', 'items', 'values']));
  return Object.keys(all).length === 1 ? out.type : all;
}

/** `out` with the other attributes of `from`, by name; objects within them by name as well. */
function attributes(out: Record<string, unknown>, from: Json, done: ReadonlySet<string>): Record<string, unknown> {
  for (const key of Object.keys(from).sort()) if (!done.has(key)) out[key] = sorted(from[key]);
  return out;
}

function sorted(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(sorted);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, sorted(value)]),
  );
}
