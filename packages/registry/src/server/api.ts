/** Confluent's REST API of a schema registry on an embedded one. */
import type { AvroSchema } from '@rta/dsl';
import { deleteSubject, deleteVersion, register, setLevel, setMode } from '../embedded/changes.js';
import {
  earlierOf,
  findVersion,
  formOf,
  idOfForm,
  levelOf,
  MODES,
  modeOf,
  referringTo,
  resolved,
  storedOf,
  subjectOf,
  subjectsOf,
  usesOf,
  versionsOf,
  type Contents,
  type Mode,
  type StoredSchema,
  type Version,
} from '../embedded/contents.js';
import type { RegistryDirectory } from '../embedded/directory.js';
import { refusals } from '../embedded/refusals.js';
import { parseSchema } from '../avro/parse.js';
import { checkCompatibility, levelProblems, versionSentence } from '../levels.js';
import { isCompatibilityLevel, type CompatibilityLevel, type RegistryError } from '../registry.js';
import { referencesIn, storedIn, textOf } from './body.js';
import type { ApiRequest, Handler, Routes } from './routes.js';

/** The API's routes. Handlers reject with RegistryError, Refusal (with the API's error code) among them. */
export function apiRoutes(directory: RegistryDirectory): Routes {
  const read =
    (answer: (contents: Contents, request: ApiRequest) => unknown): Handler =>
    async (request) =>
      answer(await directory.read(), request);
  return {
    'GET /': async () => ({}),
    'GET /schemas/types': async () => ['AVRO'],
    'GET /contexts': async () => ['.'],
    'GET /v1/metadata/id': async () => ({ scope: { path: [], clusters: {} }, id: '' }),

    'GET /subjects': read((contents, { query }) =>
      subjectsOf(contents, isSet(query, 'deleted') || isSet(query, 'deletedOnly')).filter(
        (subject) =>
          subject.startsWith(query.get('subjectPrefix') ?? '') &&
          !(isSet(query, 'deletedOnly') && versionsOf(contents, subject).length > 0),
      ),
    ),
    'POST /subjects/:subject': read(lookup),
    'DELETE /subjects/:subject': ({ params, query }) =>
      directory.change((contents) => deleteSubject(contents, params.subject, isSet(query, 'permanent'))),
    'GET /subjects/:subject/versions': read((contents, { params, query }) =>
      existing(contents, params.subject, isSet(query, 'deleted')).map(({ version }) => version),
    ),
    'POST /subjects/:subject/versions': registering(directory),
    'GET /subjects/:subject/versions/:version': read((contents, request) => {
      const version = versionIn(contents, request);
      return { subject: request.params.subject, ...versionAnswer(contents, version) };
    }),
    'GET /subjects/:subject/versions/:version/schema': read((contents, request) => schemaOf(contents, versionIn(contents, request).id)),
    'GET /subjects/:subject/versions/:version/referencedby': read((contents, request) =>
      referringTo(contents, request.params.subject, versionIn(contents, request).version),
    ),
    'DELETE /subjects/:subject/versions/:version': ({ params, query }) =>
      directory.change((contents) => deleteVersion(contents, params.subject, numberOf(params.version), isSet(query, 'permanent'))),

    'GET /schemas': read((contents, { query }) =>
      subjectsOf(contents, isSet(query, 'deleted'))
        .filter((subject) => subject.startsWith(query.get('subjectPrefix') ?? ''))
        .flatMap((subject) =>
          versionsOf(contents, subject, isSet(query, 'deleted'))
            .slice(isSet(query, 'latestOnly') ? -1 : 0)
            .map((version) => ({ subject, ...versionAnswer(contents, version) })),
        ),
    ),
    'GET /schemas/ids/:id': read((contents, { params, query }) => {
      const maxId = isSet(query, 'fetchMaxId') ? { maxId: contents.schemas.length } : {};
      return { ...schemaAnswer(storedById(contents, params.id)), ...maxId };
    }),
    'GET /schemas/ids/:id/schema': read((contents, { params }) => storedById(contents, params.id).schema),
    'GET /schemas/ids/:id/subjects': read((contents, { params, query }) => {
      storedById(contents, params.id);
      return [...new Set(usesOf(contents, Number(params.id), isSet(query, 'deleted')).map(({ subject }) => subject))];
    }),
    'GET /schemas/ids/:id/versions': read((contents, { params, query }) => {
      storedById(contents, params.id);
      return usesOf(contents, Number(params.id), isSet(query, 'deleted'));
    }),

    'POST /compatibility/subjects/:subject/versions': read((contents, request) => {
      const { subject } = request.params;
      const { compatible, messages } = checkCompatibility(
        proposed(contents, request),
        earlierOf(contents, subject),
        levelOf(contents, subject),
      );
      return compatibilityAnswer(compatible, messages, request);
    }),
    'POST /compatibility/subjects/:subject/versions/:version': read(compareWithOne),

    ...settings<CompatibilityLevel>(directory, 'config', {
      stored: (body) => levelOfBody(body),
      answer: (level) => ({ compatibilityLevel: level }),
      echo: (level) => ({ compatibility: level }),
      ofAll: (contents) => contents.compatibility,
      own: (contents, subject) => subjectOf(contents, subject).compatibility,
      inForce: levelOf,
      set: setLevel,
      missing: refusals.noLevel,
    }),
    ...settings<Mode>(directory, 'mode', {
      stored: (body) => modeOfBody(body),
      answer: (mode) => ({ mode }),
      echo: (mode) => ({ mode }),
      ofAll: (contents) => contents.mode,
      own: (contents, subject) => subjectOf(contents, subject).mode,
      inForce: modeOf,
      set: setMode,
      missing: refusals.noMode,
    }),
  };
}

