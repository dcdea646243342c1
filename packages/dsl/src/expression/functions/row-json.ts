import { typeFromJson } from '../../types/avro.js';
import type { Type, Value } from '../../types/type.js';
import { jsonWriter } from './json.js';
import type { PreparedFunction } from './spec.js';

/**
 * Columns as one JSON object: what alerts say of a row; no function that expressions can name. It takes nulls. The first argument is a
 * literal, the names and types of the others as `rowJsonOf` writes them.
 */
export const rowJson: PreparedFunction = {
  prepare: (columns: string) => {
    const writers = (JSON.parse(columns) as readonly { name: string; type: string }[]).map(({ name, type }) => ({
      name: JSON.stringify(name),
      write: jsonWriter(typeFromJson(type)),
    }));
    return (_columns: string, ...values: readonly Value[]) =>
      `{${writers.map(({ name, write }, i) => `${name}:${write(values[i])}`).join(',')}}`;
  },
};

/** The first argument of `rowJson`. */
export function rowJsonOf(columns: readonly { readonly name: string; readonly type: Type }[]): string {
  return JSON.stringify(columns.map(({ name, type }) => ({ name, type: JSON.stringify(type) })));
}
