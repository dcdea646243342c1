import type { AvroSchema } from '@rta/dsl';
import { defaultBranch } from './default-value.js';
import type { AvroNode } from './node.js';
import { parseSchema } from './parse.js';

/** Paths of fields whose default is of a later branch of their union, which readers with an Avro before 1.12 do not take. */
export function laterDefaults(schema: AvroSchema): string[] {
  const paths: string[] = [];
  const seen = new Set<AvroNode>();
  const visit = (node: AvroNode, path: string): void => {
    if (node.kind === 'array') visit(node.items, `${path}[]`);
    else if (node.kind === 'map') visit(node.values, `${path}{}`);
    else if (node.kind === 'union') for (const branch of node.branches) visit(branch, path);
    if (node.kind !== 'record' || seen.has(node)) return;
    seen.add(node);
    for (const { name, node: type, default: value } of node.fields) {
      const at = path === '' ? name : `${path}.${name}`;
      if (type.kind === 'union' && value !== undefined && defaultBranch(type.branches, value) !== 0) paths.push(at);
      visit(type, at);
    }
  };
  visit(parseSchema(schema), '');
  return paths;
}
