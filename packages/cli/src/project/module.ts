/** Pipelines in JavaScript and TypeScript: a module that exports them is imported, and each becomes the tree that its YAML twin is read to. */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { builderMessages, buildTree, firstFrame, isPipeline, offsetAt, type BuiltTree, type Diagnostic, type SourceText } from '@rta/dsl';

interface ModuleTree {
  readonly root: BuiltTree['root'] | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** The text of a file, or null where it is not there. */
type ReadText = (path: string) => SourceText | null;

/**
 * The pipelines that a module exports, by any name. What is wrong with the module is a diagnostic, never thrown.
 *
 * @param file the absolute path
 */
export async function readModule(file: string, source: SourceText, readText: ReadText): Promise<readonly ModuleTree[]> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await load(file);
  } catch (error) {
    return [{ root: null, diagnostics: [loadFailure(error, file, source)] }];
  }
  const texts = new Map<string, SourceText | null>([[file, source]]);
  const readSource = (name: string): SourceText | null => {
    const path = pathOf(name);
    const known = texts.get(path);
    if (known !== undefined) return known;
    const text = readText(path);
    texts.set(path, text);
    return text;
  };
  const pipelines = [...new Set(exportsOf(exported))].filter(isPipeline);
  if (pipelines.length > 0) return pipelines.map((pipeline) => buildTree(pipeline, source, readSource));
  return [{ root: null, diagnostics: [builderMessages.noPipeline(wholeOf(source), Object.keys(exported))] }];
}

async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  // A file that has changed since is another module.
  const url = `${pathToFileURL(file).href}?changed=${String(Math.trunc(statSync(file).mtimeMs))}`;
  try {
    return await importModule(url);
  } catch (error) {
    if (codeOf(error) === 'ERR_UNKNOWN_FILE_EXTENSION' && (await registerTsx(file))) return importModule(`${url}&tsx`);
    throw error;
  }
}

async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(url)) as Readonly<Record<string, unknown>>;
}

/** Lets Node read TypeScript by the tsx that is installed where the module is; false where there is none. */
async function registerTsx(file: string): Promise<boolean> {
  try {
    // As `--import tsx` does; its `register()` fails in ESM.
    await import(pathToFileURL(createRequire(join(dirname(file), 'package.json')).resolve('tsx')).href);
    return true;
  } catch (error) {
    if (codeOf(error) === 'MODULE_NOT_FOUND') return false;
    throw error;
  }
}

/** What is exported; of CommonJS, `default` holds it all. */
function exportsOf(exported: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { default: all } = exported;
  const inside = typeof all === 'object' && all !== null && !isPipeline(all) ? Object.values(all as Record<string, unknown>) : [];
  return [...Object.values(exported), ...inside].flat();
}

/** Why the module does not load, at the place in it where that is known. */
function loadFailure(error: unknown, file: string, source: SourceText): Diagnostic {
  if (codeOf(error) === 'ERR_UNKNOWN_FILE_EXTENSION') return builderMessages.noTypeScript(wholeOf(source), process.versions.node);
  if (!(error instanceof Error)) return builderMessages.moduleFails(wholeOf(source), `it throws ${String(error)}`);
  if (/(MODULE|PACKAGE)_NOT_FOUND$/.test(String(codeOf(error))) && error.message.includes("'@rta/cli'"))
    return builderMessages.moduleFails(wholeOf(source), 'it finds no @rta/cli', 'install it beside: `npm install --save-dev @rta/cli`');
  if (/require\(\) ES Module|outside a module/.test(error.message))
    return builderMessages.moduleFails(wholeOf(source), 'Node takes it for CommonJS', 'put `"type": "module"` into package.json');
  // A compiler's messages have the place in their text: `Transform failed with 1 error: FILE:3:7: ERROR: Expected ";"`.
  const lines = error.message.split('\n').map((line) => /^(.+):(\d+):(\d+): ERROR: (.*)$/.exec(line));
  const [, name, line, column, reason] = lines.find((match) => match !== null) ?? [];
  const frame = name === undefined ? firstFrame(error.stack) : { file: name, line: Number(line), column: Number(column) + 1 };
  const message = reason ?? `${error.name}: ${error.message.split('\n', 1)[0]}`;
  if (frame === null || pathOf(frame.file) !== file) return builderMessages.moduleFails(wholeOf(source), message);
  const start = offsetAt(source, frame);
  return builderMessages.moduleFails({ source, start, end: start + 1 }, message);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function pathOf(file: string): string {
  const bare = file.replace(/\?.*$/, '');
  return bare.startsWith('file:') ? fileURLToPath(bare) : bare;
}

function wholeOf(source: SourceText): Diagnostic['span'] {
  return { source, start: 0, end: Math.min(1, source.text.length) };
}
