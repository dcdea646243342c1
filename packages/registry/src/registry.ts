/**
 * The SchemaRegistry port: Avro schemas by id, versions of them by subject, and the rule by which a subject's versions may change. Two
 * adapters, `confluent.ts` (a server) and `embedded.ts` (a directory), pass one contract suite (`test/contract.ts`).
 */
import type { AvroSchema } from '@rta/dsl';

export const COMPATIBILITY_LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;

/**
 * What a new version of a subject must be able to do: read what the latest one wrote (BACKWARD), be read by it (FORWARD), both (FULL); the
 * transitive ones say so of all versions.
 */
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];

export interface RegisteredSchema {
  readonly id: number;
  readonly schema: AvroSchema;
}

export interface SubjectVersion extends RegisteredSchema {
  readonly subject: string;
  /** From 1. */
  readonly version: number;
}

/** A named type of another subject, in a schema that refers to it by its name. */
export interface SchemaReference {
  /** The full name of the type. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A version as it was registered: without the types that it refers to. */
export interface UnresolvedVersion extends SubjectVersion {
  readonly references: readonly SchemaReference[];
}

export interface CompatibilityCheck {
  readonly compatible: boolean;
  /** Why not, one sentence each; empty when compatible. A registry may give none all the same. */
  readonly messages: readonly string[];
}

/** All methods reject with RegistryUnavailable where the registry cannot be asked, and with another RegistryError where it says no. */
export interface SchemaRegistry {
  /** Where it is, for messages: a URL without credentials, or a directory. */
  readonly location: string;
  /** Null only where the registry was asked and knows no Avro schema of that id (`errors`, never a pause: SEMANTICS rule 26). */
  byId(id: number): Promise<RegisteredSchema | null>;
  /**
   * Adds a version to the subject, made if it is new, and resolves to the schema's id. A schema that the subject has already (same canonical form,
   * `canonical.ts`; Apicurio ignores doc strings and aliases as well) keeps its id and adds nothing. Rejects with IncompatibleSchema under the subject's level.
   *
   * @param references types of other subjects that the schema names and does not define; all other methods know it with these written into it
   */
  register(subject: string, schema: AvroSchema, references?: readonly SchemaReference[]): Promise<number>;
  latest(subject: string): Promise<SubjectVersion | null>;
  /** Null where the subject or the version does not exist. */
  version(subject: string, version: number): Promise<SubjectVersion | null>;
  /** As `version`, without what it refers to. */
  unresolved(subject: string, version: number | 'latest'): Promise<UnresolvedVersion | null>;
  /** Ascending; empty where there is no such subject. */
  versions(subject: string): Promise<readonly number[]>;
  /** The id of this schema under this subject; null where it is not registered there. */
  lookup(subject: string, schema: AvroSchema): Promise<number | null>;
  /** The level in force: the subject's own, else the registry's. */
  compatibility(subject: string): Promise<CompatibilityLevel>;
  setCompatibility(subject: string, level: CompatibilityLevel): Promise<void>;
  /** The registry's level: of subjects without one of their own. */
  defaultCompatibility(): Promise<CompatibilityLevel>;
  setDefaultCompatibility(level: CompatibilityLevel): Promise<void>;
  /** Whether `register` would accept it. Changes nothing. */
  check(subject: string, schema: AvroSchema): Promise<CompatibilityCheck>;
  /**
   * Takes a version back: it is listed no more, its number is not given again, and data written with it can still be read. One that is not
   * there is as good as taken back. A server may refuse.
   */
  deleteVersion(subject: string, version: number): Promise<void>;
  /** In ascending order. */
  subjects(): Promise<readonly string[]>;
}

/**
 * Closed list: `unavailable` not reached or out of order; `unauthorized` wrong or missing credentials; `incompatible` a version that the
 * subject's level forbids; `invalid_schema` not Avro; `damaged` the embedded registry's file; `refused` any other no.
 */
export type RegistryErrorCode = 'unavailable' | 'unauthorized' | 'incompatible' | 'invalid_schema' | 'damaged' | 'refused';

export class RegistryError extends Error {
  override readonly name: string = 'RegistryError';
  /** What to do about it. */
  readonly help?: string | undefined;
  constructor(
    readonly code: RegistryErrorCode,
    message: string,
    { help, ...options }: { readonly cause?: unknown; readonly help?: string | undefined } = {},
  ) {
    super(message, options);
    this.help = help;
  }

  /** Whether the same call may succeed later. */
  get retriable(): boolean {
    return this.code === 'unavailable';
  }
}

/** Connection refused, timeout, 5xx, 429: nothing is known of what was asked. */
export class RegistryUnavailable extends RegistryError {
  override readonly name = 'RegistryUnavailable';
  constructor(message: string, options?: { readonly cause?: unknown; readonly help?: string | undefined }) {
    super('unavailable', message, options);
  }
}

/** The subject's level forbids the schema. */
export class IncompatibleSchema extends RegistryError {
  override readonly name = 'IncompatibleSchema';
  constructor(
    readonly subject: string,
    /** Why, one sentence each. */
    readonly messages: readonly string[],
    options?: { cause?: unknown },
  ) {
    super('incompatible', [`the schema does not fit the earlier versions of ${subject}`, ...messages].join('\n  '), options);
  }
}

export function isCompatibilityLevel(text: unknown): text is CompatibilityLevel {
  return (COMPATIBILITY_LEVELS as readonly unknown[]).includes(text);
}
