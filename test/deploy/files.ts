import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const ROOT = join(import.meta.dirname, '../..');

/** The documents of a file of the repository, YAML or JSON. */
export function documents<T>(file: string): T[] {
  return [parseAllDocuments(readFileSync(join(ROOT, file), 'utf8'), { merge: true })].flat().map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() as T;
  });
}

/** Files below a directory of the repository, from the root. */
export function filesIn(directory: string): string[] {
  return readdirSync(join(ROOT, directory)).map((file) => join(directory, file));
}
