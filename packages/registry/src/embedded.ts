import type { AvroSchema } from '@rta/dsl';
import { canonical } from './avro/canonical.js';
import { parseSchema } from './avro/parse.js';
import { deleteVersion, register, setLevel } from './embedded/changes.js';
import {
  earlierOf,
  findVersion,
  formOf,
  idOfForm,
  levelOf,
  resolved,
  storedOf,
  subjectsOf,
  versionsOf,
  type Contents,
  type StoredSchema,
} from './embedded/contents.js';
import { RegistryDirectory } from './embedded/directory.js';
import { checkCompatibility } from './levels.js';
import type { CompatibilityCheck, CompatibilityLevel, RegisteredSchema, SchemaRegistry, SubjectVersion } from './registry.js';

/**
 * A schema registry within a directory (`./.rta/registry`), for working without a server. Several processes may use it at once, `rta registry`
 * among them. The directory is made by the first change. Its schemas are Avro only.
 */
export function embeddedRegistry(directory: string): SchemaRegistry {
  return new EmbeddedRegistry(directory);
}

class EmbeddedRegistry implements SchemaRegistry {
  readonly location: string;
  readonly #directory: RegistryDirectory;

  constructor(directory: string) {
    this.location = directory;
    this.#directory = new RegistryDirectory(directory);
  }

  async byId(id: number): Promise<RegisteredSchema | null> {
    const contents = await this.#directory.read();
    const stored = storedOf(contents, id);
    return stored === null ? null : { id, schema: resolved(contents, stored) };
  }

  async register(subject: string, schema: AvroSchema): Promise<number> {
    parseSchema(schema);
    const stored: StoredSchema = { schema };
    return this.#directory.change((contents) => {
      const known = registeredId(contents, subject, stored);
      if (known !== null) return { body: null, result: known };
      const { body, result } = register(contents, subject, stored);
      return { body, result: result.id };
    });
  }

  async latest(subject: string): Promise<SubjectVersion | null> {
    return this.#version(subject, 'latest');
  }

  async version(subject: string, version: number): Promise<SubjectVersion | null> {
    return this.#version(subject, version);
  }

  async versions(subject: string): Promise<readonly number[]> {
    return versionsOf(await this.#directory.read(), subject).map(({ version }) => version);
  }

  async lookup(subject: string, schema: AvroSchema): Promise<number | null> {
    parseSchema(schema);
    return registeredId(await this.#directory.read(), subject, { schema });
  }

  async compatibility(subject: string): Promise<CompatibilityLevel> {
    return levelOf(await this.#directory.read(), subject);
  }

  async setCompatibility(subject: string, level: CompatibilityLevel): Promise<void> {
    await this.#directory.change((contents) => setLevel(contents, subject, level));
  }

  async check(subject: string, schema: AvroSchema): Promise<CompatibilityCheck> {
    parseSchema(schema);
    const contents = await this.#directory.read();
    if (registeredId(contents, subject, { schema }) !== null) return { compatible: true, messages: [] };
    return checkCompatibility(schema, earlierOf(contents, subject), levelOf(contents, subject));
  }

  async deleteVersion(subject: string, version: number): Promise<void> {
    await this.#directory.change((contents) =>
      findVersion(contents, subject, version) === undefined
        ? { body: null, result: version }
        : deleteVersion(contents, subject, version, false),
    );
  }

  async subjects(): Promise<readonly string[]> {
    return subjectsOf(await this.#directory.read());
  }

  async #version(subject: string, number: number | 'latest'): Promise<SubjectVersion | null> {
    const contents = await this.#directory.read();
    const found = findVersion(contents, subject, number);
    const stored = found === undefined ? null : storedOf(contents, found.id);
    return found === undefined || stored === null
      ? null
      : { subject, version: found.version, id: found.id, schema: resolved(contents, stored) };
  }
}

/** The id that a subject has a schema under; of the latest also where that says the same with references. */
function registeredId(contents: Contents, subject: string, stored: StoredSchema): number | null {
  const form = formOf(stored);
  const id = idOfForm(contents, form);
  const versions = versionsOf(contents, subject);
  if (id !== null && versions.some((version) => version.id === id)) return id;
  const latest = versions.at(-1);
  const other = latest === undefined ? null : storedOf(contents, latest.id);
  return latest !== undefined && other?.references !== undefined && canonical(resolved(contents, other)) === form ? latest.id : null;
}
