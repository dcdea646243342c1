import { readFileSync, writeFileSync } from 'node:fs';
import { formatFile, renderAll, toJson, type Diagnostic } from '@rta/dsl';
import { operators } from '@rta/operators';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { UsageError } from '../failure.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { pipelineFiles, shown } from '../project/load.js';

interface FmtOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

export const addFmt: AddCommand = (program, act) => {
  program
    .command('fmt')
    .description('Formats pipelines and rta.yaml; what does not parse is left as it is')
    .argument('[paths...]', 'files, or directories of them (default: pipelines/); - reads stdin and writes stdout')
    .option('--check', 'write nothing; exit code 1 if a file is not formatted')
    .option('--json', 'NDJSON: one line per diagnostic and per file')
    .addHelpText(
      'after',
      `
Keys go in the order of the grammar, expressions get one space around their operators and double quotes, lines are at most
140 characters where they can be broken. Comments stay, and so does { } or [ ] where it fits on a line.`,
    )
    .action(act(fmt));
};

/** A file and what became of it. */
interface Formatted {
  readonly path: string;
  /** Null where it could not be formatted. */
  readonly text: string | null;
  readonly changed: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

const fmt: Action<FmtOptions> = async (context, paths, options) => {
  const piped = paths.includes('-');
  if (piped && paths.length > 1) throw new UsageError('- stands for stdin and takes no further paths');
  const files = piped ? [formatted('-', await stdinOf(context))] : formatFiles(context, paths, options.check !== true);
  const diagnostics = files.flatMap((file) => file.diagnostics);
  if (options.json === true) writeJson(context, files, piped);
  else {
    if (diagnostics.length > 0) context.stderr.write(`${renderAll(diagnostics, { colour: colours(context.stderr, context.env) })}\n\n`);
    if (piped && options.check !== true) context.stdout.write(files[0].text ?? '');
    else writeText(context, files, options.check === true);
  }
  const ok = diagnostics.length === 0 && !(options.check === true && files.some(({ changed }) => changed));
  return ok ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
};

function formatted(path: string, before: string): Formatted {
  const { text, diagnostics } = formatFile({ path, text: before }, operators);
  return { path, text, changed: text !== null && text !== before, diagnostics };
}

function formatFiles(context: CliContext, paths: readonly string[], write: boolean): readonly Formatted[] {
  return pipelineFiles(context.cwd, paths, true).map((file) => {
    const result = formatted(shown(context.cwd, file), readFileSync(file, 'utf8'));
    if (write && result.changed) writeFileSync(file, result.text!);
    return result;
  });
}

function writeText(context: CliContext, files: readonly Formatted[], check: boolean): void {
  for (const { path, changed } of files) if (changed) context.stdout.write(`${check ? 'not formatted' : 'formatted'}: ${path}\n`);
  const count = files.filter(({ changed }) => changed).length;
  const all = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
  context.stdout.write(`${all}, ${count === 0 ? 'none' : count} ${check ? 'to be formatted' : 'changed'}\n`);
}

function writeJson(context: CliContext, files: readonly Formatted[], piped: boolean): void {
  const out = new NdjsonWriter(context.stdout, 'fmt');
  for (const { path, text, changed, diagnostics } of files) {
    for (const diagnostic of diagnostics) out.write({ diagnostic: toJson(diagnostic) });
    out.write({ path, ok: text !== null, changed, ...(piped && text !== null ? { text } : {}) });
  }
}

async function stdinOf(context: CliContext): Promise<string> {
  if (context.stdin === undefined) throw new UsageError('there is no stdin to read');
  const chunks: Uint8Array[] = [];
  for await (const chunk of context.stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString('utf8');
}
