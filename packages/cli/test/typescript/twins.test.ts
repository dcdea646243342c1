/** A YAML file and its twin in TypeScript compile to the same plan: twins written by hand, and one generated for every YAML file there is. */
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createProgram,
  flattenDiagnosticMessageText,
  getPreEmitDiagnostics,
  ModuleKind,
  ModuleResolutionKind,
  ScriptTarget,
} from 'typescript';
import { describe, expect, it } from 'vitest';
import { ndjson, ROOT, rta, spawnRta, temporaryDirectory } from '../support/cli.js';

const project = projectOfAll();
/** YAML files by their path in the project. */
const files = yamlFiles('').sort();
const typescript = (path: string): string => path.replace(/\.yaml$/, '.pipeline.ts');

/** A project with all pipelines there are: the shipped ones, and the accepted ones of the compiler's tests. */
function projectOfAll(): string {
  const path = temporaryDirectory();
  cpSync(join(ROOT, 'pipelines'), join(path, 'shipped/pipelines'), { recursive: true });
  cpSync(join(ROOT, 'schemas'), join(path, 'shipped/schemas'), { recursive: true });
  cpSync(join(ROOT, 'packages/dsl/test/accepts'), join(path, 'accepted'), { recursive: true });
  for (const name of ['rta.yaml', 'schemas', 'rows'])
    cpSync(join(ROOT, 'packages/dsl/test/rejects', name), join(path, 'accepted', name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'));
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }');
  return path;
}

function yamlFiles(below: string): string[] {
  return readdirSync(join(project, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return yamlFiles(path);
    return entry.name.endsWith('.yaml') && entry.name !== 'rta.yaml' && /^pipeline:/m.test(readFileSync(join(project, path), 'utf8'))
      ? [path]
      : [];
  });
}

interface Explained {
  readonly path: string;
  readonly explained: unknown;
}

/** What pipelines compile to, their path left out. */
function logicalPlans(stdout: string): readonly Explained[] {
  return ndjson(stdout)
    .slice(1)
    .map(({ path, explained }) => ({ path: String(path), explained: { ...(explained as object), path: null } }));
}

const ENV = { TOPIC: 'from-the-environment' };

describe('twins generated from YAML', () => {
  it('give the same plan, tests and all, for every pipeline there is', async () => {
    const yaml = logicalPlans((await rta(['explain', '--stage', 'logical', '--json', ...files], { cwd: project, env: ENV })).stdout);
    expect(yaml.map(({ path }) => path)).toEqual(files);
    for (const line of ndjson(
      (await rta(['explain', '--stage', 'typescript', '--json', ...files], { cwd: project, env: ENV })).stdout,
    ).slice(1))
      writeFileSync(join(project, typescript(String(line.path))), String(line.explained));
    const { code, stdout, stderr } = await spawnRta(['explain', '--stage', 'logical', '--json', ...files.map(typescript)], {
      cwd: project,
      env: ENV,
    }).ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const built = new Map(logicalPlans(stdout).map(({ path, explained }) => [path, explained]));
    for (const { path, explained } of yaml) expect(built.get(typescript(path)), path).toEqual(explained);
  });

  it('pass the type checker', () => {
    const program = createProgram(
      files.map((path) => join(project, typescript(path))),
      {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        target: ScriptTarget.ES2022,
        module: ModuleKind.NodeNext,
        moduleResolution: ModuleResolutionKind.NodeNext,
        types: [],
        // The declarations alone, or all of rta would be checked.
        paths: { '@rta/cli': [join(ROOT, 'packages/dsl/src/builder/index.ts')] },
      },
    );
    const twins = new Set(files.map((path) => join(project, typescript(path))));
    const found = getPreEmitDiagnostics(program).filter(({ file }) => file !== undefined && twins.has(file.fileName));
    expect(found.map(({ file, messageText }) => `${file?.fileName ?? ''}: ${flattenDiagnosticMessageText(messageText, '\n')}`)).toEqual([]);
  });
});

describe('twins written by hand', () => {
  const TWINS = join(import.meta.dirname, 'twins');

  it.each(readdirSync(TWINS))('%s', async (name) => {
    const yaml = files.find((path) => path.endsWith(`/${name.replace('.ts', '.yaml')}`)) ?? '';
    const twin = join(project, yaml, '..', name);
    cpSync(join(TWINS, name), twin);
    const { stdout, stderr } = await rta(['explain', '--stage', 'logical', '--json', yaml, twin], { cwd: project, env: ENV });
    expect(stderr).toBe('');
    const [expected, built] = logicalPlans(stdout).map(({ explained }) => ({ ...(explained as object), tests: [] }));
    expect(built).toEqual(expected);
  });
});
