/** From what is recorded of a deployed version to its plan, without the project's files. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, posix, resolve } from 'node:path';
import {
  compileTree,
  parseProject,
  parseYaml,
  renderAll,
  type AvroSchema,
  type CompileInput,
  type CompileResult,
  type Plan,
  type SourceText,
} from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { inlineReferences } from '@rta/registry';
import type { DeployedSource } from '@rta/runtime';
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';
import { fullNameOf } from './load.js';

/** Where schemas are among the files. */
const SCHEMA = /(?:^|\/)schemas\/([^/]+)\.avsc$/;

/**
 * Compiles a version. Modules that it uses are read from where they are in the working directory.
 *
 * @throws Failure `module_differs` where one is not here as it was deployed, `invalid_pipeline` where it does not compile (with this rta)
 */
export function compileDeployed(context: Pick<CliContext, 'cwd'>, pipeline: string, source: DeployedSource): Plan {
  const { plan, diagnostics } = deployedCompiler(context, pipeline, source)(new Map());
  if (plan !== null) return plan;
  throw new Failure('invalid_pipeline', `${pipeline}, as it was deployed, does not compile:\n${renderAll(diagnostics, { colour: false })}`);
}

/**
 * What compiles a version, with other schemas for the sources of some topics (by topic).
 *
 * @throws Failure `module_differs`; `invalid_pipeline` where the record lacks the pipeline's text
 */
export function deployedCompiler(
  { cwd }: Pick<CliContext, 'cwd'>,
  pipeline: string,
  source: DeployedSource,
): (readers: ReadonlyMap<string, AvroSchema>) => CompileResult {
  const { path, files, variables, readers: own = {} } = source;
  requireModules(cwd, pipeline, source.modules);
  const text = textsOf(source);
  const beside = (name: string, other: string): SourceText | null => text(besideOf(name, other));
  const project = projectOf(source, variables);
  const file = text(path);
  if (file === null) throw new Failure('invalid_pipeline', `the record of ${pipeline} lacks ${path}`, 'deploy it again');
  const schemas = new Map(Object.keys(files).flatMap((name) => { const [, schema] = SCHEMA.exec(name) ?? []; return schema === undefined ? [] : [[schema, name] as const]; })); // prettier-ignore
  const definitions = definitionsOf([...schemas.values()].map((name) => files[name]));
  const { root, diagnostics: syntax } = parseYaml(file);
  const input: CompileInput = {
    file,
    project,
    loadSchema: (name) => {
      const found = text(schemas.get(name) ?? '');
      return found === null ? null : { schema: inlineReferences(JSON.parse(found.text) as AvroSchema, definitions), source: found };
    },
    schemaNames: () => [...schemas.keys()],
    loadRows: (name) => beside(path, name),
    operators,
    aggregates,
    env: variables,
    resolveModule: (module) => resolve(cwd, posix.dirname(path), module),
  };
  const newer = new Map(Object.entries(own).map(([topic, schema]) => [topic, JSON.parse(schema) as AvroSchema]));
  return (readers) => compileTree(root, syntax, { ...input, readerOf: (topic) => readers.get(topic) ?? newer.get(topic) ?? null });
}

/** Whom the alerts of a version tell, by name. @param env of the process that tells them: what variables hold is in no record */
export function deployedTargets(source: DeployedSource, env: CliContext['env']): NonNullable<CompileInput['project']>['notify'] {
  return projectOf(source, { ...source.variables, ...env })?.notify ?? new Map();
}

function projectOf(source: DeployedSource, env: CliContext['env']): CompileInput['project'] {
  const text = textsOf(source);
  const path = Object.keys(source.files).find((name) => basename(name) === 'rta.yaml' && name !== source.path);
  return path === undefined ? null : parseProject(text(path)!, env, (from, name) => text(besideOf(from.path, name))).project;
}

/** Texts of the record by path; null: it has none. */
function textsOf({ files }: DeployedSource): (path: string) => SourceText | null {
  return (path) => (path in files ? { path, text: files[path] } : null);
}

function besideOf(path: string, other: string): string {
  return posix.join(posix.dirname(path), other);
}

function requireModules(cwd: string, pipeline: string, modules: DeployedSource['modules']): void {
  for (const [module, digest] of Object.entries(modules)) {
    const file = resolve(cwd, module);
    if (!existsSync(file) || createHash('sha256').update(readFileSync(file)).digest('hex') !== digest)
      throw new Failure(
        'module_differs',
        `${pipeline} uses ${module}, and ${file} is not what it was deployed with`,
        'start workers where the project is, as it was deployed',
      );
  }
}

function definitionsOf(texts: readonly string[]): ReadonlyMap<string, AvroSchema> {
  return new Map(
    texts.flatMap((text) => {
      const schema = JSON.parse(text) as AvroSchema;
      const name = fullNameOf(schema);
      return name === null ? [] : [[name, schema] as const];
    }),
  );
}
