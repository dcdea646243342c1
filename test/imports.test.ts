import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { findCycles } from './find-cycles.js';

// DESIGN section 3: who may import whom. What is not listed is forbidden.
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  dsl: [],
  operators: ['dsl'],
  registry: ['dsl'],
  runtime: ['dsl'], // operators, registry and stores are handed in
  'state-rocks': ['runtime'],
  serve: ['dsl', 'registry', 'runtime'],
  console: [],
  cli: ['dsl', 'operators', 'registry', 'runtime', 'state-rocks', 'serve', 'console'],
};

/** Modules that reach out of the process. `dsl` and `operators` compute; they do not. */
const OUTSIDE = ['fs', 'net', 'tls', 'http', 'https', 'http2', 'dgram', 'dns', 'child_process', 'worker_threads', 'cluster'];

const ROOT = join(import.meta.dirname, '..');

interface Import {
  /** Relative to the root, with slashes. */
  readonly file: string;
  /** As written. */
  readonly specifier: string;
}

const packages = readdirSync(join(ROOT, 'packages')).filter((name) => existsSync(join(ROOT, 'packages', name, 'src')));
const sources = packages.flatMap((name) => sourcesIn(join('packages', name, 'src')));
const imports = sources.flatMap(importsOf);

describe('import rules', () => {
  test('the scan sees the packages', () => {
    expect(packages).toContain('dsl');
    expect(sources.length).toBeGreaterThan(0);
  });

  test('each package has a rule', () => {
    expect(packages.filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  test('a package imports only the packages it may', () => {
    expect(
      violations(({ file, specifier }) => {
        const [scope, target] = specifier.split('/');
        return scope === '@rta' && packageOf(file) !== target && !MAY_IMPORT[packageOf(file)]?.includes(target);
      }),
    ).toEqual([]);
  });

  test("another package is imported by its name or what it exports below that, never by a path into it, and a package doesn't import itself by name", () => {
    expect(
      violations(({ file, specifier }) => {
        if (specifier.startsWith('@rta/')) return !isExported(specifier) || specifier === `@rta/${packageOf(file)}`;
        return specifier.startsWith('.') && !resolveFrom(file, specifier).startsWith(`packages/${packageOf(file)}/src/`);
      }),
    ).toEqual([]);
  });

  test.each(['dsl', 'operators'])('%s touches no disk, no network, no Kafka', (name) => {
    expect(
      violations(
        ({ file, specifier }) =>
          packageOf(file) === name &&
          (is(specifier, 'kafkajs') ||
            is(specifier, 'level') ||
            OUTSIDE.some((module) => is(specifier, module) || is(specifier, `node:${module}`))),
      ),
    ).toEqual([]);
  });

  test('kafkajs is imported only under runtime/src/log/kafka', () => {
    expect(violations(({ file, specifier }) => is(specifier, 'kafkajs') && !file.startsWith('packages/runtime/src/log/kafka/'))).toEqual(
      [],
    );
  });

  test('LevelDB is imported only by state-rocks and the embedded log', () => {
    const places = ['packages/state-rocks/src/', 'packages/runtime/src/log/embedded/'];
    const isLevel = (specifier: string): boolean => ['level', 'classic-level', 'abstract-level'].some((module) => is(specifier, module));
    expect(violations(({ file, specifier }) => isLevel(specifier) && !places.some((place) => file.startsWith(place)))).toEqual([]);
  });

  test.each(packages)('no files of %s import each other in a circle', (name) => {
    // Circles at load time only: `import type` is erased, and a port and what it hands out may name each other's types.
    const graph = new Map<string, string[]>();
    for (const file of sources.filter((source) => packageOf(source) === name)) {
      const targets = imports
        .filter((one) => one.file === file && one.specifier.startsWith('.') && loadedBy(file, one.specifier))
        .map((one) => resolveFrom(file, one.specifier));
      graph.set(file, targets);
    }
    expect(findCycles(graph).map((cycle) => cycle.join('\n  -> '))).toEqual([]);
  });

  test('no folder is named so that anything fits in', () => {
    const vague = /(^|\/)(utils?|helpers?|common|misc|shared|lib)\//;
    expect(sources.filter((file) => vague.test(file))).toEqual([]);
  });
});

function violations(forbidden: (one: Import) => boolean): string[] {
  return imports.filter(forbidden).map(({ file, specifier }) => `${file} imports ${specifier}`);
}

function packageOf(file: string): string {
  return file.split('/')[1];
}

function is(specifier: string, module: string): boolean {
  return specifier === module || specifier.startsWith(`${module}/`);
}

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

/** Static, re-exporting, type-only and dynamic imports, and `require`s with a literal. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = ts.preProcessFile(text, true, false).importedFiles.map((one) => one.fileName);
  for (const match of text.matchAll(/\brequire(?:\.resolve)?\(\s*['"`]([^'"`]+)['"`]/g)) found.push(match[1]);
  return found.map((specifier) => ({ file, specifier }));
}

/** `./x.js` in `packages/a/src/y.ts` → `packages/a/src/x.ts`. */
function resolveFrom(file: string, specifier: string): string {
  const path = join(dirname(file), specifier).replaceAll('\\', '/');
  const sources = [path.replace(/\.(c|m)?js(x?)$/, '.$1ts$2'), path.replace(/\.js$/, '.tsx')];
  return sources.find((source) => existsSync(join(ROOT, source))) ?? path;
}

/** Whether any import or re-export of `specifier` in `file` is more than types. */
function loadedBy(file: string, specifier: string): boolean {
  const parsed = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest);
  return parsed.statements.some((statement) => {
    if (ts.isImportDeclaration(statement))
      return (
        ts.isStringLiteral(statement.moduleSpecifier) &&
        statement.moduleSpecifier.text === specifier &&
        statement.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword
      );
    return (
      ts.isExportDeclaration(statement) &&
      statement.moduleSpecifier !== undefined &&
      ts.isStringLiteral(statement.moduleSpecifier) &&
      statement.moduleSpecifier.text === specifier &&
      !statement.isTypeOnly
    );
  });
}

/** Whether `@rta/x` or `@rta/x/y` is in the exports of its package. */
function isExported(specifier: string): boolean {
  const [, name, ...below] = specifier.split('/');
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8')) as { exports: object };
  return ['.', ...below].join('/') in exports;
}
