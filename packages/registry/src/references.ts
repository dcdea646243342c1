import type { AvroSchema } from '@rta/dsl';
import { qualify, spaceOf } from './avro/parse.js';

/**
 * A schema with the named types of others that it refers to (Confluent's references) written into it, each where its name comes first, so that it
 * stands alone.
 *
 * @param definitions by full name; they may refer to each other
 */
export function inlineReferences(schema: AvroSchema, definitions: ReadonlyMap<string, AvroSchema>): AvroSchema {
  const defined = new Set<string>();
  // @param definition whether this is within one: what two definitions bring along is written once
  const visit = (json: unknown, namespace: string, definition = false): unknown => {
    if (typeof json === 'string') return reference(json, namespace);
    if (Array.isArray(json)) return json.map((branch) => visit(branch, namespace, definition));
    if (typeof json !== 'object' || json === null) return json;
    const node = json as Readonly<Record<string, unknown>>;
    let inner = namespace;
    if (typeof node.name === 'string') {
      const fullName = qualify(node.name, typeof node.namespace === 'string' ? node.namespace : namespace);
      if (definition && defined.has(fullName)) return fullName;
      defined.add(fullName);
      inner = spaceOf(fullName);
    }
    const out: Record<string, unknown> = { ...node };
    // In the order in which a reader meets them.
    if (node.type !== undefined) out.type = visit(node.type, inner, definition);
    if (node.items !== undefined) out.items = visit(node.items, inner, definition);
    if (node.values !== undefined) out.values = visit(node.values, inner, definition);
    if (Array.isArray(node.fields))
      out.fields = (node.fields as Readonly<Record<string, unknown>>[]).map((field) => ({
        ...field,
        type: visit(field.type, inner, definition),
      }));
    return out;
  };
  const reference = (name: string, namespace: string): unknown => {
    for (const fullName of [qualify(name, namespace), name]) {
      if (defined.has(fullName)) return fullName;
      const definition = definitions.get(fullName);
      // A definition says its namespace itself; without one it has none, wherever it is used.
      if (definition !== undefined) return visit(withNamespace(definition), '', true);
    }
    return name;
  };
  return visit(schema, '') as AvroSchema;
}

/**
 * The named types of others that a schema uses, by their full names, each once, in order of their first use.
 *
 * @param known whether there is a type of this full name elsewhere
 */
export function referencedTypes(schema: AvroSchema, known: (fullName: string) => boolean): string[] {
  const defined = new Set<string>();
  const used = new Set<string>();
  const visit = (json: unknown, namespace: string): void => {
    if (typeof json === 'string') {
      const names = [qualify(json, namespace), json];
      const found = names.some((name) => defined.has(name)) ? undefined : names.find(known);
      if (found !== undefined) used.add(found);
    } else if (Array.isArray(json)) for (const branch of json) visit(branch, namespace);
    else if (typeof json === 'object' && json !== null) {
      const node = json as Readonly<Record<string, unknown>>;
      let inner = namespace;
      if (typeof node.name === 'string') {
        const fullName = qualify(node.name, typeof node.namespace === 'string' ? node.namespace : namespace);
        defined.add(fullName);
        inner = spaceOf(fullName);
      }
      for (const part of [node.type, node.items, node.values]) visit(part, inner);
      if (Array.isArray(node.fields)) for (const field of node.fields as Readonly<Record<string, unknown>>[]) visit(field.type, inner);
    }
  };
  visit(schema, '');
  return [...used];
}

function withNamespace(definition: AvroSchema): AvroSchema {
  if (typeof definition !== 'object' || Array.isArray(definition)) return definition;
  const named = definition as Readonly<Record<string, unknown>>;
  if (named.namespace !== undefined || (typeof named.name === 'string' && named.name.includes('.'))) return definition;
  return { ...named, namespace: '' };
}
