import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { sentence, type SchemaChange, type SchemaRegistry } from '@rta/registry';
import { compareSchemas } from '@rta/serve/lookups';
import type { AvroSchema } from '@rta/dsl';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure, UsageError } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { readSchemaFiles } from './files.js';
import { openRegistry, type RegistryOptions } from './open-registry.js';
import { unknownSubject } from './unknown-subject.js';

interface DiffOptions extends RegistryOptions {
  readonly json?: boolean;
}

interface Side {
  readonly name: string;
  readonly schema: AvroSchema;
}

const MARK = { added: '+', removed: '-', changed: '~' } as const;

export const diffSchemas: Action<DiffOptions> = async (context, names, options) => {
  const registry = openRegistry(context, options);
  const [before, after] = await sidesOf(context, registry, names);
  const { changes, backward, forward } = compareSchemas(before.schema, after.schema);
  if (options.json === true) {
    const out = new NdjsonWriter(context.stdout, 'schema diff');
    for (const change of changes) out.write({ change });
    out.write({ from: before.name, to: after.name, backward, forward });
    return EXIT_CODES.ok.code;
  }
  const { stdout } = context;
  stdout.write(`${before.name} → ${after.name}\n`);
  stdout.write(changes.length === 0 ? '  no difference\n' : linesOf(changes));
  const verdict = (compatible: boolean, yes: string, no: string): string => `${compatible ? `✓ ${yes}` : `✗ ${no}`}\n`;
  stdout.write(verdict(backward.compatible, 'BACKWARD: the new one reads data of the old one', 'BACKWARD: the new one cannot read data of the old one')); // prettier-ignore
  for (const problem of backward.problems) stdout.write(`    ${sentence(problem)}\n`);
  stdout.write(verdict(forward.compatible, 'FORWARD: the old one reads data of the new one', 'FORWARD: the old one cannot read data of the new one')); // prettier-ignore
  for (const problem of forward.problems) stdout.write(`    ${sentence(problem, 'writer')}\n`);
  return EXIT_CODES.ok.code;
};

function linesOf(changes: readonly SchemaChange[]): string {
  const width = Math.max(...changes.map(({ path }) => path.length));
  return changes.map(({ kind, path, what }) => `${MARK[kind]} ${(path === '' ? '(schema)' : path).padEnd(width)}  ${what}\n`).join('');
}

async function sidesOf(context: CliContext, registry: SchemaRegistry, names: readonly string[]): Promise<readonly [Side, Side]> {
  if (names.length > 2) throw new UsageError('diff compares two');
  if (names.length === 2) return [await sideOf(context, registry, names[0]), await sideOf(context, registry, names[1])];
  const [subject] = names;
  const versions = await registry.versions(subject);
  if (versions.length === 0) await sideOf(context, registry, subject);
  if (versions.length < 2) throw new Failure('no_version', `${subject} has one version only`, 'name a second subject, version or file');
  return [
    await sideOf(context, registry, `${subject}@${versions.at(-2)}`),
    await sideOf(context, registry, `${subject}@${versions.at(-1)}`),
  ];
}

/** A file, a subject (its latest version), or a version of it. */
async function sideOf(context: CliContext, registry: SchemaRegistry, name: string): Promise<Side> {
  if (existsSync(resolve(context.cwd, name))) {
    const [file] = readSchemaFiles(context, [name]);
    if (file.schema === null) throw new Failure('invalid_schema', `${name}: ${file.diagnostics[0].message}`);
    return { name, schema: file.schema };
  }
  const [, subject, version] = /^(.+)@(\d+|latest)$/.exec(name) ?? [undefined, name, 'latest'];
  const found = version === 'latest' ? await registry.latest(subject) : await registry.version(subject, Number(version));
  if (found !== null) return { name: `${subject}@${found.version}`, schema: found.schema };
  const numbers = await registry.versions(subject);
  if (numbers.length > 0) throw new Failure('no_version', `${subject} has no version ${version}`, `it has ${numbers.join(', ')}`);
  throw await unknownSubject(registry, subject);
}
