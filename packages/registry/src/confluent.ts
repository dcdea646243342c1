import type { AvroSchema } from '@rta/dsl';
import { canonical } from './avro/canonical.js';
import { parseSchema } from './avro/parse.js';
import { Conflict, ConfluentClient, NOT_FOUND, type Api, type ClientSettings } from './confluent-client.js';
import { checkCompatibility, type EarlierVersion } from './levels.js';
import { inlineReferences } from './references.js';
import { IncompatibleSchema, isCompatibilityLevel, RegistryError, type CompatibilityCheck, type CompatibilityLevel, type RegisteredSchema, type SchemaReference, type SchemaRegistry, type SubjectVersion, type UnresolvedVersion } from './registry.js'; // prettier-ignore

export interface ConfluentOptions {
  /** Base of the API: `http://localhost:8081`, Apicurio's `http://…/apis/ccompat/v7`. May hold `user:password@`. */
  readonly url: string;
  readonly auth?: { readonly username: string; readonly password: string } | { readonly token: string };
  readonly tls?: ClientSettings['tls'];
  /** For each attempt; default 10,000. */
  readonly timeoutMs?: number;
  /** Attempts after the first that got no answer, 5xx or 429; default 4. */
  readonly retries?: number;
  /** Wait before the first of them, doubled each time up to 5 s; default 200. */
  readonly retryMs?: number;
}

/** A registry that speaks Confluent's REST API (v1 media type): Confluent, Apicurio, Karapace, Redpanda. Throws RegistryError `refused` for a URL that is none. */
export function confluentRegistry(options: ConfluentOptions): SchemaRegistry {
  return new ConfluentRegistry(settingsOf(options));
}

/** What the registry answers, as far as it is used. */
interface SchemaAnswer {
  readonly id?: number;
  readonly version?: number;
  readonly schema?: string;
  /** Not there: AVRO. */
  readonly schemaType?: string;
  readonly references?: readonly SchemaReference[];
}

const MAX_CACHED = 10_000;

class ConfluentRegistry implements SchemaRegistry {
  readonly location: string;
  readonly #client: ConfluentClient;
  /** Schemas never change once they have an id. Requests under way are shared. */
  readonly #byId = new Map<number, Promise<RegisteredSchema | null>>();

  constructor(settings: ClientSettings) {
    this.location = settings.host;
    this.#client = new ConfluentClient(settings);
  }

