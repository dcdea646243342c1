import type { Diagnostic, SourceText } from '../diagnostics/diagnostic.js';
import type { AggregateSpec } from '../expression/aggregate-spec.js';
import type { AvroSchema } from '../plan/plan.js';
import type { ProjectFile } from '../project/project.js';
import type { Environment } from '../yaml/env.js';
import type { SettingsReader } from '../yaml/read.js';
import type { StructureCheck } from '../yaml/schema.js';
import type { OperatorSpec } from './operator-spec.js';

/** A schema as the caller found it. */
export interface LoadedSchema {
  readonly schema: AvroSchema;
  /** Its file, where there is one. */
  readonly source?: SourceText;
}

/** What `compile` takes. The compiler touches no disk: the caller reads files. */
export interface CompileInput {
  readonly file: SourceText;
  /** The parsed `rta.yaml`, or null where there is none. */
  readonly project: ProjectFile | null;
  /** `user_score` gives `schemas/user_score.avsc`. */
  readonly loadSchema: (name: string) => LoadedSchema | null;
  /** What a source of this topic is read with in place of its `schema`; null or left out: as it says. */
  readonly readerOf?: (topic: string) => AvroSchema | null;
  /** All names that `loadSchema` knows, for "did you mean". */
  readonly schemaNames: () => readonly string[];
  /** A file of rows that a test names, by its path relative to the pipeline file; null: it is not there. Without this there are none. */
  readonly loadRows?: (path: string) => SourceText | null;
  readonly operators: readonly OperatorSpec[];
  readonly aggregates: readonly AggregateSpec[];
  readonly env: Environment;
  /** The file of a module that the pipeline names relative to itself; left out: as written. */
  readonly resolveModule?: (path: string) => string;
}

/** One run of the checker: its input and what it has to say. */
export interface Session extends CompileInput {
  readonly read: SettingsReader;
  /** The structure check of an operator's config. */
  configCheck(spec: OperatorSpec): StructureCheck;
  /** The structure check of a modifier's value. */
  modifierCheck(name: string): StructureCheck | null;
  readonly report: (diagnostic: Diagnostic) => void;
  /** Whether an error was reported, of any kind. */
  hasErrors(): boolean;
}
