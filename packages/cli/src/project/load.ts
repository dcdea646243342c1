/**
 * A project on disk: `rta.yaml` in the directory of the pipelines or above it, schemas in `schemas/` beside it or beside one of the
 * directories above (at most three), pipelines anywhere below what the command names.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import {
  compileTree,
  type CompileInput,
  type CompileResult,
  parseProject,
  parseYaml,
  place,
  type AvroSchema,
  type Diagnostic,
  type IncludeFile,
  type LoadedSchema,
  type Plan,
  type ProjectFile,
  type SourceText,
  type YamlNode,
} from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { inlineReferences } from '@rta/registry';
import { Failure, UsageError } from '../failure.js';
import type { CliContext } from '../context.js';
import { readModule } from './module.js';

export interface LoadedPipeline {
  /** As shown to people: relative to the working directory where that is shorter. */
  readonly path: string;
  /** As read, before anything was checked; null where that failed. */
  readonly root: YamlNode | null;
  /** Null where there are errors. */
  readonly plan: Plan | null;
  readonly diagnostics: readonly Diagnostic[];
  /** The files that it was compiled from, by absolute path: itself, `rta.yaml` and what that includes, schemas, rows of tests; null: one that is not there. */
  readonly inputs: ReadonlyMap<string, string | null>;
  /** The same text with other schemas for the sources of these topics, by topic. Reads no file again. */
  readonly recompile: (readers: ReadonlyMap<string, AvroSchema>) => CompileResult;
}

export interface LoadedProject {
  readonly pipelines: readonly LoadedPipeline[];
  /** Of the first `rta.yaml` found; null where there is none. */
  readonly project: ProjectFile | null;
  /** All diagnostics: of `rta.yaml` files first, then of the pipelines in order. */
  readonly diagnostics: readonly Diagnostic[];
}

const LEVELS_UP = 3;

/** Of diagnostics of what is no YAML. */
const YAML_CODES = 'RTA20';

/** Modules that a search finds; any other is named. */
const MODULE_OF_PIPELINES = /\.pipeline\.[cm]?[jt]s$/;
const MODULE = /\.[cm]?[jt]s$/;

/**
 * Compiles the pipelines that the paths name: YAML files, modules that export pipelines, or directories searched for `*.yaml`, `*.yml` and
 * `*.pipeline.ts` or `.js` (no paths: `pipelines/`, else the working directory).
 *
 * @param amend what is compiled in the place of what a file says
 *
 * Rejects with UsageError for a path that does not exist; Failure `no_pipelines` for directories without any
 */
export async function loadPipelines(
  context: Pick<CliContext, 'cwd' | 'env'>,
  paths: readonly string[],
  amend: (root: YamlNode) => YamlNode = (root) => root,
): Promise<LoadedProject> {
  const files = pipelineFiles(context.cwd, paths);
  const projects = new Map<string, ReturnType<typeof readProject>>();
  const pipelines: LoadedPipeline[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    const projectPath = findUp(dirname(file), 'rta.yaml');
    let parsed = projectPath === null ? undefined : projects.get(projectPath);
    if (projectPath !== null && parsed === undefined) {
      parsed = readProject(context, projectPath);
      projects.set(projectPath, parsed);
      diagnostics.push(...parsed.diagnostics);
    }
    const schemas = schemaDirectory(context.cwd, projectPath === null ? dirname(file) : dirname(projectPath));
    const source: SourceText = { path: shown(context.cwd, file), text: read(file) };
    for (const { root, diagnostics: syntax } of await trees(file, source, context.cwd)) {
      const inputs = new Map<string, string | null>([[file, source.text]]);
      if (projectPath !== null) inputs.set(projectPath, read(projectPath));
      for (const [path, text] of parsed?.included ?? []) inputs.set(path, text);
      const known = new Map<string, LoadedSchema | null>();
      const input: CompileInput = {
        file: source,
        project: parsed?.project ?? null,
        loadSchema: (name) => {
          const schema = known.get(name) ?? schemas.load(name);
          known.set(name, schema);
          if (schema?.source !== undefined) inputs.set(resolve(context.cwd, schema.source.path), schema.source.text);
          return schema;
        },
        schemaNames: () => schemas.names(),
        loadRows: (name) => {
          const rows = resolve(dirname(file), name);
          const text = inputs.get(rows) ?? (existsSync(rows) && statSync(rows).isFile() ? read(rows) : null);
          inputs.set(rows, text);
          return text === null ? null : { path: shown(context.cwd, rows), text };
        },
        operators,
        aggregates,
        env: context.env,
        resolveModule: (module) => resolve(dirname(file), module),
      };
      const compile = (more: Partial<CompileInput>): CompileResult => compileTree(root && amend(root), syntax, { ...input, ...more });
      const { plan, diagnostics: found } = compile({});
      pipelines.push({
        path: source.path,
        root,
        plan,
        diagnostics: found,
        inputs,
        recompile: (readers) => compile({ readerOf: (topic) => readers.get(topic) ?? null }),
      });
    }
  }
  diagnostics.push(...pipelines.flatMap((pipeline) => pipeline.diagnostics));
  return { pipelines, project: [...projects.values()][0]?.project ?? null, diagnostics };
}

