import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canonical, type SchemaRegistry, type SubjectVersion } from '@rta/registry';
import type { AvroSchema } from '@rta/dsl';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure, UsageError } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { shown } from '../project/load.js';
import { openRegistry, type RegistryOptions } from './open-registry.js';
import { unknownSubject } from './unknown-subject.js';

interface PullOptions extends RegistryOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly references?: boolean;
  readonly json?: boolean;
}

interface Pulled {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly path: string;
  readonly text: string;
  readonly status: 'written' | 'unchanged';
}

export const pullSchemas: Action<PullOptions> = async (context, subjects, options) => {
  const registry = openRegistry(context, options);
  const directory = resolve(context.cwd, options.out ?? 'schemas');
  const pulled: Pulled[] = [];
  for (const latest of await versionsToPull(registry, subjects, options.references === true)) {
    const { subject } = latest;
    const path = join(directory, `${fileNameOf(subject)}.avsc`);
    const other = pulled.find((each) => each.path === path);
    if (other !== undefined)
      throw new UsageError(`${other.subject} and ${subject} are both ${shown(context.cwd, path)}: pull them apart, with --out`);
    const there = existsSync(path) ? readFileSync(path, 'utf8') : null;
    const same = there !== null && isSame(there, latest.schema);
    if (there !== null && !same && options.force !== true)
      throw new Failure('exists', `${shown(context.cwd, path)} is there and differs; nothing is written`, `rta schema diff ${shown(context.cwd, path)} ${subject} says how; --force writes over it`); // prettier-ignore
    const text = `${JSON.stringify(latest.schema, null, 2)}\n`;
    pulled.push({ subject, version: latest.version, id: latest.id, path, text, status: same ? 'unchanged' : 'written' });
  }
  mkdirSync(directory, { recursive: true });
  const out = options.json === true ? new NdjsonWriter(context.stdout, 'schema pull') : null;
  for (const { path, text, ...rest } of pulled) {
    if (rest.status === 'written') writeFileSync(path, text);
    const file = shown(context.cwd, path);
    if (out !== null) out.write({ ...rest, file });
    else context.stdout.write(`${file}: ${rest.subject} version ${rest.version}${rest.status === 'unchanged' ? ', unchanged' : ''}\n`);
  }
  return EXIT_CODES.ok.code;
};

/** The latest versions; with references those as they were registered, and before each what it refers to, once. */
async function versionsToPull(registry: SchemaRegistry, subjects: readonly string[], references: boolean): Promise<SubjectVersion[]> {
  const versions = new Map<string, SubjectVersion>();
  const add = async (subject: string, version: number | 'latest', nesting: number): Promise<void> => {
    if (nesting > MAX_REFERENCES)
      throw new Failure('deep_references', `${subject}: its references are nested deeper than ${MAX_REFERENCES} levels`);
    const found = await registry.unresolved(subject, version);
    if (found === null) throw await unknownSubject(registry, subject);
    for (const reference of found.references) await add(reference.subject, reference.version, nesting + 1);
    versions.set(`${subject}@${found.version}`, found);
  };
  for (const subject of subjects) {
    if (references) await add(subject, 'latest', 0);
    else {
      const latest = await registry.latest(subject);
      if (latest === null) throw await unknownSubject(registry, subject);
      versions.set(subject, latest);
    }
  }
  return [...versions.values()];
}

const MAX_REFERENCES = 20;

/** `user-score-value`: user_score; of keys the suffix stays, so that both can be there. */
function fileNameOf(subject: string): string {
  return subject.replace(/-value$/, '').replace(/[^A-Za-z0-9]+/g, '_');
}

function isSame(text: string, schema: AvroSchema): boolean {
  try {
    return canonical(JSON.parse(text) as AvroSchema) === canonical(schema);
  } catch {
    return false;
  }
}
