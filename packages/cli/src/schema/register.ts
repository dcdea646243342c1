import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { SchemaReference, SchemaRegistry } from '@rta/registry';
import { judgeFiles, reportOf, type CheckOptions } from './check.js';
import type { FileJudgement } from './judge-file.js';
import { openRegistry } from './open-registry.js';

export const registerSchemas: Action<CheckOptions> = async (context, paths, options) => {
  const { files, judgements, diagnostics, ok } = await judgeFiles(context, paths, options);
  const report = reportOf(context, 'schema register', options.json === true);
  report.diagnostics(diagnostics);
  if (!ok)
    throw new Failure('refused', 'nothing is registered: not all of it may go', 'change what is named above, then all of it is registered');
  const homeless = files.filter((file) => !judgements.some((each) => each.file === file));
  if (paths.length > 0 && homeless.length > 0)
    throw new Failure('no_subject', `${homeless[0].source.path}: no topic has this schema, so nothing is registered`, 'say --subject');
  for (const file of homeless) report.file(file, 'no topic has it: not registered');
  const registry = openRegistry(context, options);
  const done = new Map<string, number>();
  for (const judgement of judgements) {
    const { subject, decision } = judgement;
    try {
      const id = await register(registry, judgement, done);
      done.set(subject, id);
      report.judgement({ ...judgement, id }, decision === 'unchanged' ? `registered already, id ${id}` : `registered, id ${id}`);
    } catch (error) {
      const so = done.size === 0 ? 'nothing is registered' : `registered so far: ${[...done.keys()].join(', ')}`;
      const { message, code } = error as { readonly message: string; readonly code?: string };
      throw new Failure(code ?? 'refused', `${subject}: ${message} (${so})`, 'run it again: what is registered stays as it is', {
        cause: error,
      });
    }
  }
  return EXIT_CODES.ok.code;
};

/** As it is written where it refers to types of others, which are registered before it. @param ids of subjects that were registered now */
async function register(
  registry: SchemaRegistry,
  { file, subject, schema, references: names = [] }: FileJudgement,
  ids: ReadonlyMap<string, number>,
): Promise<number> {
  if (names.length === 0) return registry.register(subject, schema);
  const references: SchemaReference[] = [];
  for (const name of names) references.push({ name, subject: name, version: await versionOf(registry, name, ids.get(name)) });
  return registry.register(subject, file.written!, references);
}

/** The newest version of a subject with an id. */
async function versionOf(registry: SchemaRegistry, subject: string, id: number | undefined): Promise<number> {
  for (const version of [...(await registry.versions(subject))].reverse())
    if ((await registry.unresolved(subject, version))?.id === id) return version;
  throw new Failure('no_version', `the type ${subject} has no version of what its file says`);
}
