/** What the directory of an embedded registry holds, and what can be asked of it. Nothing here changes it (`changes.ts` does). */
import type { AvroSchema } from '@rta/dsl';
import { canonical } from '../avro/canonical.js';
import type { EarlierVersion } from '../levels.js';
import { inlineReferences } from '../references.js';
import { RegistryError, type CompatibilityLevel, type SchemaReference } from '../registry.js';

/** What may be changed: `READONLY` of a subject or of all, `READONLY_OVERRIDE` of all whatever subjects say. */
export const MODES = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE'] as const;
export type Mode = (typeof MODES)[number];

export interface Contents {
  readonly format: 2;
  /** The level of subjects without one of their own. */
  readonly compatibility: CompatibilityLevel;
  readonly mode: Mode;
  /** By id, in order: the first has id 1. Ids are never used again; null: all versions with it were deleted for good. */
  readonly schemas: readonly (StoredSchema | null)[];
  readonly subjects: { readonly [subject: string]: Subject };
}

export interface StoredSchema {
  /** As it was registered. */
  readonly schema: AvroSchema;
  /** Versions whose named types it uses; not there: it stands alone. */
  readonly references?: readonly SchemaReference[];
}

export interface Subject {
  readonly compatibility?: CompatibilityLevel;
  readonly mode?: Mode;
  /** Ascending. */
  readonly versions: readonly Version[];
}

export interface Version {
  readonly version: number;
  readonly id: number;
  /** Taken back, and still to be read by number; its number stays taken. */
  readonly deleted?: true;
}

/** As it was before versions could be deleted: the first id of `versions` was version 1. */
interface Format1 {
  readonly format: 1;
  readonly compatibility: CompatibilityLevel;
  readonly schemas: readonly AvroSchema[];
  readonly subjects: { readonly [subject: string]: { readonly compatibility?: CompatibilityLevel; readonly versions: readonly number[] } };
}

export function emptyContents(): Contents {
  const subjects = Object.create(null) as Record<string, never>;
  return { format: 2, compatibility: 'BACKWARD', mode: 'READWRITE', schemas: [], subjects };
}

/** Contents of any format that there was. Throws RegistryError `damaged` for one that is not known. @param location for messages */
export function upgraded(contents: Contents | Format1, location: string): Contents {
  if (contents.format === 2) return contents;
  if ((contents.format as number) !== 1)
    throw new RegistryError(
      'damaged',
      `${location} has the format ${String((contents as { format: unknown }).format)}, which this version does not read`,
    );
  const subjects = Object.entries(contents.subjects).map(([subject, { versions, ...rest }]) => [
    subject,
    { ...rest, versions: versions.map((id, i) => ({ version: i + 1, id })) },
  ]);
  return {
    ...emptyContents(),
    compatibility: contents.compatibility,
    schemas: contents.schemas.map((schema) => ({ schema })),
    subjects: Object.fromEntries(subjects) as Contents['subjects'],
  };
}

const NO_VERSIONS: Subject = { versions: [] };

export function subjectOf(contents: Contents, subject: string): Subject {
  return Object.hasOwn(contents.subjects, subject) ? contents.subjects[subject] : NO_VERSIONS;
}

/** The level in force. */
export function levelOf(contents: Contents, subject: string): CompatibilityLevel {
  return subjectOf(contents, subject).compatibility ?? contents.compatibility;
}

/** The mode in force. */
export function modeOf(contents: Contents, subject: string): Mode {
  return contents.mode === 'READONLY_OVERRIDE' ? contents.mode : (subjectOf(contents, subject).mode ?? contents.mode);
}

/** Ascending. @param deleted those that were deleted as well */
export function versionsOf(contents: Contents, subject: string, deleted = false): readonly Version[] {
  const { versions } = subjectOf(contents, subject);
  return deleted ? versions : versions.filter((version) => version.deleted !== true);
}

export function findVersion(contents: Contents, subject: string, version: number | 'latest', deleted = false): Version | undefined {
  const versions = versionsOf(contents, subject, deleted);
  return version === 'latest' ? versions.at(-1) : versions.find((each) => each.version === version);
}

export function storedOf(contents: Contents, id: number): StoredSchema | null {
  return Number.isInteger(id) && id >= 1 ? (contents.schemas[id - 1] ?? null) : null;
}

/** In order. */
export function subjectsOf(contents: Contents, deleted = false): string[] {
  return Object.keys(contents.subjects)
    .filter((subject) => versionsOf(contents, subject, deleted).length > 0)
    .sort();
}

/** Where an id is used. */
export function usesOf(contents: Contents, id: number, deleted = false): { readonly subject: string; readonly version: number }[] {
  return subjectsOf(contents, deleted).flatMap((subject) =>
    versionsOf(contents, subject, deleted).flatMap((each) => (each.id === id ? [{ subject, version: each.version }] : [])),
  );
}

/** Ids of the schemas that refer to a version, and are in use. */
export function referringTo(contents: Contents, subject: string, version: number): number[] {
  return contents.schemas.flatMap((stored, i) =>
    stored?.references?.some((reference) => reference.subject === subject && reference.version === version) === true &&
    usesOf(contents, i + 1).length > 0
      ? [i + 1]
      : [],
  );
}

const FORMS = new WeakMap<StoredSchema, string>();

/** The text by which schemas are told apart. Generations share the objects of the one that they were made from, so this is made once. */
export function formOf(stored: StoredSchema): string {
  let form = FORMS.get(stored);
  if (form === undefined) {
    const references = (stored.references ?? []).map(({ name, subject, version }) => [name, subject, version].join(' ')).sort();
    form = canonical(stored.schema) + (references.length === 0 ? '' : JSON.stringify(references));
    FORMS.set(stored, form);
  }
  return form;
}

export function idOfForm(contents: Contents, form: string): number | null {
  const index = contents.schemas.findIndex((stored) => stored !== null && formOf(stored) === form);
  return index < 0 ? null : index + 1;
}

const RESOLVED = new WeakMap<StoredSchema, AvroSchema>();
const MAX_REFERENCES = 20;

/** The schema with what it refers to written into it. Throws RegistryError `invalid_schema` for a reference to nothing. */
export function resolved(contents: Contents, stored: StoredSchema, nesting = 0): AvroSchema {
  const { schema, references = [] } = stored;
  if (references.length === 0) return schema;
  const known = RESOLVED.get(stored);
  if (known !== undefined) return known;
  if (nesting > MAX_REFERENCES) throw new RegistryError('invalid_schema', `the references are nested deeper than ${MAX_REFERENCES} levels`);
  const definitions = new Map<string, AvroSchema>();
  for (const { name, subject, version } of references) {
    const found = findVersion(contents, subject, version, true);
    const definition = found === undefined ? null : storedOf(contents, found.id);
    if (definition === null)
      throw new RegistryError('invalid_schema', `the reference ${name} is to version ${version} of ${subject}, which does not exist`);
    definitions.set(name, resolved(contents, definition, nesting + 1));
  }
  const whole = inlineReferences(schema, definitions);
  RESOLVED.set(stored, whole);
  return whole;
}

/** The versions that a new one is compared with, ascending. */
export function earlierOf(contents: Contents, subject: string): EarlierVersion[] {
  return versionsOf(contents, subject).flatMap(({ version, id }) => {
    const stored = storedOf(contents, id);
    return stored === null ? [] : [{ version, schema: resolved(contents, stored) }];
  });
}
