import type { AvroSchema } from '@rta/dsl';
import { canonical } from './avro/canonical.js';
import { parseSchema } from './avro/parse.js';
import { Generations } from './generations.js';
import { checkCompatibility, type EarlierVersion } from './levels.js';
import { IncompatibleSchema, RegistryError, type CompatibilityCheck, type CompatibilityLevel, type RegisteredSchema, type SchemaRegistry, type SubjectVersion } from './registry.js'; // prettier-ignore

/** What the directory holds. Ids go from 1 and are never used again. */
interface Contents {
  readonly format: 1;
  /** The level of subjects without one of their own. */
  readonly compatibility: CompatibilityLevel;
  /** By id, in order: the first has id 1. */
  readonly schemas: readonly AvroSchema[];
  readonly subjects: { readonly [subject: string]: Subject };
}

interface Subject {
  readonly compatibility?: CompatibilityLevel;
  /** Schema ids of the versions, in order: the first is version 1. */
  readonly versions: readonly number[];
}

/**
 * A schema registry within a directory (`./.rta/registry`), for working without a server. Several processes may use it at once. The directory
 * is made by the first change. Its schemas are Avro only, without references.
 */
export function embeddedRegistry(directory: string): SchemaRegistry {
  return new EmbeddedRegistry(directory);
}

class EmbeddedRegistry implements SchemaRegistry {
  readonly location: string;
  readonly #contents: Generations<Contents>;
  /** Canonical forms by schema object; generations share the objects of the one that they were made from. */
  readonly #canonical = new WeakMap<object, string>();

  constructor(directory: string) {
    this.location = directory;
    this.#contents = new Generations<Contents>(directory, () => ({
      format: 1,
      compatibility: 'BACKWARD',
      schemas: [],
      subjects: Object.create(null) as Record<string, never>,
    }));
  }

  async byId(id: number): Promise<RegisteredSchema | null> {
    const { schemas } = await this.#read();
    return Number.isInteger(id) && id >= 1 && id <= schemas.length ? { id, schema: schemas[id - 1] } : null;
  }

  async register(subject: string, schema: AvroSchema): Promise<number> {
    checkSubject(subject);
    parseSchema(schema);
    const form = canonical(schema);
    return this.#contents.change((contents) => {
      const known = this.#idOf(contents, form);
      const entry = subjectOf(contents, subject);
      if (known !== null && entry.versions.includes(known)) return { body: null, result: known };
      const check = checkCompatibility(schema, earlierOf(contents, subject), levelOf(contents, subject));
      if (!check.compatible) throw new IncompatibleSchema(subject, check.messages);
      const id = known ?? contents.schemas.length + 1;
      const body: Contents = {
        ...contents,
        schemas: known === null ? [...contents.schemas, schema] : contents.schemas,
        subjects: { ...contents.subjects, [subject]: { ...entry, versions: [...entry.versions, id] } },
      };
      return { body, result: id };
    });
  }

  async latest(subject: string): Promise<SubjectVersion | null> {
    const contents = await this.#read();
    return versionOf(contents, subject, subjectOf(contents, subject).versions.length);
  }

  async version(subject: string, version: number): Promise<SubjectVersion | null> {
    return versionOf(await this.#read(), subject, version);
  }

  async versions(subject: string): Promise<readonly number[]> {
    return subjectOf(await this.#read(), subject).versions.map((_, i) => i + 1);
  }

  async lookup(subject: string, schema: AvroSchema): Promise<number | null> {
    parseSchema(schema);
    const contents = await this.#read();
    const id = this.#idOf(contents, canonical(schema));
    return id !== null && subjectOf(contents, subject).versions.includes(id) ? id : null;
  }

  async compatibility(subject: string): Promise<CompatibilityLevel> {
    return levelOf(await this.#read(), subject);
  }

  async setCompatibility(subject: string, level: CompatibilityLevel): Promise<void> {
    checkSubject(subject);
    await this.#contents.change((contents) => {
      const entry = subjectOf(contents, subject);
      if (entry.compatibility === level) return { body: null, result: undefined };
      return {
        body: { ...contents, subjects: { ...contents.subjects, [subject]: { ...entry, compatibility: level } } },
        result: undefined,
      };
    });
  }

  async check(subject: string, schema: AvroSchema): Promise<CompatibilityCheck> {
    parseSchema(schema);
    const contents = await this.#read();
    const id = this.#idOf(contents, canonical(schema));
    if (id !== null && subjectOf(contents, subject).versions.includes(id)) return { compatible: true, messages: [] };
    return checkCompatibility(schema, earlierOf(contents, subject), levelOf(contents, subject));
  }

  async subjects(): Promise<readonly string[]> {
    const { subjects } = await this.#read();
    return Object.keys(subjects)
      .filter((subject) => subjects[subject].versions.length > 0)
      .sort();
  }

  async #read(): Promise<Contents> {
    const contents = await this.#contents.read();
    if ((contents.format as number) !== 1)
      throw new RegistryError('damaged', `${this.location} has the format ${String(contents.format)}, which this version does not read`);
    return contents;
  }

  #idOf(contents: Contents, form: string): number | null {
    const index = contents.schemas.findIndex((schema) => this.#canonicalOf(schema) === form);
    return index < 0 ? null : index + 1;
  }

  #canonicalOf(schema: AvroSchema): string {
    if (typeof schema === 'string') return canonical(schema);
    let form = this.#canonical.get(schema);
    if (form === undefined) this.#canonical.set(schema, (form = canonical(schema)));
    return form;
  }
}

const NO_VERSIONS: Subject = { versions: [] };

function subjectOf(contents: Contents, subject: string): Subject {
  return Object.hasOwn(contents.subjects, subject) ? contents.subjects[subject] : NO_VERSIONS;
}

function levelOf(contents: Contents, subject: string): CompatibilityLevel {
  return subjectOf(contents, subject).compatibility ?? contents.compatibility;
}

function versionOf(contents: Contents, subject: string, version: number): SubjectVersion | null {
  const { versions } = subjectOf(contents, subject);
  if (!Number.isInteger(version) || version < 1 || version > versions.length) return null;
  const id = versions[version - 1];
  return { subject, version, id, schema: contents.schemas[id - 1] };
}

function earlierOf(contents: Contents, subject: string): EarlierVersion[] {
  return subjectOf(contents, subject).versions.map((id, i) => ({ version: i + 1, schema: contents.schemas[id - 1] }));
}

function checkSubject(subject: string): void {
  // eslint-disable-next-line no-control-regex -- what no topic name, and so no subject, has
  if (subject === '' || subject === '__proto__' || /[\u0000-\u001f\u007f]/.test(subject))
    throw new RegistryError('refused', `${JSON.stringify(subject)} is not a subject`);
}
