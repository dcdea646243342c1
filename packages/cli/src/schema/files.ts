/** Schema files of a project, and the subjects that they are for. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { AvroSchema, Diagnostic, SourceText } from '@rta/dsl';
import { canonical, codecFor, inlineReferences, InvalidSchema, laterDefaults } from '@rta/registry';
import type { CliContext } from '../context.js';
import { Failure, UsageError } from '../failure.js';
import { definitionsIn, loadPipelines, loadProjectFile, offsetOf, schemaPaths, shown } from '../project/load.js';
import { placeAt, placeOf } from './place.js';

export interface SchemaFile {
  readonly source: SourceText;
  /** With the types of other files that it uses; null where it is no schema. */
  readonly schema: AvroSchema | null;
  /** As it is written; null where it is no JSON. */
  readonly written: AvroSchema | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** A file for a subject. */
export interface Registrable {
  readonly file: SchemaFile;
  readonly schema: AvroSchema;
  readonly subject: string;
  /** Subjects of what it refers to, by the names of the types; not there: it is registered with them written into it. */
  readonly references?: readonly string[];
}

/**
 * Reads files, without any those of `schemas/`. What is wrong with one is a diagnostic. Rejects with UsageError for a path that does not exist;
 * Failure `no_schemas` where there is none.
 */
export function readSchemaFiles(context: Pick<CliContext, 'cwd'>, paths: readonly string[]): SchemaFile[] {
  const files = paths.length > 0 ? paths.map((path) => resolve(context.cwd, path)) : schemaPaths(context);
  if (files.length === 0)
    throw new Failure('no_schemas', 'there is no schema (schemas/*.avsc)', 'name files, or run rta in the directory of a project');
  return files.map((path) => {
    if (!existsSync(path)) throw new UsageError(`${shown(context.cwd, path)}: there is no such file`);
    return readSchema({ path: shown(context.cwd, path), text: readFileSync(path, 'utf8') }, definitionsIn(dirname(path)));
  });
}

function readSchema(source: SourceText, definitions: ReadonlyMap<string, AvroSchema>): SchemaFile {
  const failure = (code: string, span: Diagnostic['span'], message: string, help?: string): SchemaFile => ({
    source,
    schema: null,
    written: null,
    diagnostics: [{ code, severity: 'error', span, message, ...(help === undefined ? {} : { help }) }],
  });
  let json: AvroSchema;
  try {
    json = JSON.parse(source.text) as AvroSchema;
  } catch (error) {
    const { message } = error as Error;
    return failure('not_json', placeAt(source, offsetOf(message, source.text)), `not JSON: ${message}`);
  }
  try {
    const schema = inlineReferences(json, definitions);
    codecFor(schema);
    const diagnostics = laterDefaults(schema).map((path): Diagnostic => ({
      ...{ code: 'later_default', severity: 'warning', span: placeOf(source, path) },
      message: `field \`${path}\` has a default that is not of the first branch of its union`,
      help: 'put that branch first: readers with an Avro before 1.12 do not take it otherwise',
    }));
    return { source, schema, written: json, diagnostics };
  } catch (error) {
    if (!(error instanceof InvalidSchema)) throw error;
    return failure('invalid_schema', placeOf(source, error.path), error.message, error.help);
  }
}

/**
 * The subjects of files: those of the Avro sources, of rta.yaml and of pipelines, that have the file's schema; `subject` where it is said.
 */
export async function subjectsOfFiles(
  context: Pick<CliContext, 'cwd' | 'env'>,
  files: readonly SchemaFile[],
  subject: string | undefined,
): Promise<readonly Registrable[]> {
  const schemas = files.flatMap((file) => (file.schema === null ? [] : [{ file, schema: file.schema }]));
  if (subject !== undefined) return schemas.map((each) => ({ ...each, subject }));
  const sources = await sourcesOf(context, files);
  return schemas.flatMap(({ file, schema }) => {
    const form = canonical(schema);
    const named = /([^/\\]+)\.avsc$/.exec(file.source.path)?.[1];
    const topics = sources.flatMap((source) => (source.name === named || source.form === form ? [source.topic] : []));
    return [...new Set(topics)].map((topic) => ({ file, schema, subject: `${topic}-value` }));
  });
}

interface SourceSchema {
  readonly topic: string;
  /** Of the file, where rta.yaml says it. */
  readonly name: string | null;
  readonly form: string | null;
}

async function sourcesOf(context: Pick<CliContext, 'cwd' | 'env'>, files: readonly SchemaFile[]): Promise<SourceSchema[]> {
  const declared = [...(loadProjectFile(context)?.sources.values() ?? [])].flatMap(({ topic, schema, valueFormat }) =>
    topic === null || schema === null || (valueFormat !== null && valueFormat.value !== 'avro')
      ? []
      : [{ topic: topic.value, name: schema.value, form: null }],
  );
  try {
    const { pipelines } = await loadPipelines(context, []);
    const used = pipelines.flatMap(({ plan }) => plan?.sources ?? []).filter(({ format }) => format === 'avro');
    return [...declared, ...used.map(({ topic, schema }) => ({ topic, name: null, form: canonical(schema) }))];
  } catch (error) {
    // A project may have schemas alone.
    if (error instanceof Failure && error.code === 'no_pipelines') return declared;
    // Nor does a pipeline compile with a schema file that is no JSON, of which its own diagnostic says more.
    if (error instanceof Failure && error.code === 'invalid_schema' && files.some(({ written }) => written === null)) return declared;
    throw error;
  }
}