/** What levels and modes have in common: one of all, and one of each subject where that has its own. */
interface Setting<T> {
  stored(body: unknown): T;
  answer(value: T): object;
  echo(value: T): object;
  ofAll(contents: Contents): T;
  own(contents: Contents, subject: string): T | undefined;
  inForce(contents: Contents, subject: string): T;
  set(contents: Contents, subject: string | null, value: T | null): { readonly body: Contents | null; readonly result: null };
  missing(subject: string): RegistryError;
}

function settings<T>(directory: RegistryDirectory, name: string, setting: Setting<T>): Routes {
  return {
    [`GET /${name}`]: async () => setting.answer(setting.ofAll(await directory.read())),
    [`PUT /${name}`]: async ({ body }) => {
      const value = setting.stored(body);
      await directory.change((contents) => setting.set(contents, null, value));
      return setting.echo(value);
    },
    [`DELETE /${name}`]: async () => {
      const before = setting.ofAll(await directory.read());
      await directory.change((contents) => setting.set(contents, null, null));
      return setting.answer(before);
    },
    [`GET /${name}/:subject`]: async ({ params, query }) => {
      const contents = await directory.read();
      const own = setting.own(contents, params.subject);
      if (own === undefined && !isSet(query, 'defaultToGlobal')) throw setting.missing(params.subject);
      return setting.answer(isSet(query, 'defaultToGlobal') ? setting.inForce(contents, params.subject) : own!);
    },
    [`PUT /${name}/:subject`]: async ({ params, body }) => {
      const value = setting.stored(body);
      await directory.change((contents) => setting.set(contents, params.subject, value));
      return setting.echo(value);
    },
    [`DELETE /${name}/:subject`]: async ({ params }) => {
      const before = setting.own(await directory.read(), params.subject);
      if (before === undefined) throw setting.missing(params.subject);
      await directory.change((contents) => setting.set(contents, params.subject, null));
      return setting.answer(before);
    },
  };
}

function registering(directory: RegistryDirectory): Handler {
  return async ({ params, body }) => {
    const { id, version } = (body ?? {}) as { readonly id?: unknown; readonly version?: unknown };
    // Ids are given here: a client that brings its own believes that it is importing.
    if ((typeof id === 'number' && id >= 0) || (typeof version === 'number' && version > 0)) throw refusals.notImporting(params.subject);
    const stored = storedIn(body);
    const added = await directory.change((contents) => register(contents, params.subject, stored));
    return { id: added.id };
  };
}

