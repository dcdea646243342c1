import type { AvroNode } from './node.js';

/**
 * Why a default's JSON is not a value of the schema, as the end of a sentence; null: it is one. A union's default may be of any branch
 * (Avro 1.12; before, of the first).
 */
export function defaultProblem(node: AvroNode, json: unknown): string | null {
  switch (node.kind) {
    case 'null':
      return json === null ? null : 'is not null';
    case 'boolean':
      return typeof json === 'boolean' ? null : 'is not true or false';
    case 'int':
      return Number.isInteger(json) && (json as number) === ((json as number) | 0) ? null : 'is not an int';
    case 'long':
      // Beyond 2^53 JSON has lost the digits already; it is a long all the same.
      return Number.isInteger(json) && (json as number) >= -(2 ** 63) && (json as number) < 2 ** 63 ? null : 'is not a long';
    case 'float':
    case 'double':
      return typeof json === 'number' || json === 'NaN' || json === 'Infinity' || json === '-Infinity' ? null : 'is not a number';
    case 'string':
      return typeof json === 'string' ? null : 'is not a string';
    case 'bytes':
      return isLatin1(json) ? null : 'is not a string of code points 0 to 255, as bytes are written';
    case 'fixed':
      return isLatin1(json) && json.length === node.size ? null : `is not a string of ${node.size} code points 0 to 255`;
    case 'enum':
      return typeof json === 'string' && node.symbols.includes(json) ? null : `is none of the symbols ${node.symbols.join(', ')}`;
    case 'array':
      if (!Array.isArray(json)) return 'is not a list';
      return first(json, (item) => defaultProblem(node.items, item));
    case 'map':
      if (!isObject(json)) return 'is not an object';
      return first(Object.values(json), (value) => defaultProblem(node.values, value));
    case 'record':
      if (!isObject(json)) return 'is not an object';
      return first(node.fields, (field) => {
        const value = Object.hasOwn(json, field.name) ? json[field.name] : field.default;
        return value === undefined ? `has no \`${field.name}\`` : defaultProblem(field.node, value);
      });
    case 'union':
      return defaultBranch(node.branches, json) === null ? `is a value of none of its union's types` : null;
  }
}

/** The branch that a union's default is of: the first that it is a value of. */
export function defaultBranch(branches: readonly AvroNode[], json: unknown): number | null {
  const index = branches.findIndex((branch) => defaultProblem(branch, json) === null);
  return index < 0 ? null : index;
}

function first<T>(items: readonly T[], problem: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = problem(item);
    if (found !== null) return found;
  }
  return null;
}

function isLatin1(json: unknown): json is string {
  // eslint-disable-next-line no-control-regex -- bytes are written as the code points 0 to 255
  return typeof json === 'string' && /^[\u0000-\u00ff]*$/.test(json);
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