/** A project file, with the files that it includes, by absolute path. */
function readProject({ cwd, env }: Pick<CliContext, 'cwd' | 'env'>, path: string) {
  const included = new Map<string, string>();
  const parsed = parseProject({ path: shown(cwd, path), text: read(path) }, env, (from, name) => {
    const found = includeFrom(cwd)(from, name);
    if (found !== null) included.set(resolve(cwd, found.path), found.text);
    return found;
  });
  return { ...parsed, included };
}

/**
 * The nearest `rta.yaml` of a directory, for commands that need no pipeline (where the broker is). Not to be misled by what cannot be read of it,
 * they are told of mistakes in the `sections` that they use, and of those of YAML itself.
 *
 * @throws Failure `invalid_project`
 */
export function loadProjectFile(
  context: Pick<CliContext, 'cwd' | 'env'>,
  sections: readonly string[] = ['kafka', 'registry'],
): ProjectFile | null {
  const path =
    findUp(context.cwd, 'rta.yaml') ??
    (existsSync(join(context.cwd, 'pipelines/rta.yaml')) ? join(context.cwd, 'pipelines/rta.yaml') : null);
  if (path === null) return null;
  const { project, diagnostics } = readProject(context, path);
  const mistakes = diagnostics.filter(({ severity, span }) => severity === 'error' && span.source.path === project.file.path);
  if (mistakes.length === 0) return project;
  const { root } = parseYaml(project.file);
  const used = (root?.kind === 'map' ? root.entries : []).filter(({ key }) => sections.includes(key));
  const wrong = mistakes.filter(
    ({ code, span }) =>
      code.startsWith(YAML_CODES) || used.some(({ keySpan, value }) => keySpan.start <= span.start && span.end <= value.span.end),
  );
  if (wrong.length === 0) return project;
  const said = wrong.map(({ span, code, message }) => `${place(span)}: ${code}: ${message}`);
  throw new Failure('invalid_project', said.join('\n  '), wrong[0].help);
}

/** The Avro schema `schemas/<name>.avsc` of the project, for commands that need no pipeline; null where there is none. */
export function loadSchemaFile(context: Pick<CliContext, 'cwd'>, name: string): LoadedSchema | null {
  return schemaDirectory(context.cwd, context.cwd).load(name);
}

/** The paths of the project's schemas, `schemas/*.avsc`; none where there is no such directory. */
export function schemaPaths({ cwd }: Pick<CliContext, 'cwd'>): string[] {
  const directory = findUp(cwd, 'schemas');
  return directory === null ? [] : schemaFilesIn(directory);
}

/** The paths of a directory's schemas. */
export function schemaFilesIn(directory: string): string[] {
  return schemaNames(directory).map((name) => join(directory, `${name}.avsc`));
}

/** The named types of the schema files of a directory, by full name: a schema may refer to those of others. What is no JSON defines nothing. */
export function definitionsIn(directory: string): ReadonlyMap<string, AvroSchema> {
  return new Map(
    schemaNames(directory).flatMap((name) => {
      try {
        const schema = JSON.parse(read(join(directory, `${name}.avsc`))) as AvroSchema;
        const fullName = fullNameOf(schema);
        return fullName === null ? [] : [[fullName, schema] as const];
      } catch {
        return [];
      }
    }),
  );
}

function schemaNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.avsc'))
    .map((name) => basename(name, '.avsc'));
}

/** The pipelines of a file, as read: a YAML file has one, a module those that it exports. */
function trees(file: string, source: SourceText, cwd: string): Promise<readonly Tree[]> | readonly Tree[] {
  if (!MODULE.test(file)) return [parseYaml(source)];
  return readModule(file, source, (path) => (existsSync(path) ? { path: shown(cwd, path), text: read(path) } : null));
}

interface Tree {
  readonly root: YamlNode | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The files that paths name, absolute: files as they are, directories searched for pipelines, with `projects` for `rta.yaml` too.
 *
 * @throws UsageError for a path that does not exist; Failure `no_pipelines` for directories without any
 */
export function pipelineFiles(cwd: string, paths: readonly string[], projects = false): string[] {
  const named = paths.length > 0 ? paths : [existsSync(join(cwd, 'pipelines')) ? 'pipelines' : '.'];
  const files: string[] = [];
  for (const name of named) {
    const path = resolve(cwd, name);
    if (!existsSync(path)) throw new UsageError(`${name}: there is no such file or directory`);
    if (projects && MODULE.test(name)) throw new UsageError(`${name}: this is for YAML files`);
    if (statSync(path).isDirectory()) files.push(...search(path, projects));
    else files.push(path);
  }
  if (files.length === 0) throw new Failure('no_pipelines', `there is no pipeline (*.yaml, *.pipeline.ts) in ${named.join(', ')}`);
  return [...new Set(files)];
}

/** Pipelines below a directory, by name; hidden directories and node_modules are passed over. */
function search(directory: string, projects: boolean): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : search(path, projects);
      if (entry.name === 'rta.yaml') return projects ? [path] : [];
      // What is asked for `rta.yaml` too is about YAML.
      if (MODULE_OF_PIPELINES.test(entry.name)) return projects ? [] : [path];
      return /\.ya?ml$/.test(entry.name) && /^pipeline:/m.test(read(path)) ? [path] : [];
    });
}

function findUp(from: string, name: string): string | null {
  let directory = from;
  for (let level = 0; level <= LEVELS_UP; level++) {
    const path = join(directory, name);
    if (existsSync(path)) return path;
    if (dirname(directory) === directory) return null;
    directory = dirname(directory);
  }
  return null;
}

/** Files that project files include, relative to these. */
function includeFrom(cwd: string): IncludeFile {
  return (from, name) => {
    const path = resolve(dirname(resolve(cwd, from.path)), name);
    return existsSync(path) && statSync(path).isFile() ? { path: shown(cwd, path), text: read(path) } : null;
  };
}

function schemaDirectory(cwd: string, from: string): { load(name: string): LoadedSchema | null; names(): string[] } {
  const directory = findUp(from, 'schemas');
  const names = (): string[] => (directory === null ? [] : schemaNames(directory));
  return {
    names,
    load: (name) => {
      if (directory === null || !names().includes(name)) return null;
      const path = join(directory, `${name}.avsc`);
      const source = { path: shown(cwd, path), text: read(path) };
      try {
        return { schema: inlineReferences(JSON.parse(source.text) as AvroSchema, definitionsIn(directory)), source };
      } catch (error) {
        const { message } = error as Error;
        const at = offsetOf(message, source.text);
        throw new Failure('invalid_schema', `${place({ source, start: at, end: at })}: not JSON: ${message}`, undefined, { cause: error });
      }
    },
  };
}

/** Where JSON.parse says that a text is no JSON; its end where it says nothing. */
export function offsetOf(message: string, text: string): number {
  return Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
}

/** Null where it has none. */
export function fullNameOf(schema: AvroSchema): string | null {
  if (typeof schema !== 'object' || Array.isArray(schema)) return null;
  const { name, namespace } = schema;
  if (typeof name !== 'string') return null;
  return name.includes('.') || typeof namespace !== 'string' || namespace === '' ? name : `${namespace}.${name}`;
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** A path as people read it: relative where that is shorter. */
export function shown(cwd: string, path: string): string {
  const short = relative(cwd, path);
  return short.startsWith('../../..') ? path : short;
}
