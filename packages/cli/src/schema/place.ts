/** Where in the text of a schema a field is. */
import { entryOf, parseYaml, valueOf, type SourceText, type Span, type YamlNode } from '@rta/dsl';

/**
 * The place of a field path (`order.items[].price`) in the JSON of a schema: the name of the field, or of the last one on the way that the text
 * has; the start of the text where it has none of them (a type of another file).
 */
export function placeOf(source: SourceText, path: string): Span {
  const { root } = parseYaml(source);
  let place: Span = { source, start: 0, end: Math.min(1, source.text.length) };
  if (root === null || path === '') return place;
  const types = namedTypes(root);
  let node: YamlNode | null = root;
  for (const step of path.split(/\.|(?=\[\]|\{\})/)) {
    const field: YamlNode | null = stepInto(node, step, types);
    if (field === null) return place;
    if (step === '[]' || step === '{}') node = field;
    else {
      place = valueOf(field, 'name')?.span ?? place;
      node = valueOf(field, 'type');
    }
  }
  return place;
}

/** The place of an offset. */
export function placeAt(source: SourceText, offset: number): Span {
  const start = Math.min(offset, Math.max(0, source.text.length - 1));
  return { source, start, end: start + 1 };
}

/** The field of a name; of `[]` and `{}` the schema within. Looked for in all branches of a union. */
function stepInto(node: YamlNode | null, step: string, types: ReadonlyMap<string, YamlNode>): YamlNode | null {
  if (node === null) return null;
  if (node.kind === 'scalar') {
    const named = types.get(node.text) ?? types.get(node.text.slice(node.text.lastIndexOf('.') + 1));
    return named === undefined ? null : stepInto(named, step, types);
  }
  if (node.kind === 'seq') {
    for (const branch of node.items) {
      const found = stepInto(branch, step, types);
      if (found !== null) return found;
    }
    return null;
  }
  if (step === '[]') return valueOf(node, 'items') ?? inner(node, step, types);
  if (step === '{}') return valueOf(node, 'values') ?? inner(node, step, types);
  const fields = valueOf(node, 'fields');
  if (fields?.kind !== 'seq') return inner(node, step, types);
  return fields.items.find((field) => textOf(valueOf(field, 'name')) === step) ?? null;
}

/** `{"type": {…}}`: the type is one level further in. */
function inner(node: YamlNode, step: string, types: ReadonlyMap<string, YamlNode>): YamlNode | null {
  const type = valueOf(node, 'type');
  return type === null ? null : stepInto(type.kind === 'scalar' && !types.has(type.text) ? null : type, step, types);
}

/** Records, enums and fixed by name without namespace. */
function namedTypes(node: YamlNode, found = new Map<string, YamlNode>()): Map<string, YamlNode> {
  if (node.kind === 'seq') for (const item of node.items) namedTypes(item, found);
  if (node.kind !== 'map') return found;
  const name = textOf(valueOf(node, 'name'));
  if (name !== null && entryOf(node, 'fields') !== null) found.set(name.slice(name.lastIndexOf('.') + 1), node);
  for (const { value } of node.entries) namedTypes(value, found);
  return found;
}

function textOf(node: YamlNode | null): string | null {
  return node?.kind === 'scalar' ? node.text : null;
}
