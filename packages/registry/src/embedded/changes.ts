/** What can be changed in the contents of an embedded registry: each takes contents and gives new ones. They throw Refusal. */
import { parseSchema } from '../avro/parse.js';
import { checkCompatibility } from '../levels.js';
import { IncompatibleSchema, RegistryError, type CompatibilityLevel } from '../registry.js';
import {
  earlierOf,
  findVersion,
  formOf,
  idOfForm,
  levelOf,
  modeOf,
  referringTo,
  resolved,
  subjectOf,
  versionsOf,
  type Contents,
  type Mode,
  type StoredSchema,
  type Subject,
  type Version,
} from './contents.js';
import { refusals } from './refusals.js';

/** Of `Generations.change`: null leaves everything as it is. */
export interface Change<R> {
  readonly body: Contents | null;
  readonly result: R;
}

/** Adds a version unless the subject has the schema already. Throws RegistryError `invalid_schema`, IncompatibleSchema. */
export function register(contents: Contents, subject: string, stored: StoredSchema): Change<Version> {
  checkSubject(subject);
  const schema = resolved(contents, stored);
  parseSchema(schema);
  const form = formOf(stored);
  const known = idOfForm(contents, form);
  const there = versionsOf(contents, subject).find(({ id }) => id === known);
  if (there !== undefined) return { body: null, result: there };
  checkWritable(contents, subject);
  const check = checkCompatibility(schema, earlierOf(contents, subject), levelOf(contents, subject));
  if (!check.compatible) throw new IncompatibleSchema(subject, check.messages);
  const entry = subjectOf(contents, subject);
  const id = known ?? contents.schemas.length + 1;
  const added: Version = { version: (entry.versions.at(-1)?.version ?? 0) + 1, id };
  const body = withSubject(contents, subject, { ...entry, versions: [...entry.versions, added] });
  return { body: known === null ? { ...body, schemas: [...contents.schemas, stored] } : body, result: added };
}

/** @param subject null: of all that have none of their own. @param level null: none of its own, or what a registry begins with */
export function setLevel(contents: Contents, subject: string | null, level: CompatibilityLevel | null): Change<null> {
  if (subject === null) {
    checkWritable(contents, null);
    return { body: { ...contents, compatibility: level ?? 'BACKWARD' }, result: null };
  }
  checkSubject(subject);
  checkWritable(contents, subject);
  const { compatibility, ...rest } = subjectOf(contents, subject);
  if (compatibility === (level ?? undefined)) return { body: null, result: null };
  return { body: withSubject(contents, subject, level === null ? rest : { ...rest, compatibility: level }), result: null };
}

/** As `setLevel`. A mode can always be set, else nobody could end it. */
export function setMode(contents: Contents, subject: string | null, mode: Mode | null): Change<null> {
  if (subject === null) return { body: { ...contents, mode: mode ?? 'READWRITE' }, result: null };
  checkSubject(subject);
  const { mode: _before, ...rest } = subjectOf(contents, subject);
  return { body: withSubject(contents, subject, mode === null ? rest : { ...rest, mode }), result: null };
}

/**
 * Deletes all versions of a subject, with its own level and mode; resolves to their numbers.
 *
 * @param permanent those that were deleted before, for good: their numbers and ids are unknown from then on
 */
export function deleteSubject(contents: Contents, subject: string, permanent: boolean): Change<readonly number[]> {
  const all = versionsOf(contents, subject, true);
  const live = versionsOf(contents, subject);
  if (all.length === 0) throw refusals.noSubject(subject);
  if (permanent && live.length > 0) throw refusals.subjectNotDeleted(subject);
  if (!permanent && live.length === 0) throw refusals.subjectDeleted(subject);
  checkWritable(contents, subject);
  const versions = permanent ? all : live;
  for (const { version } of versions) checkUnreferenced(contents, subject, version);
  const left = permanent ? [] : all.map((version) => ({ ...version, deleted: true as const }));
  return { body: withoutUnused(withSubject(contents, subject, { versions: left })), result: versions.map(({ version }) => version) };
}

/** As `deleteSubject`, one version. */
export function deleteVersion(contents: Contents, subject: string, number: number | 'latest', permanent: boolean): Change<number> {
  const all = versionsOf(contents, subject, true);
  if (all.length === 0) throw refusals.noSubject(subject);
  const found = findVersion(contents, subject, number) ?? findVersion(contents, subject, number, true);
  if (found === undefined) throw refusals.noVersion(number);
  const { version, deleted } = found;
  if (permanent && deleted !== true) throw refusals.versionNotDeleted(subject, version);
  if (!permanent && deleted === true) throw refusals.versionDeleted(subject, version);
  checkWritable(contents, subject);
  checkUnreferenced(contents, subject, version);
  const versions = permanent
    ? all.filter((each) => each !== found)
    : all.map((each) => (each === found ? { ...each, deleted: true as const } : each));
  return { body: withoutUnused(withSubject(contents, subject, { ...subjectOf(contents, subject), versions })), result: version };
}

function withSubject(contents: Contents, subject: string, entry: Subject): Contents {
  const { [subject]: _before, ...others } = contents.subjects;
  const nothing = entry.versions.length === 0 && entry.compatibility === undefined && entry.mode === undefined;
  return { ...contents, subjects: nothing ? others : { ...others, [subject]: entry } };
}

/** Forgets the schemas whose last version is gone; their ids stay taken. */
function withoutUnused(contents: Contents): Contents {
  const used = new Set(Object.values(contents.subjects).flatMap(({ versions }) => versions.map(({ id }) => id)));
  return { ...contents, schemas: contents.schemas.map((stored, i) => (used.has(i + 1) ? stored : null)) };
}

function checkUnreferenced(contents: Contents, subject: string, version: number): void {
  const ids = referringTo(contents, subject, version);
  if (ids.length > 0) throw refusals.referenced(subject, version, ids);
}

function checkWritable(contents: Contents, subject: string | null): void {
  const mode = subject === null ? contents.mode : modeOf(contents, subject);
  if (mode !== 'READWRITE') throw refusals.readOnly(mode === contents.mode ? null : subject);
}

function checkSubject(subject: string): void {
  // eslint-disable-next-line no-control-regex -- what no topic name, and so no subject, has
  if (subject === '' || subject === '__proto__' || /[\u0000-\u001f\u007f]/.test(subject))
    throw new RegistryError('refused', `${JSON.stringify(subject)} is not a subject`);
}
