import type { CompatibilityLevel, SchemaRegistry } from '@rta/registry';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { openRegistry, type RegistryOptions } from './open-registry.js';
import { unknownSubject } from './unknown-subject.js';

interface ListOptions extends RegistryOptions {
  readonly json?: boolean;
}

interface Listed {
  readonly subject: string;
  readonly versions: readonly { readonly version: number; readonly id: number }[];
  readonly level: CompatibilityLevel;
}

export const listSubjects: Action<ListOptions> = async (context, names, options) => {
  const registry = openRegistry(context, options);
  const listed: Listed[] = [];
  for (const subject of names.length > 0 ? names : await registry.subjects()) listed.push(await describeSubject(registry, subject));
  if (options.json === true) {
    const out = new NdjsonWriter(context.stdout, 'schema ls');
    for (const each of listed) out.write({ ...each });
  } else if (listed.length === 0) context.stdout.write(`no subjects: registry at ${registry.location}\n`);
  else {
    const rows = listed.map(({ subject, versions, level }) => [
      subject,
      level,
      versions.map(({ version, id }) => `${version} (id ${id})`).join(', '),
    ]);
    const all = [['SUBJECT', 'LEVEL', 'VERSIONS'], ...rows];
    const [first, second] = [0, 1].map((column) => Math.max(...all.map((row) => row[column].length)));
    for (const [subject, level, versions] of all) context.stdout.write(`${subject.padEnd(first)}  ${level.padEnd(second)}  ${versions}\n`);
  }
  return EXIT_CODES.ok.code;
};

async function describeSubject(registry: SchemaRegistry, subject: string): Promise<Listed> {
  const versions: { version: number; id: number }[] = [];
  for (const number of await registry.versions(subject)) {
    const found = await registry.version(subject, number);
    if (found !== null) versions.push({ version: number, id: found.id });
  }
  if (versions.length === 0) throw await unknownSubject(registry, subject);
  return { subject, versions, level: await registry.compatibility(subject) };
}