function lookup(contents: Contents, { params, query, body }: ApiRequest): unknown {
  const stored = storedIn(body);
  const versions = existing(contents, params.subject, isSet(query, 'deleted'));
  parseSchema(resolved(contents, stored));
  const id = idOfForm(contents, formOf(stored));
  const found = versions.find((version) => version.id === id);
  if (found === undefined) throw refusals.notRegistered();
  return { subject: params.subject, ...versionAnswer(contents, found) };
}

function compareWithOne(contents: Contents, request: ApiRequest): unknown {
  const { subject } = request.params;
  const schema = proposed(contents, request);
  const number = numberOf(request.params.version);
  const version = findVersion(contents, subject, number);
  if (version === undefined) {
    // The first version of a subject fits.
    if (number === 'latest') return compatibilityAnswer(true, [], request);
    throw versionsOf(contents, subject).length === 0 ? refusals.noSubject(subject) : refusals.noVersion(number);
  }
  const earlier = [{ version: version.version, schema: resolved(contents, storedOf(contents, version.id)!) }];
  const problems = levelProblems(schema, earlier, levelOf(contents, subject));
  return compatibilityAnswer(problems.length === 0, problems.map(versionSentence), request);
}

function compatibilityAnswer(compatible: boolean, messages: readonly string[], { query }: ApiRequest): object {
  return { is_compatible: compatible, ...(isSet(query, 'verbose') ? { messages } : {}) };
}

/** The schema of the body, with what it refers to. */
function proposed(contents: Contents, { body }: ApiRequest): AvroSchema {
  const schema = resolved(contents, storedIn(body));
  parseSchema(schema);
  return schema;
}

/** The versions of a subject that is there. */
function existing(contents: Contents, subject: string, deleted: boolean): readonly Version[] {
  const versions = versionsOf(contents, subject, deleted);
  if (versions.length === 0) throw refusals.noSubject(subject);
  return versions;
}

function versionIn(contents: Contents, { params, query }: ApiRequest): Version {
  const number = numberOf(params.version);
  const deleted = isSet(query, 'deleted');
  existing(contents, params.subject, deleted);
  const version = findVersion(contents, params.subject, number, deleted);
  if (version === undefined) throw refusals.noVersion(number);
  return version;
}

function versionAnswer(contents: Contents, { version, id }: Version): object {
  return { version, id, ...schemaAnswer(storedOf(contents, id)!) };
}

function schemaAnswer(stored: StoredSchema): object {
  return { schema: textOf(stored), ...referencesIn(stored) };
}

function schemaOf(contents: Contents, id: number): AvroSchema {
  return storedOf(contents, id)!.schema;
}

function storedById(contents: Contents, text: string): StoredSchema {
  const id = /^\d+$/.test(text) ? Number(text) : -1;
  const stored = storedOf(contents, id);
  if (stored === null) throw refusals.noSchema(id);
  return stored;
}

function numberOf(text: string): number | 'latest' {
  if (text === 'latest' || text === '-1') return 'latest';
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 0x7fff_ffff) throw refusals.invalidVersion(text);
  return number;
}

function levelOfBody(body: unknown): CompatibilityLevel {
  const { compatibility } = (body ?? {}) as { readonly compatibility?: unknown };
  const level = typeof compatibility === 'string' ? compatibility.toUpperCase() : compatibility;
  if (!isCompatibilityLevel(level)) throw refusals.invalidLevel();
  return level;
}

function modeOfBody(body: unknown): Mode {
  const { mode } = (body ?? {}) as { readonly mode?: unknown };
  const found = MODES.find((each) => typeof mode === 'string' && each === mode.toUpperCase());
  if (found === undefined) throw refusals.invalidMode();
  return found;
}

function isSet(query: URLSearchParams, name: string): boolean {
  return query.get(name) === 'true';
}