  byId(id: number): Promise<RegisteredSchema | null> {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const asked = this.#askForId(id);
    if (this.#byId.size >= MAX_CACHED) this.#byId.clear();
    this.#byId.set(id, asked);
    // "Unknown" may change, and "unavailable" will.
    asked.then(
      (schema) => schema ?? this.#byId.delete(id),
      () => this.#byId.delete(id),
    );
    return asked;
  }

  async register(subject: string, schema: AvroSchema, references: readonly SchemaReference[] = []): Promise<number> {
    const what = `registering a schema under ${subject}`;
    const whole = references.length === 0 ? schema : inlineReferences(schema, await this.#definitions(references, what));
    parseSchema(whole);
    const body = bodyOf(schema, references);
    // Registries differ over a schema that they have already: compared with later versions, or another if its text is.
    const known = references.length === 0 ? await this.lookup(subject, schema) : await this.#idOf(subject, body);
    if (known !== null) return known;
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    try {
      const answer = await this.#client.ask({
        what,
        method: 'POST',
        path,
        body,
        library: (api) => api.Subject.register({ subject, body }),
      });
      return idOf(answer, what);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      throw new IncompatibleSchema(subject, await this.#reasons(subject, whole, error.message), { cause: error });
    }
  }

  async latest(subject: string): Promise<SubjectVersion | null> {
    return this.#version(subject, 'latest');
  }

  async version(subject: string, version: number): Promise<SubjectVersion | null> {
    return Number.isInteger(version) && version >= 1 ? this.#version(subject, version) : null;
  }

  async unresolved(subject: string, number: number | 'latest'): Promise<UnresolvedVersion | null> {
    const what = `asking for version ${number} of ${subject}`;
    const answer = await this.#askForVersion(what, subject, number);
    if (answer === NOT_FOUND) return null;
    const { version, references = [] } = answer as SchemaAnswer;
    const schema = this.#avroOf(answer as SchemaAnswer, what);
    if (schema === null) throw new RegistryError('refused', `${what}: it is not Avro`);
    return { subject, version: version ?? Number(number), id: idOf(answer, what), schema, references };
  }

  async versions(subject: string): Promise<readonly number[]> {
    const what = `listing the versions of ${subject}`;
    const answer = await this.#client.ask({ what, path: `/subjects/${encodeURIComponent(subject)}/versions` });
    return Array.isArray(answer) ? (answer as number[]).sort((a, b) => a - b) : [];
  }

  async lookup(subject: string, schema: AvroSchema): Promise<number | null> {
    parseSchema(schema);
    const id = await this.#idOf(subject, bodyOf(schema));
    if (id !== null) return id;
    // It may be there with its attributes in another order, which a registry that compares texts takes for another.
    const form = canonical(schema);
    const latest = await this.latest(subject);
    return latest !== null && canonical(latest.schema) === form ? latest.id : null;
  }

  async compatibility(subject: string): Promise<CompatibilityLevel> {
    const what = `asking for the compatibility level of ${subject}`;
    const path = `/config/${encodeURIComponent(subject)}?defaultToGlobal=true`;
    const answer = await this.#client.ask({ what, path, library: (api) => api.Subject.config({ subject, defaultToGlobal: true }) });
    return answer === NOT_FOUND ? this.defaultCompatibility() : this.#levelIn(answer, what);
  }

  async setCompatibility(subject: string, level: CompatibilityLevel): Promise<void> {
    const what = `setting the compatibility level of ${subject}`;
    const body = { compatibility: level };
    const path = `/config/${encodeURIComponent(subject)}`;
    await this.#client.ask({ what, method: 'PUT', path, body, library: (api) => api.Subject.updateConfig({ subject, body }) });
  }

  async defaultCompatibility(): Promise<CompatibilityLevel> {
    const what = "asking for the registry's compatibility level";
    return this.#levelIn(await this.#client.ask({ what, path: '/config' }), what);
  }

  async setDefaultCompatibility(level: CompatibilityLevel): Promise<void> {
    const what = "setting the registry's compatibility level";
    await this.#client.ask({ what, method: 'PUT', path: '/config', body: { compatibility: level } });
  }

  async check(subject: string, schema: AvroSchema): Promise<CompatibilityCheck> {
    if ((await this.lookup(subject, schema)) !== null) return { compatible: true, messages: [] };
    // Where no level is set, Apicurio says NONE and takes any schema, but answers this by a level of its own.
    if ((await this.compatibility(subject)) === 'NONE') return { compatible: true, messages: [] };
    // With all versions that the level asks for; the library knows only the latest.
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions?verbose=true`;
    const answer = await this.#client.ask({ what: `checking a schema under ${subject}`, method: 'POST', path, body: bodyOf(schema) });
    if (answer === NOT_FOUND || (answer as { is_compatible?: unknown }).is_compatible === true) return { compatible: true, messages: [] };
    const { messages } = answer as { messages?: unknown };
    const theirs = Array.isArray(messages) ? messages.map(String).join('; ') : '';
    return { compatible: false, messages: await this.#reasons(subject, schema, theirs) };
  }

  async deleteVersion(subject: string, version: number): Promise<void> {
    const what = `deleting version ${version} of ${subject}`;
    try {
      await this.#client.ask({ what, method: 'DELETE', path: `/subjects/${encodeURIComponent(subject)}/versions/${version}` });
    } catch (error) {
      // Some say so of one that is deleted already.
      if (!(error instanceof Conflict)) throw error;
    }
  }

  async subjects(): Promise<readonly string[]> {
    const answer = await this.#client.ask({ what: 'listing the subjects', path: '/subjects', library: (api) => api.Subject.all({}) });
    return Array.isArray(answer) ? (answer as string[]).sort() : [];
  }

  #levelIn(answer: unknown, what: string): CompatibilityLevel {
    const { compatibilityLevel: level } = answer as { compatibilityLevel?: unknown };
    if (!isCompatibilityLevel(level)) throw new RegistryError('refused', `${what}: ${this.location} says ${JSON.stringify(level)}`);
    return level;
  }

  /** The id of this very text under a subject. */
  async #idOf(subject: string, body: SchemaBody): Promise<number | null> {
    const what = `looking up a schema under ${subject}`;
    const path = `/subjects/${encodeURIComponent(subject)}`;
    const { references, ...alone } = body;
    const library = references === undefined ? { library: (api: Api) => api.Subject.registered({ subject, body: alone }) } : {};
    const answer = await this.#client.ask({ what, method: 'POST', path, body, ...library });
    return answer === NOT_FOUND ? null : idOf(answer, what);
  }

  async #askForId(id: number): Promise<RegisteredSchema | null> {
    const what = `asking for schema ${id}`;
    const answer = await this.#client.ask({ what, path: `/schemas/ids/${id}`, library: (api) => api.Schema.find({ id }) });
    if (answer === NOT_FOUND) return null;
    const schema = await this.#schemaOf(answer as SchemaAnswer, what);
    return schema === null ? null : { id, schema };
  }

  async #version(subject: string, version: number | 'latest'): Promise<SubjectVersion | null> {
    const what = `asking for version ${version} of ${subject}`;
    const answer = await this.#askForVersion(what, subject, version);
    if (answer === NOT_FOUND) return null;
    const schema = await this.#schemaOf(answer as SchemaAnswer, what);
    if (schema === null) throw new RegistryError('refused', `${what}: it is not Avro`);
    return { subject, version: (answer as SchemaAnswer).version ?? Number(version), id: idOf(answer, what), schema };
  }

  /** As it stands there; null: not Avro. */
  #avroOf(answer: SchemaAnswer, what: string): AvroSchema | null {
    if (answer.schemaType !== undefined && answer.schemaType !== 'AVRO') return null;
    try {
      return JSON.parse(answer.schema ?? '') as AvroSchema;
    } catch (error) {
      throw new RegistryError('refused', `${what}: ${this.location} did not answer with a schema`, { cause: error });
    }
  }

  /** With what it refers to; null: not Avro. */
  async #schemaOf(answer: SchemaAnswer, what: string, nesting = 0): Promise<AvroSchema | null> {
    const schema = this.#avroOf(answer, what);
    if (schema === null || answer.references === undefined || answer.references.length === 0) return schema;
    return inlineReferences(schema, await this.#definitions(answer.references, what, nesting));
  }

  async #definitions(references: readonly SchemaReference[], what: string, nesting = 0): Promise<Map<string, AvroSchema>> {
    if (nesting > MAX_REFERENCES)
      throw new RegistryError('refused', `${what}: its references are nested deeper than ${MAX_REFERENCES} levels`);
    const definitions = new Map<string, AvroSchema>();
    for (const { name, subject, version } of references) {
      const referred = await this.#askForVersion(`${what}, its reference ${name}`, subject, version);
      const definition = referred === NOT_FOUND ? null : await this.#schemaOf(referred as SchemaAnswer, what, nesting + 1);
      if (definition === null)
        throw new RegistryError('refused', `${what}: its reference ${name} (${subject}, version ${version}) is missing`);
      definitions.set(name, definition);
    }
    return definitions;
  }

  /** Why a schema does not fit, in our words where our rules find it, else in the registry's. */
  async #reasons(subject: string, schema: AvroSchema, theirs: string): Promise<readonly string[]> {
    const level = await this.compatibility(subject);
    const numbers = await this.versions(subject);
    const earlier: EarlierVersion[] = [];
    for (const number of level.endsWith('_TRANSITIVE') ? numbers : numbers.slice(-1)) {
      const found = await this.version(subject, number);
      if (found !== null) earlier.push(found);
    }
    const { messages } = checkCompatibility(schema, earlier, level);
    return messages.length > 0 ? messages : [theirs === '' ? `the registry says that it is not ${level} compatible` : theirs];
  }

  #askForVersion(what: string, subject: string, version: number | 'latest'): Promise<unknown> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
    return this.#client.ask({ what, path, library: (api) => api.Subject.version({ subject, version }) });
  }
}

const MAX_REFERENCES = 20;

interface SchemaBody {
  readonly schema: string;
  readonly references?: readonly SchemaReference[];
}

function bodyOf(schema: AvroSchema, references: readonly SchemaReference[] = []): SchemaBody {
  return { schema: JSON.stringify(schema), ...(references.length === 0 ? {} : { references }) };
}

function idOf(answer: unknown, what: string): number {
  const { id } = answer as SchemaAnswer;
  if (typeof id !== 'number' || !Number.isInteger(id)) throw new RegistryError('refused', `${what}: the answer has no id`);
  return id;
}

function settingsOf(options: ConfluentOptions): ClientSettings {
  let url: URL;
  try {
    url = new URL(options.url);
  } catch (error) {
    throw new RegistryError('refused', 'the address of the schema registry is not a URL', { cause: error });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new RegistryError('refused', `the address of the schema registry begins with ${url.protocol}, not with http: or https:`);
  const credentials =
    url.username === '' ? undefined : { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  url.username = '';
  url.password = '';
  const host = url.href.replace(/\/+$/, '');
  const auth = options.auth ?? credentials;
  return {
    host,
    ...(auth === undefined ? {} : 'token' in auth ? { bearer: auth.token } : { auth }),
    tls: options.tls,
    timeoutMs: options.timeoutMs ?? 10_000,
    retries: options.retries ?? 4,
    retryMs: options.retryMs ?? 200,
  };
}
