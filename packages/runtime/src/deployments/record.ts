/**
 * What the record of deployments holds, and how it is written: records of the compacted topic `rta.deployments` (one partition), each a
 * JSON value under the key of what it is about.
 *
 * ```
 * version:<pipeline>:<n>   {"v":1, …DeployedVersion}    written once, when it is deployed; a tombstone when it is forgotten
 * pipeline:<pipeline>      {"v":1, …DeployedPipeline}   written anew with every change
 * ```
 */
import { LogError } from '../log/log.js';

/** The version of the JSON's shape. */
const SHAPE = 1;

/** All that is needed to compile a version wherever a worker runs: it reads no file of the project but the modules. */
export interface DeployedSource {
  /** Of the pipeline, among `files`. */
  readonly path: string;
  /** Texts by path, relative to the project's directory: the pipeline, `rta.yaml` and what it includes, schemas. Without secrets. */
  readonly files: Readonly<Record<string, string>>;
  /** Values of the variables (`${NAME}`) that the files use, as they were when it was deployed. */
  readonly variables: Readonly<Record<string, string>>;
  /** SHA-256 (hex) of the modules that it uses, by path as above: a worker must have the same. */
  readonly modules: Readonly<Record<string, string>>;
  /** Schemas (JSON) of sources that are read with a newer one than their file has, by topic. */
  readonly readers?: Readonly<Record<string, string>>;
}

/** One version of a pipeline. Never changed once it is written. */
export interface DeployedVersion {
  readonly pipeline: string;
  /** 1, 2, …; each deploy takes the next one, also where it goes back to an earlier source. */
  readonly version: number;
  readonly source: DeployedSource;
  /** Consumer group, and prefix of the internal topics. Versions that have the same one share the state. */
  readonly applicationId: string;
  /**
   * Fingerprints of what decides over the state of each store and repartition topic, and over which rows are in each table that it writes, by
   * name (plan/identity.ts): a version with the same ones goes on with the state.
   */
  readonly layouts: Readonly<Record<string, string>>;
  /** Of how it runs: versions with the same one do the same. */
  readonly fingerprint: string;
  /** What is set for the topics that it declares, by name. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Topics that it reads and writes, its internal ones too. */
  readonly topics: readonly string[];
  readonly deployedAt: number;
  /** For people: who. */
  readonly deployedBy: string;
  /** For people: what differs from the version before. */
  readonly summary: string;
  /** The version whose source it has again; null: it is new. */
  readonly rollbackTo: number | null;
}

/**
 * How far the rebuild of a version has come:
 *
 * ```
 *  rebuilding ──▶ handover ──▶ switching ──▶ (it is the current one)
 * ```
 * - `rebuilding`: it replays beside the current version, never past it; nobody sees what it writes.
 * - `handover`: the current version reads no more of its sources, and ends when all that it has read is written.
 * - `switching`: nobody runs; the sinks get the rows that differ.
 */
export type RebuildPhase = 'rebuilding' | 'handover' | 'switching';

export interface Rebuild {
  readonly version: number;
  readonly phase: RebuildPhase;
  /** Whether it waits for `rta promote` when it has caught up. */
  readonly manual: boolean;
}

/** What is to run of a pipeline now. */
export interface DeployedPipeline {
  readonly pipeline: string;
  /** Raised by each change: who changes it says which one they have seen. */
  readonly revision: number;
  readonly state: 'running' | 'paused';
  /** The version that writes to the sinks; null: the first one is not there yet. */
  readonly current: number;
  /** The version that is to take its place and has other state; null: none. */
  readonly rebuild: Rebuild | null;
  /** Versions whose rebuild was given up: nothing of them was ever to be seen. Not there: none. */
  readonly givenUp?: readonly number[];
  readonly changedAt: number;
  readonly changedBy: string;
  /** Of the change that wrote it: unique. */
  readonly change: string;
}

/** What one append writes: all of it, or nothing. */
export interface DeploymentEntries {
  readonly versions: readonly DeployedVersion[];
  readonly pipelines: readonly DeployedPipeline[];
  /** Versions that nobody will want to go back to. */
  readonly forgotten: readonly { readonly pipeline: string; readonly version: number }[];
}

/** One record of the topic; null: a tombstone. */
export interface EncodedEntry {
  readonly key: string;
  readonly value: string | null;
}

export function encodeEntries({ versions, pipelines, forgotten }: DeploymentEntries): EncodedEntry[] {
  return [
    ...versions.map((each) => ({ key: versionKey(each), value: JSON.stringify({ v: SHAPE, ...each }) })),
    ...forgotten.map((each) => ({ key: versionKey(each), value: null })),
    ...pipelines.map((each) => ({ key: `pipeline:${each.pipeline}`, value: JSON.stringify({ v: SHAPE, ...each }) })),
  ];
}

function versionKey({ pipeline, version }: { readonly pipeline: string; readonly version: number }): string {
  return `version:${pipeline}:${String(version)}`;
}

/** A pipeline with all of its versions that are kept. */
export interface PipelineDeployments extends DeployedPipeline {
  /** Ascending. */
  readonly versions: readonly DeployedVersion[];
}

/** The record as it was read at some time. */
export interface DeploymentsSnapshot {
  /** By name. */
  readonly pipelines: ReadonlyMap<string, PipelineDeployments>;
}

/** Puts together what was read so far. */
export class DeploymentsTable {
  private readonly heads = new Map<string, DeployedPipeline>();
  private readonly versions = new Map<string, Map<number, DeployedVersion>>();

  /** @throws LogError `unsupported` for what a newer rta has written, `corrupt` for what is no record of deployments */
  apply({ key, value }: EncodedEntry): void {
    const [kind, pipeline, version] = key.split(':');
    if (kind === 'pipeline' && value !== null) this.heads.set(pipeline, decode<DeployedPipeline>(key, value));
    else if (kind === 'version') {
      const all = this.versions.get(pipeline) ?? new Map<number, DeployedVersion>();
      this.versions.set(pipeline, all);
      if (value === null) all.delete(Number(version));
      else all.set(Number(version), decode<DeployedVersion>(key, value));
    }
  }

  snapshot(): DeploymentsSnapshot {
    const names = [...this.heads.keys()].sort();
    return {
      pipelines: new Map(
        names.map((name) => {
          const versions = [...(this.versions.get(name)?.values() ?? [])].sort((a, b) => a.version - b.version);
          return [name, { ...this.heads.get(name)!, versions }];
        }),
      ),
    };
  }
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the key says what the value is
function decode<T>(key: string, value: string): T {
  let parsed: { v?: unknown };
  try {
    parsed = JSON.parse(value) as { v?: unknown };
  } catch (cause) {
    throw new LogError('corrupt', `the record of deployments has no JSON under ${key}`, false, { cause });
  }
  if (parsed.v !== SHAPE)
    throw new LogError('unsupported', `the record of deployments has ${key} in a shape that a newer rta has written: use that`, false);
  const { v: _shape, ...rest } = parsed;
  return rest as T;
}
