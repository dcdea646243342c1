/** What the tasks of a pipeline work with. */
import type { Log } from '../log/log.js';
import type { StateStores } from '../state/store.js';
import type { Clock } from './clock.js';
import type { SizeLimits } from './size-limits.js';
import type { RecordPolicies } from './topology.js';
import type { SchemaSource } from './writer-schema.js';

/** Registry ids under which a sink's keys and values are framed. */
export interface SinkSchemaIds {
  readonly key: number | null;
  readonly value: number | null;
}

/** What all tasks of a pipeline share. */
export interface TaskContext {
  readonly pipeline: string;
  readonly applicationId: string;
  /** Which version of the pipeline it is under its application id, see deployments/take-over.ts; 0: it was not deployed. */
  readonly epoch?: number;
  readonly log: Log;
  readonly stores: StateStores;
  readonly schemas: SchemaSource;
  /** By sink id. */
  readonly sinkSchemaIds: Readonly<Record<string, SinkSchemaIds>>;
  readonly policies: RecordPolicies;
  readonly clock: Clock;
  readonly partitionsOf: (topic: string) => number;
  /** Partitions of each stage. */
  readonly stagePartitions: readonly number[];
  /** Bytes of typed state that one task may keep in memory. */
  readonly memoryLimit: number;
  readonly limits: SizeLimits;
  readonly stateFlush?: { readonly flushMs?: number; readonly flushBytes?: number };
  /** A confirmed commit could not be written to a task's store. */
  readonly onStoreFailed: (error: unknown) => void;
  /** Told now and then while something takes long. */
  readonly onProgress: () => void;
  /** Told what people should know but what stops nothing. */
  readonly onWarning: (message: string) => void;
  /** Whether the worker was asked to end: what waits for others gives up. */
  readonly stopping: () => boolean;
}
