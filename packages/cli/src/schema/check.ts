import { renderAll, toJson, type Diagnostic } from '@rta/dsl';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { UsageError } from '../failure.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { readSchemaFiles, subjectsOfFiles, type Registrable, type SchemaFile } from './files.js';
import { withReferences } from './referenced-files.js';
import { judgeFile, type FileJudgement } from './judge-file.js';
import { openRegistry, type RegistryOptions } from './open-registry.js';

export interface CheckOptions extends RegistryOptions {
  readonly subject?: string;
  readonly offline?: boolean;
  readonly references?: boolean;
  readonly json?: boolean;
}

export const checkSchemas: Action<CheckOptions> = async (context, paths, options) => {
  const judged = await judgeFiles(context, paths, options);
  const report = reportOf(context, 'schema check', options.json === true);
  report.diagnostics(judged.diagnostics);
  for (const file of judged.files)
    if (!judged.judgements.some((each) => each.file === file)) report.file(file, options.offline === true ? 'a schema' : 'no topic has it');
  for (const judgement of judged.judgements) report.judgement(judgement, sentenceOf(judgement));
  return judged.ok ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
};

export interface JudgedFiles {
  readonly files: readonly SchemaFile[];
  readonly judgements: readonly FileJudgement[];
  readonly diagnostics: readonly Diagnostic[];
  /** There is no error. */
  readonly ok: boolean;
}

/** Reads files, finds their subjects, and asks the registry. Changes nothing. */
export async function judgeFiles(context: CliContext, paths: readonly string[], options: CheckOptions): Promise<JudgedFiles> {
  if (options.subject !== undefined && paths.length !== 1) throw new UsageError('--subject is for one file');
  const files = readSchemaFiles(context, paths);
  const alone: readonly Registrable[] = options.offline === true ? [] : await subjectsOfFiles(context, files, options.subject);
  const registrable = options.references === true ? withReferences(context, alone) : alone;
  const registry = openRegistry(context, options);
  const judgements: FileJudgement[] = [];
  for (const each of registrable) judgements.push(await judgeFile(registry, each));
  const diagnostics = [...files.flatMap((file) => file.diagnostics), ...judgements.flatMap((each) => each.diagnostics)];
  return { files, judgements, diagnostics, ok: diagnostics.every(({ severity }) => severity !== 'error') };
}

interface CheckReport {
  diagnostics(diagnostics: readonly Diagnostic[]): void;
  /** A file that is for no subject. */
  file(file: SchemaFile, says: string): void;
  judgement(judgement: FileJudgement, says: string): void;
}

export function reportOf({ stdout, stderr, env }: CliContext, command: string, json: boolean): CheckReport {
  if (json) {
    const out = new NdjsonWriter(stdout, command);
    return {
      diagnostics: (diagnostics) => {
        for (const diagnostic of diagnostics) out.write({ diagnostic: toJson(diagnostic) });
      },
      file: ({ source, schema }) => out.write({ file: source.path, subject: null, ok: schema !== null }),
      judgement: ({ file, subject, decision, level, latest, id }) =>
        out.write({ file: file.source.path, subject, decision, level, latest, id, ok: decision !== 'incompatible' }),
    };
  }
  return {
    diagnostics: (diagnostics) => {
      if (diagnostics.length > 0) stderr.write(`${renderAll(diagnostics, { colour: colours(stderr, env) })}\n\n`);
    },
    file: ({ source, schema }, says) => stdout.write(schema === null ? `✗ ${source.path}\n` : `✓ ${source.path}: ${says}\n`),
    judgement: ({ file, subject, decision }, says) =>
      stdout.write(`${decision === 'incompatible' ? '✗' : '✓'} ${file.source.path}: ${subject}: ${says}\n`),
  };
}

function sentenceOf({ decision, level, latest, id }: FileJudgement): string {
  switch (decision) {
    case 'create':
      return 'would be its first version';
    case 'unchanged':
      return `registered, id ${id}`;
    case 'update':
      return `may follow version ${latest} (${level})`;
    case 'incompatible':
      return `may not follow version ${latest} (${level})`;
  }
}
