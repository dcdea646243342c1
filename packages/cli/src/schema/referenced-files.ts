/** Schema files that refer to types of other files, as a registry keeps them: each type a subject that is called as it is. */
import { dirname, resolve } from 'node:path';
import { referencedTypes } from '@rta/registry';
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';
import { definitionsIn, fullNameOf, schemaFilesIn } from '../project/load.js';
import { readSchemaFiles, type Registrable, type SchemaFile } from './files.js';

/** With the files that they refer to before them. Rejects with Failure `recursive_references`. */
export function withReferences(context: Pick<CliContext, 'cwd'>, registrable: readonly Registrable[]): readonly Registrable[] {
  const all = new Map<string, Registrable>();
  for (const each of registrable) {
    const files = typeFiles(context, each.file);
    const add = (wanted: Registrable, path: readonly string[]): void => {
      if (path.includes(wanted.subject))
        throw new Failure(
          'recursive_references',
          `${[...path, wanted.subject].join(' → ')}: types of different files refer to each other, which a registry cannot keep`,
          'put them into one file',
        );
      if (all.has(wanted.subject)) return;
      const names = wanted.file.written === null ? [] : referencedTypes(wanted.file.written, (name) => files.has(name));
      for (const name of names) {
        const file = files.get(name)!;
        if (file.schema !== null) add({ file, schema: file.schema, subject: name }, [...path, wanted.subject]);
      }
      all.set(wanted.subject, { ...wanted, references: names });
    };
    add(each, []);
  }
  return [...all.values()];
}

/** The files beside a file by the types that they define. */
function typeFiles(context: Pick<CliContext, 'cwd'>, file: SchemaFile): ReadonlyMap<string, SchemaFile> {
  const directory = dirname(resolve(context.cwd, file.source.path));
  const known = definitionsIn(directory);
  return new Map(
    readSchemaFiles(context, schemaFilesIn(directory)).flatMap((each) => {
      const name = each.written === null ? null : fullNameOf(each.written);
      return name === null || !known.has(name) || each.source.path === file.source.path ? [] : [[name, each] as const];
    }),
  );
}
