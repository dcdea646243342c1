import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aggregates, operators } from '@rta/operators';
import { compile, parseProject, type CompileResult, type Diagnostic, type SourceText } from '../src/index.js';
import { positionAt } from '../src/diagnostics/position.js';

export const REJECTS = join(import.meta.dirname, 'rejects');
const SCHEMAS = join(REJECTS, 'schemas');

/** The environment that tests compile in. */
const ENV = { TOPIC: 'from-the-environment', EMPTY: '', SECRET: 'never-shown' };

const project = parseProject(readText(join(REJECTS, 'rta.yaml'), 'rta.yaml'), ENV).project;

/** Reads a file as the compiler takes it. */
function readText(file: string, path: string): SourceText {
  return { path, text: readFileSync(file, 'utf8') };
}

/** Compiles a text against the schemas and the project file of `rejects/`. */
export function compileText(text: string, path = 'test.yaml'): CompileResult {
  return compile({
    file: { path, text },
    project,
    loadSchema: (name) => {
      const file = join(SCHEMAS, `${name}.avsc`);
      return /^\w+$/.test(name) && existsSync(file) ? { schema: JSON.parse(readFileSync(file, 'utf8')) } : null;
    },
    loadRows: (path) => (existsSync(join(REJECTS, path)) ? readText(join(REJECTS, path), path) : null),
    schemaNames: () => readdirSync(SCHEMAS).map((file) => file.replace(/\.avsc$/, '')),
    operators,
    aggregates,
    env: ENV,
  });
}

/** `RTA3104 7:15 message; help`. */
export function oneLine(diagnostic: Diagnostic): string {
  const { line, column } = positionAt(diagnostic.span.source, diagnostic.span.start);
  const help = diagnostic.help === undefined ? '' : `; ${diagnostic.help}`;
  return `${diagnostic.code} ${line}:${column} ${diagnostic.message}${help}`.replace(/\s+/g, ' ');
}
